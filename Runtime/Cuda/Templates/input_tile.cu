// needs: gemm_tile.cu sources.cu
// Tiles of what a convolution reads: a block brings the pixels of its tile with their halo once, all channels or a part of them, and every tap reads them. What cp.async
// can copy is on its way before anything else; what arithmetic is done on comes through registers, several loads at a time.

// Height × Width pixels of Channels elements T, in one of two orders. One below the other, where an odd number of chunks a pixel puts 8 neighbouring pixels at
// one chunk into 8 different groups of 4 banks. Or in planes, chunk by chunk: 8 neighbouring pixels at one chunk are 128 bytes in a row, one of the matrices
// that ldmatrix and wgmma take, and what lies between planes puts the 8 chunks of a pixel into different banks.
// Halved, a row has its even columns first: what a convolution of stride 2 reads under a tap lies side by side.
// Again, it is brought again and again in a loop: what a thread's number gives is computed each time, for kept it would fill the registers.
template <class T, int Channels_, int Height_, int Width_, bool Planes, bool Halved = false, bool Again = false>
struct InputTile
{
    typedef T Element;
    static constexpr int Channels = Channels_, Height = Height_, Width = Width_, pixels = Height * Width, apart = 1;
    static constexpr int chunks = Channels / Chunk<T>::channels, plane = ceil_div(pixels * 16 - 16, 128) * 128 + 16;
    static constexpr int chunk_bytes = Planes ? plane : 16, pixel_bytes = Planes ? 16 : (chunks | 1) * 16, row_bytes = Width * pixel_bytes;
    static constexpr int bytes = Planes ? chunks * plane : pixels * pixel_bytes;
    static_assert(Channels % (2 * Chunk<T>::channels) == 0, "a step lies within a pixel");

    static __device__ __forceinline__ int thread()
    {
        if constexpr (Again) return opaque((int)threadIdx.x) & 1023;
        else return threadIdx.x;
    }

    static __device__ __forceinline__ int offset(int pixel, int chunk) { return pixel * pixel_bytes + chunk * chunk_bytes; }

    // Place of a column within its row, and the column at a place.
    static constexpr int evens = Halved ? (Width + 1) / 2 : Width;
    __host__ __device__ static constexpr int place_of(int column) { return Halved ? column % 2 * evens + column / 2 : column; }
    static __device__ __forceinline__ int column_at(int place) { return Halved ? (place < evens ? place * 2 : (place - evens) * 2 + 1) : place; }
};

// Where a thread is that goes over a tile, `Across` pixels at a time.
template <class Tile, int Across>
struct TileCursor
{
    int pixel, row, place;
    __device__ __forceinline__ TileCursor(int first) : pixel(first), row(first / Tile::Width), place(first % Tile::Width) { }
    __device__ __forceinline__ int y() const { return row * Tile::apart; }
    __device__ __forceinline__ int x() const { return Tile::column_at(place) * Tile::apart; }
    __device__ __forceinline__ void advance()
    {
        pixel += Across;
        row += Across / Tile::Width;
        place += Across % Tile::Width;
        if (place >= Tile::Width) { place -= Tile::Width; row++; }
    }
};

// Chunks of each pixel of a tile whose first pixel is (y, x), zeros outside of the picture: from the tile's chunk First and the source's `channel` on.
// Copies: those that cp.async copies, of which the caller commits and waits; else those that come through registers. A thread keeps its chunk and goes from pixel to pixel.
template <class Tile, int Threads, bool Copies, int First, int Chunks, class Source>
__device__ __forceinline__ void bring_chunks(unsigned char* tile, const Source& source, int image, int y, int x, int channel)
{
    typedef typename Tile::Element T;
    constexpr int count = Chunk<T>::channels, across = Threads / Chunks, turns = ceil_div(Tile::pixels, across), at_once = ceil_div(turns, ceil_div(turns, LoadsAtOnce<Source>::most));
    const int thread = Tile::thread(), chunk = thread % Chunks;
    // A number of chunks that does not divide the threads leaves some without one.
    if (Threads % Chunks != 0 && thread >= across * Chunks) return;
    TileCursor<Tile, across> at(thread / Chunks);
    if constexpr (Copies && Source::direct)
    {
        // As a number: of a pointer the compiler would put all terms of an address together anew for each copy.
        const unsigned long long first = reinterpret_cast<unsigned long long>(source.at(image, 0, 0, channel + chunk * count));
        unsigned char* to = tile + Tile::offset(at.pixel, First + chunk);
        // Unrolled: a copy under way holds the registers of its address.
        #pragma unroll
        for (int turn = 0; turn < turns; turn++, at.advance())
        {
            const int iy = y + at.y(), ix = x + at.x();
            // Of no bytes the address may be any.
            if (turn != turns - 1 || at.pixel < Tile::pixels)
                cp_async_16_zfill(
                    to + turn * across * Tile::pixel_bytes, reinterpret_cast<const void*>(first + (long long)(iy * source.width + ix) * (Source::pitch * (int)sizeof(T))),
                    is_inside(source, iy, ix) ? 16u : 0u);
        }
    }
    else if constexpr (!Copies && !Source::direct)
    {
        #pragma unroll 1
        for (int turn = 0; turn < turns; turn += at_once)
        {
            uint4 brought[at_once];
            TileCursor<Tile, across> stored = at;
            #pragma unroll
            for (int i = 0; i < at_once; i++, at.advance())
            {
                const int iy = y + at.y(), ix = x + at.x();
                brought[i] = chunk_at_nearest<T, Chunks * count>(source, is_inside(source, iy, ix), image, iy, ix, channel + chunk * count);
            }
            #pragma unroll
            for (int i = 0; i < at_once; i++, stored.pixel += across)
                if (stored.pixel < Tile::pixels) *reinterpret_cast<uint4*>(tile + Tile::offset(stored.pixel, First + chunk)) = brought[i];
        }
    }
}

// All channels of pieces, one after the other: all threads bring chunks of one.
template <class Tile, int Threads, bool Copies, int From, int Chunks, class First, int Split, class Second>
__device__ __forceinline__ void bring_chunks(unsigned char* tile, const PiecedSource<First, Split, Second>& source, int image, int y, int x, int)
{
    constexpr int before = Split / Chunk<typename Tile::Element>::channels;
    bring_chunks<Tile, Threads, Copies, From, before>(tile, source.first, image, y, x, 0);
    bring_chunks<Tile, Threads, Copies, From + before, Chunks - before>(tile, source.second, image, y, x, 0);
}

// A tile's picture and its first pixel. Tiles of Height × Width pixels, columns running fastest; without signs to see to, a division is half as long.
struct TileOrigin { int image, y, x; };

template <int Height, int Width>
__device__ __forceinline__ TileOrigin tile_origin(unsigned tile, int height, int width)
{
    const unsigned across = (unsigned)(width + Width - 1) / Width, down = (unsigned)(height + Height - 1) / Height, row = tile / across, image = row / down;
    return { (int)image, (int)(row - image * down) * Height, (int)(tile - row * across) * Width };
}

// Weights as they are packed, SlabSteps steps after SlabSteps steps, through `Stages` buffers of shared memory. A step is Convolution::step_bytes of packed weights, of which
// a block takes Convolution::TileN * 32.
template <class Convolution>
struct StepSlabs
{
    static constexpr int slab_bytes = Convolution::SlabSteps * Convolution::TileN * 32, bytes = Convolution::Stages * slab_bytes, count = Convolution::steps / Convolution::SlabSteps;
    // On their way before the first one is multiplied: all, if there are buffers for them.
    static constexpr int ahead = count <= Convolution::Stages ? count : Convolution::Stages - 1;
    static constexpr int units = slab_bytes / 16, step_units = Convolution::TileN * 2;
    static_assert(Convolution::steps % Convolution::SlabSteps == 0, "whole slabs");

    static __device__ __forceinline__ void bring(unsigned char* stages, const unsigned char* packed, int slab)
    {
        if (slab < count)
        {
            #pragma unroll
            for (int i = 0; i < ceil_div(units, Convolution::threads); i++)
            {
                const int unit = i * Convolution::threads + threadIdx.x;
                // Of all channels written the steps lie one behind the other here as there.
                const int from = Convolution::step_bytes == step_units * 16 ? unit * 16 : unit / step_units * Convolution::step_bytes + unit % step_units * 16;
                if (units % Convolution::threads == 0 || unit < units)
                    cp_async_16(stages + slab % Convolution::Stages * slab_bytes + unit * 16, packed + slab * Convolution::SlabSteps * Convolution::step_bytes + from);
            }
        }
        cp_async_commit();
    }
};

// Rows of A: rows of 16 output pixels, `Row` bytes apart in the tile, under one tap. `first` is the warp's first one there, at the chunk of the step.
template <class Input, int Row>
struct TilePixels
{
    const unsigned char* first;
    __device__ __forceinline__ const unsigned char* at(int row, int chunk, int half) const
    {
        return first + row / 16 * Row + row % 16 * Input::pixel_bytes + (chunk + half) * Input::chunk_bytes;
    }
};

// One warp's sums over all taps of a tile that is on its way, as are the slabs that are brought ahead. `first` is the warp's first pixel under the convolution's
// tap 0, `column` its first column of those that the block computes.
template <class Convolution, int MT, int NT>
__device__ __forceinline__ void sum_taps(
    float (&acc)[MT][NT][4], const unsigned char* first, unsigned char* stages, const unsigned char* packed, int column, int lane)
{
    typedef StepSlabs<Convolution> Slabs;
    typedef typename Convolution::Input Input;
    #pragma unroll
    for (int slab = 0; slab < Slabs::count; slab++)
    {
        cp_async_wait<Slabs::ahead - 1>();
        // Shows everybody's copies, and that nobody reads any more what the next slab overwrites.
        __syncthreads();
        Slabs::bring(stages, packed, slab + Slabs::ahead);
        #pragma unroll
        for (int i = 0; i < Convolution::SlabSteps; i++)
        {
            const int step = slab * Convolution::SlabSteps + i, chunk = step % Convolution::tap_steps * 2;
            const TilePixels<Input, Convolution::row_bytes> rows = { first + Convolution::tap_bytes(step / Convolution::tap_steps) };
            multiply_step<typename Input::Element>(acc, rows, chunk, stages + slab % Convolution::Stages * Slabs::slab_bytes + i * Convolution::TileN * 32 + column * 32, lane);
        }
    }
}
