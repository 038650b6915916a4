// needs: gemm_tile.cu sources.cu
// Convolutions whose input lies in shared memory already: a tile of pixels with a halo, all channels, brought once and read by every tap.
// Kernels that chain convolutions keep what is between them in such tiles.

// Width × Height pixels of Channels elements T, in one of two orders.
// Pixel by pixel, a pixel takes whole chunks: a power of two of them is swizzled, any other number is made odd, so that 8 neighbouring pixels at one
// chunk lie in 8 different groups of 4 banks either way.
// Planar, chunk by chunk, they lie one behind the other, and neither tap nor chunk has to be multiplied or swizzled: both are constants in the
// instruction that reads. Between planes lies what puts the chunks that are written together into different banks.
template <class T, int Channels_, int Height_, int Width_, bool Planar = false>
struct HaloTile
{
    typedef T Element;
    static constexpr int Channels = Channels_, Height = Height_, Width = Width_, pixels = Height * Width;
    static constexpr int chunks = ceil_div(Channels, Chunk<T>::channels);
    static constexpr bool is_planar = Planar, is_swizzled = (chunks & (chunks - 1)) == 0;
    static constexpr int pitch = is_swizzled ? chunks : chunks | 1;
    static constexpr int between = chunks == 2 ? 64 : 32;
    static constexpr int plane = chunks == 1 ? pixels * 16 : ceil_div(pixels * 16 - between, 128) * 128 + between;
    static constexpr int bytes = is_planar ? chunks * plane : pixels * pitch * 16;

    static __device__ __forceinline__ int offset(int pixel, int chunk)
    {
        if constexpr (is_planar) return chunk * plane + pixel * 16;
        else if constexpr (is_swizzled) return swizzled<chunks>(pixel, chunk);
        else return (pixel * pitch + chunk) * 16;
    }

    // Channels of one pixel out of registers, zeros where it is not `inside` the picture, nothing where it is not of the tile: V divides Chunk<T>::channels
    // or is a multiple of it, and so does the channel. What is stored is chosen in its packed form, so that the store alone depends on anything.
    template <int V> static __device__ __forceinline__ void store(
        unsigned char* tile, int pixel, int channel, const float (&value)[V], bool inside = true, bool there = true)
    {
        constexpr int count = Chunk<T>::channels, part = smaller_of(V, count), words = part * (int)sizeof(T) / 4;
        #pragma unroll
        for (int v = 0; v < V; v += part)
        {
            unsigned word[words];
            #pragma unroll
            for (int e = 0; e < words; e++)
            {
                if constexpr (sizeof(T) == 2) word[e] = pack_bf16x2(value[v + 2 * e], value[v + 2 * e + 1]);
                else word[e] = __float_as_uint(value[v + e]);
                word[e] = inside ? word[e] : 0u;
            }
            unsigned* to = reinterpret_cast<unsigned*>(tile + offset(pixel, (channel + v) / count) + (channel + v) % count * (int)sizeof(T));
            if constexpr (words == 4)
            {
                if (there) *reinterpret_cast<uint4*>(to) = make_uint4(word[0], word[1], word[2], word[3]);
            }
            else
            {
                static_assert(words == 2, "4 channels or whole chunks");
                if (there) *reinterpret_cast<uint2*>(to) = make_uint2(word[0], word[1]);
            }
        }
    }

    template <int V> static __device__ __forceinline__ void load(const unsigned char* tile, int pixel, int channel, float (&value)[V])
    {
        constexpr int count = Chunk<T>::channels, part = smaller_of(V, count);
        #pragma unroll
        for (int v = 0; v < V; v += part)
        {
            float some[part];
            load_channels<T, part, part>(reinterpret_cast<const T*>(tile + offset(pixel, (channel + v) / count)) + (channel + v) % count, some);
            #pragma unroll
            for (int e = 0; e < part; e++) value[v + e] = some[e];
        }
    }
};

// Puts what a convolution gives into the next one's input tile, through a body that may store it where its last argument says that the pixel is this
// block's: apply<V>(value, pixel, image, y, x, channel, own). Outside of the picture the next convolution finds zeros, as its padding says.
template <class To, class Body>
struct StoreTile
{
    Body& body;
    unsigned char* tile;
    int height, width, y0, x0, rows, columns;
    // Rows behind the last pixel lie below the block's.
    __device__ __forceinline__ bool is_own(const Place& place) const
    {
        return is_inside(*this, place.y, place.x) && (unsigned)(place.y - y0) < (unsigned)rows && (unsigned)(place.x - x0) < (unsigned)columns;
    }
    // Straight on, with the nearest pixel in place of what lies outside, so that pixels share what the body reads of their channels.
    __device__ __forceinline__ Place nearest(const Place& place) const
    {
        const int y = min(max(place.y, 0), height - 1), x = min(max(place.x, 0), width - 1);
        return { (place.image * height + y) * width + x, place.image, y, x };
    }
    template <int V> __device__ __forceinline__ void put(const float (&value)[V], const Place& place, int channel)
    {
        To::template store<V>(tile, place.pixel, channel, value, is_inside(*this, place.y, place.x), place.pixel >= 0);
    }
    template <int V> __device__ __forceinline__ void apply(float (&value)[V], const Place& place, int channel)
    {
        const Place at = nearest(place);
        body.template apply<V>(value, at.pixel, at.image, at.y, at.x, channel, is_own(place));
        put(value, place, channel);
    }
    // The same with what the body has asked for before.
    template <int V, class Operands> __device__ __forceinline__ void fetch(Operands& operands, const Place& place, int channel) const
    {
        const Place at = nearest(place);
        body.template fetch<V>(operands, at.pixel, at.image, at.y, at.x, channel);
    }
    template <int V, class Operands> __device__ __forceinline__ void apply(float (&value)[V], const Operands& operands, const Place& place, int channel)
    {
        const Place at = nearest(place);
        body.template apply<V>(value, operands, at.pixel, at.image, at.y, at.x, channel, is_own(place));
        put(value, place, channel);
    }
};

// The first channel that finish_tile gives to a lane, and how many.
template <int NT> __host__ __device__ constexpr int channels_at_once() { return NT % 4 == 0 ? 8 : 4; }
template <int Channels, int NT> __device__ __forceinline__ int channel_of_lane(int column, int lane)
{
    const int t = lane & 3;
    if constexpr (NT % 4 == 0) return column + t * 8;
    else return min(is_paired<Channels>(column / 16) ? column / 32 * 32 + t * 8 + column / 16 % 2 * 4 : column + t * 4, Channels - 4);
}

// What finish_tile calls for it: all lanes have channels, but at the end of an odd number of groups.
template <int V, int Channels, class To, class Body>
__device__ __forceinline__ void apply_channels(StoreTile<To, Body>& store, float (&value)[V], const Place& place, int channel)
{
    static_assert(Channels % V == 0 || Channels <= 16, "channels come in whole groups: of 4 up to 16 channels, else of 8");
    if (Channels % (4 * V) == 0 || channel < Channels) store.template apply<V>(value, place, channel);
}

// Brings a tile whose first pixel is (y, x) of an image, zeros outside of it, of the few channels of a picture: a chunk a pixel, filled up with zeros. All loads are on
// their way at once. The tile is its convolution's Input.
template <class Tile, class Source>
__device__ __forceinline__ void bring_picture(unsigned char* tile, const Source& source, int image, int y, int x)
{
    typedef typename Tile::Input Input;
    constexpr int turns = ceil_div(Input::pixels, Tile::threads);
    float value[turns][Chunk<typename Tile::Element>::channels] = {};
    #pragma unroll
    for (int turn = 0; turn < turns; turn++)
    {
        const int pixel = turn * Tile::threads + threadIdx.x, iy = y + pixel / Input::Width, ix = x + pixel % Input::Width;
        const bool inside = pixel < Input::pixels && is_inside(source, iy, ix);
        #pragma unroll
        for (int e = 0; e < Tile::Read; e++)
        {
            float one[1] = { 0.0f };
            if (inside) source.template load<1>(one, image, iy, ix, e);
            value[turn][e] = one[0];
        }
    }
    #pragma unroll
    for (int brought = 0; brought < turns; brought++)
    {
        const int pixel = brought * Tile::threads + threadIdx.x;
        if (pixel < Input::pixels) store_chunk(tile + Input::offset(pixel, 0), value[brought]);
    }
}

// Brings the first `rows` rows of a tile whose first pixel is (y, x) of an image, zeros outside of it. The caller commits and waits. A thread has one chunk of every so
// many rows, so that what it counts is a row alone. Copies are all on their way at once: those of rows behind `rows`, which nobody needs, are zeros. What is computed comes
// two at a time, of the nearest pixel where a pixel lies outside, so that nothing is read behind a branch.
template <class Tile, int Threads, class Source>
__device__ __forceinline__ void bring_rows(unsigned char* tile, const Source& source, int image, int y, int x, int rows)
{
    typedef typename Tile::Element T;
    constexpr int count = Chunk<T>::channels, units = Tile::Width * Tile::chunks, step = Threads / units, together = 2, pitch = step * Tile::Width * 16;
    static_assert(Tile::Channels % count == 0 && units <= Threads, "whole chunks, and a thread for each of a row");
    const int down = threadIdx.x / units, unit = threadIdx.x % units, channel = unit % Tile::chunks * count, ix = x + unit / Tile::chunks;
    const bool within = (unsigned)ix < (unsigned)source.width;
    if (down >= step) return;
    unsigned char* to = tile + Tile::offset(down * Tile::Width + unit / Tile::chunks, unit % Tile::chunks);
    if constexpr (Source::direct)
    {
        // From the first row of the picture to the last one that is needed.
        const int above = max(-y, 0) - down, inside_rows = min(source.height - y, rows) - max(-y, 0), stride = step * source.width * Source::pitch;
        const T* from = source.at(image, y + down, ix, channel);
        #pragma unroll
        for (int turn = 0; turn < ceil_div(Tile::Height, step); turn++)
        {
            const bool inside = within && (unsigned)(turn * step - above) < (unsigned)inside_rows;
            // Of no bytes nothing is read, wherever that may be.
            if ((turn + 1) * step <= Tile::Height || down + turn * step < Tile::Height) cp_async_16_zfill(to + turn * pitch, from, inside ? 16u : 0u);
            from += stride;
        }
    }
    else
    {
        const int nearest_x = min(max(ix, 0), source.width - 1);
        #pragma unroll 1
        for (int row = down; row < rows; row += together * step)
        {
            float value[together][count];
            #pragma unroll
            for (int i = 0; i < together; i++)
            {
                float one[count];
                source.template load<count>(one, image, min(max(y + row + i * step, 0), source.height - 1), nearest_x, channel);
                const bool inside = within && (unsigned)(y + row + i * step) < (unsigned)source.height;
                #pragma unroll
                for (int e = 0; e < count; e++) value[i][e] = inside ? one[e] : 0.0f;
            }
            #pragma unroll
            for (int stored = 0; stored < together; stored++)
                if (row + stored * step < rows) store_chunk(to + stored * pitch, value[stored]);
            to += together * pitch;
        }
    }
}

// Packed weights, all of them. The caller commits and waits.
template <int Bytes, int Threads>
__device__ __forceinline__ void bring_packed(unsigned char* shared, const void* packed)
{
    const unsigned char* from = static_cast<const unsigned char*>(packed);
    #pragma unroll
    for (int turn = 0; turn < ceil_div(Bytes / 16, Threads); turn++)
    {
        const int unit = turn * Threads + threadIdx.x;
        if (unit < Bytes / 16) cp_async_16(shared + unit * 16, from + unit * 16);
    }
}

// n / d of blocks: by a reciprocal, which takes half as long as integers, and is exact as far as blocks may count, for n + ½ is further from each multiple
// of d than the roundings reach.
__device__ __forceinline__ int quotient(int n, int d) { return (int)__fdividef((float)n + 0.5f, (float)d); }

// Rows of A: output pixels in the order row, column of a picture OutWidth wide, each the sum over a Kernel × Kernel neighbourhood of the
// tile. Rows behind the last one repeat it. An adjoint reads the taps from the last to the first.
template <class Tile, int Kernel, int OutHeight, int OutWidth, bool Adjoint = false>
struct HaloRows
{
    static constexpr int tap_chunks = Tile::chunks, taps = Kernel * Kernel, steps = ceil_div(taps * tap_chunks, 2);
    static_assert(Tile::Width >= OutWidth + Kernel - 1 && Tile::Height >= OutHeight + Kernel - 1, "the halo is part of the tile");
    static_assert(Tile::is_planar, "chunks and taps are constants apart");
    const unsigned char* tile;
    int first, last = OutHeight * OutWidth - 1;
    // Bytes from a pixel to what k stands for.
    static __device__ __forceinline__ int place_of(int k)
    {
        const int counted = min(k / tap_chunks, taps - 1), tap = Adjoint ? taps - 1 - counted : counted;
        return Tile::offset(tap / Kernel * Tile::Width + tap % Kernel, k % tap_chunks);
    }
    __device__ __forceinline__ const unsigned char* at(int row, int chunk, int half) const
    {
        const int index = min(first + row, last), pixel = index + index / OutWidth * (Tile::Width - OutWidth);
        // A step may lie across two taps. Behind the last one the weights are zero, whatever is read.
        const int near = place_of(chunk), far = place_of(chunk + 1);
        return tile + pixel * 16 + near + half * (far - near);
    }
};

// Packed weights of NT · 8 columns, for all Steps of k, in a warp's registers as bf16: Ahead of them are on their way before the first is multiplied, and each that
// was multiplied makes room for another. Blocks of 16 channels are written in all.
template <int Steps, int NT, int Blocks, int Ahead = Steps>
struct WeightStream
{
    static constexpr int kept = smaller_of(Steps, Ahead);
    unsigned fragments[kept * NT][2];
    const unsigned char* from;
    __device__ __forceinline__ void begin(const void* weights, int column, int lane)
    {
        from = static_cast<const unsigned char*>(weights) + column * 32;
        #pragma unroll
        for (int step = 0; step < kept; step++) load_columns<NT>(fragments, step * NT, from + step * Blocks * 512, lane);
    }
    template <int MT, class Rows> __device__ __forceinline__ void multiply(float (&acc)[MT][NT][4], const Rows& rows, int lane)
    {
#if __CUDA_ARCH__ >= 800
        #pragma unroll
        for (int step = 0; step < Steps; step++)
        {
            const int slot = step % kept * NT;
            #pragma unroll
            for (int i = 0; i < MT; i++)
            {
                unsigned fa[4];
                ldmatrix_x4(fa[0], fa[1], fa[2], fa[3], rows.at(i * 16 + (lane & 15), step * 2, lane >> 4));
                #pragma unroll
                for (int j = 0; j < NT; j++) mma_m16n8k16_bf16(acc[i][j], fa[0], fa[1], fa[2], fa[3], fragments[slot + j][0], fragments[slot + j][1]);
            }
            if (step + kept < Steps) load_columns<NT>(fragments, slot, from + (step + kept) * Blocks * 512, lane);
        }
#endif
    }
};

// One warp's share of a convolution out of a tile: rows from `first` on, columns from the block `column` / 16 of `blocks` on. b are packed
// weights, in shared or global memory. With several steps a tap, taps are a loop: in bf16 their rows, so that
// a row's weights are on their way together. Off the tensor cores a step has many reads of weights,
// and those of several at a time would take most of the registers.
template <class Tile, int Kernel, int OutHeight, int OutWidth, bool Adjoint = false, int MT, int NT>
__device__ __forceinline__ void convolve_halo(
    float (&acc)[MT][NT][4], const unsigned char* tile, int first, const unsigned char* b, int column, int blocks, int lane)
{
    typedef typename Tile::Element T;
    constexpr bool is_ffma = sizeof(T) == 4 && FOCALNET_FFMA;
    b += column * 32;
    if constexpr (Tile::chunks > 2 && Tile::chunks % 2 == 0)
    {
        #pragma unroll 1
        for (int ky = 0; ky < Kernel; ky++)
            #pragma unroll (sizeof(T) == 2 ? Kernel : 1)
            for (int kx = 0; kx < Kernel; kx++)
            {
                const unsigned char* tap = tile + (Adjoint ? (Kernel - 1 - ky) * Tile::Width + Kernel - 1 - kx : ky * Tile::Width + kx) * 16;
                #pragma unroll (is_ffma ? 1 : 2)
                for (int chunk = 0; chunk < Tile::chunks; chunk += 2)
                {
                    // The tap is in the address.
                    const HaloRows<Tile, Kernel, OutHeight, OutWidth> rows = { tap + chunk * Tile::plane, first };
                    multiply_step<T>(acc, rows, 0, b, lane);
                    b += blocks * 512;
                }
            }
    }
    else
    {
        typedef HaloRows<Tile, Kernel, OutHeight, OutWidth, Adjoint> Rows;
        const Rows rows = { tile, first };
        #pragma unroll (is_ffma ? 1 : Rows::steps)
        for (int step = 0; step < Rows::steps; step++) multiply_step<T>(acc, rows, step * 2, b + step * blocks * 512, lane);
    }
}

// Bytes of packed weights of a Kernel × Kernel convolution (pack_convolution.cu).
template <class T, int Read, int Written, int Kernel> struct PackedWeights
{
    static constexpr int blocks = ceil_div(Written, 16), steps = ceil_div(Kernel * Kernel * ceil_div(Read, Chunk<T>::channels), 2);
    static constexpr int bytes = steps * blocks * 512;
};

// Rows of a tile as places: pixel counts within the tile. `last` and what is behind it stand for nothing.
template <int Width>
struct TilePlaces
{
    int first, last, image, y, x;
    __device__ __forceinline__ Place at(int row) const
    {
        const int index = first + row;
        return { index < last ? index : -1, image, y + index / Width, x + index % Width };
    }
};

// Tiles reach over the picture's end; the body does not.
template <class Body>
struct InsidePicture
{
    Body& body;
    int height, width;
    template <int V> __device__ __forceinline__ void apply(float (&value)[V], int, int image, int y, int x, int channel)
    {
        if (y < height && x < width) body.template apply<V>(value, (image * height + y) * width + x, image, y, x, channel);
    }
};
