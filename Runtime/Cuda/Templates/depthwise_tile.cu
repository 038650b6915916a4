// needs: depthwise.cu
// Depthwise convolutions of stride 1, and their adjoints, out of shared memory. Weights are [channel][ky][kx], float32.
// Rows and columns that leave the same remainder by the dilation are a picture of their own, in which taps are neighbours. A tile is of one such residue,
// so that its halo is as narrow as without dilation, and of as many channels as a sector of 32 bytes has.

// ROWS: outputs below each other that a thread computes, so that what it has loaded serves all taps of a column. COLUMNS: of a tile.
template <class T, int CHANNELS, int KH, int KW, int PADDING, int DILATION, int PITCH, int ROWS, int COLUMNS> struct DepthwiseTile
{
    typedef T Element;
    static constexpr int channels = CHANNELS, taps_y = KH, taps_x = KW, taps = KH * KW, padding = PADDING, dilation = DILATION, pitch = PITCH, rows = ROWS;
    static constexpr int group = sizeof(T) == 2 && CHANNELS % 16 == 0 ? 16 : 8, groups = CHANNELS / group;
    static constexpr int lanes = group / 2, slots = 256 / lanes, width = COLUMNS, runs = slots / COLUMNS, height = ROWS * runs;
    static constexpr int in_height = height + KH - 1, in_width = width + KW - 1, run = ROWS + KH - 1;
    static constexpr int in_bytes = in_height * in_width * group * (int)sizeof(T), out_bytes = height * width * group * 4;
    // Results take the place of what was read; weights lie behind.
    static constexpr int tile_bytes = larger_of(in_bytes, out_bytes), shared_bytes = tile_bytes + taps * group * 4;
};

// The first output of a tile.
struct DepthwisePlace { int image, y, x; };

// Tiles of a picture of outputs, all residues.
template <class Tile> __device__ __forceinline__ int depthwise_tiles(int height, int width)
{
    constexpr int tall = Tile::dilation * Tile::height, wide = Tile::dilation * Tile::width;
    return Tile::dilation * Tile::dilation * ((height + tall - 1) / tall) * ((width + wide - 1) / wide);
}

template <class Tile> __device__ __forceinline__ DepthwisePlace depthwise_place(unsigned tile, int height, int width)
{
    constexpr int tall = Tile::dilation * Tile::height, wide = Tile::dilation * Tile::width;
    const unsigned down = (height + tall - 1) / tall, across = (width + wide - 1) / wide, strip = tile / across, column = tile - strip * across, part = tile / (down * across);
    const int residues = Tile::dilation * Tile::dilation, image = part / residues, residue = part % residues, row = strip - part * down;
    return { image, row * tall + residue / Tile::dilation, (int)column * wide + residue % Tile::dilation };
}

// Brings HEIGHT × WIDTH pixels of a group of channels, zeros outside of the picture, from (y, x) on. The caller commits and waits.
template <int HEIGHT, int WIDTH, int GROUP, int DILATION, int PITCH, class T>
__device__ __forceinline__ void bring_residue(unsigned char* shared, const T* from, int image, int y, int x, int channel, int height, int width)
{
    constexpr int count = 16 / (int)sizeof(T), chunks = GROUP / count, units = HEIGHT * WIDTH * chunks;
    // The last turn is of those that are left, if any.
    #pragma unroll
    for (int turn = 0; turn <= units / 256; turn++)
    {
        const unsigned unit = turn * 256 + threadIdx.x, pixel = unit / chunks;
        const int iy = y + (int)(pixel / WIDTH) * DILATION, ix = x + (int)(pixel % WIDTH) * DILATION;
        const bool inside = (unsigned)iy < (unsigned)height && (unsigned)ix < (unsigned)width;
        const T* at = from + ((image * height + iy) * width + ix) * PITCH + channel + unit % chunks * count;
        if (turn != units / 256 || unit < units) cp_async_16_zfill(shared + unit * 16, inside ? at : from, inside ? 16u : 0u);
    }
}

// The same of a map of one channel, in whole turns of 256 pixels, and nothing outside of the picture.
template <int HEIGHT, int WIDTH, int DILATION, int PITCH>
__device__ __forceinline__ void bring_residue_map(unsigned char* shared, const float* from, int image, int y, int x, int height, int width)
{
    #pragma unroll
    for (int start = 0; start < HEIGHT * WIDTH; start += 256)
    {
        const unsigned pixel = start + threadIdx.x;
        const int iy = y + (int)(pixel / WIDTH) * DILATION, ix = x + (int)(pixel % WIDTH) * DILATION;
        if (iy < height && ix < width) cp_async_4(shared + pixel * 4, from + ((image * height + iy) * width + ix) * PITCH);
    }
}

// A number of each channel of a group.
template <int GROUP> __device__ __forceinline__ void bring_row(unsigned char* shared, const float* from)
{
    if (threadIdx.x < GROUP) cp_async_4(shared + threadIdx.x * 4, from + threadIdx.x);
}

// Brings weights of a group of channels as [kx][ky][channel]; of the adjoint from the last tap to the first. The caller commits and waits.
template <class Tile, bool ADJOINT> __device__ __forceinline__ void bring_depthwise_weights(float* shared, const float* weight, int channel)
{
    constexpr int units = Tile::taps * Tile::group;
    #pragma unroll
    for (int turn = 0; turn <= units / 256; turn++)
    {
        const int unit = turn * 256 + threadIdx.x, of = unit / Tile::taps, tap = ADJOINT ? Tile::taps - 1 - unit % Tile::taps : unit % Tile::taps;
        if (turn != units / 256 || unit < units)
            cp_async_4(shared + (tap % Tile::taps_x * Tile::taps_y + tap / Tile::taps_x) * Tile::group + of, weight + channel * Tile::taps + unit);
    }
}

// Two channels of outputs below each other: a column of the tile is read once for the taps of that column.
template <class Tile>
__device__ __forceinline__ void convolve_column(float (&sums)[Tile::rows][2], const typename Tile::Element* tile, const float* weights)
{
    #pragma unroll
    for (int r = 0; r < Tile::rows; r++) sums[r][0] = sums[r][1] = 0.0f;
    #pragma unroll 1
    for (int kx = 0; kx < Tile::taps_x; kx++)
    {
        float in[Tile::run][2];
        #pragma unroll
        for (int i = 0; i < Tile::run; i++) load_channels<typename Tile::Element, 2, 2>(tile + i * Tile::in_width * Tile::group, in[i]);
        #pragma unroll
        for (int ky = 0; ky < Tile::taps_y; ky++)
        {
            float tap[2];
            load_channels<float, 2, 2>(weights + ky * Tile::group, tap);
            #pragma unroll
            for (int r = 0; r < Tile::rows; r++)
            {
                sums[r][0] += in[r + ky][0] * tap[0];
                sums[r][1] += in[r + ky][1] * tap[1];
            }
        }
        tile += Tile::group;
        weights += Tile::taps_y * Tile::group;
    }
}

// The convolution of a tile, which lies in shared memory as floats [row][column][channel] then, where the input was. What the body reads of the tile comes meanwhile,
// and lies behind the weights.
template <class Tile, class Body>
__device__ __forceinline__ void depthwise_results(
    Body& body, const typename Tile::Element* x, const DepthwisePlace& place, int channel, int in_height, int in_width, int width, unsigned char* memory)
{
    bring_residue<Tile::in_height, Tile::in_width, Tile::group, Tile::dilation, Tile::pitch>(
        memory, x, place.image, place.y - Tile::padding, place.x - Tile::padding, channel, in_height, in_width);
    cp_async_commit();
    body.template bring<Tile>(memory + Tile::shared_bytes, place, channel);
    cp_async_commit();
    cp_async_wait<1>();
    __syncthreads();
    const int lane = threadIdx.x % Tile::lanes, slot = threadIdx.x / Tile::lanes, column = slot % Tile::width, run = slot / Tile::width, row = run * Tile::rows;
    // Whole warps have nothing to do where a residue is narrow, or where tiles are.
    const bool inside = run < Tile::runs && place.x + column * Tile::dilation < width;
    float sums[Tile::rows][2];
    if (inside)
    {
        const typename Tile::Element* tile = reinterpret_cast<const typename Tile::Element*>(memory) + (row * Tile::in_width + column) * Tile::group + lane * 2;
        convolve_column<Tile>(sums, tile, reinterpret_cast<const float*>(memory + Tile::tile_bytes) + lane * 2);
    }
    __syncthreads();
    if (inside)
    {
        float* results = reinterpret_cast<float*>(memory) + (row * Tile::width + column) * Tile::group + lane * 2;
        #pragma unroll
        for (int r = 0; r < Tile::rows; r++) store_vector<2, 2>(results + r * Tile::width * Tile::group, sums[r]);
    }
    cp_async_wait<0>();
    __syncthreads();
}

// V channels of a tile's results for the body, and where they belong. The body finds what it has brought by the number of the unit.
template <class Tile, int V> struct DepthwiseUnits
{
    static constexpr int vectors = Tile::group / V, count = Tile::height * Tile::width * vectors;
    int image, y, x, channel;
    __device__ __forceinline__ DepthwiseUnits(const DepthwisePlace& place, int first, int unit)
    {
        const int pixel = unit / vectors;
        image = place.image;
        y = place.y + pixel / Tile::width * Tile::dilation;
        x = place.x + pixel % Tile::width * Tile::dilation;
        channel = first + unit % vectors * V;
    }
};

// Blocks: tiles of all pictures × groups of channels. Shared memory: Tile::shared_bytes, and what the body brings.
template <class Tile, int V, bool ADJOINT, class Body>
__device__ __forceinline__ void depthwise_map(
    Body& body, const typename Tile::Element* x, const float* weight, int in_height, int in_width, int height, int width, int block, unsigned char* memory)
{
    const int channel = block % Tile::groups * Tile::group;
    const DepthwisePlace place = depthwise_place<Tile>(block / Tile::groups, height, width);
    bring_depthwise_weights<Tile, ADJOINT>(reinterpret_cast<float*>(memory + Tile::tile_bytes), weight, channel);
    depthwise_results<Tile>(body, x, place, channel, in_height, in_width, width, memory);
    for (int unit = threadIdx.x; unit < DepthwiseUnits<Tile, V>::count; unit += 256)
    {
        const DepthwiseUnits<Tile, V> of(place, channel, unit);
        if (of.y < height && of.x < width)
        {
            float value[V];
            load_channels<float, V, V>(reinterpret_cast<const float*>(memory) + unit * V, value);
            body.apply(value, (of.image * height + of.y) * width + of.x, of.image, of.y, of.x, of.channel, unit);
        }
    }
}

// A chunk has every CHUNKS-th tile of a picture (BY_PICTURE; blocks: pictures × CHUNKS × groups of channels) or of the batch (blocks: CHUNKS × groups).
// All reductions are of channels. Shared memory: Tile::shared_bytes, and what the body brings.
template <class Tile, int V, bool ADJOINT, int CHUNKS, bool BY_PICTURE, class Body>
__device__ __forceinline__ void depthwise_reduce(
    Body& body, const typename Tile::Element* x, const float* weight, int images, int in_height, int in_width, int height, int width, int block, unsigned char* memory)
{
    const int channel = block % Tile::groups * Tile::group, part = block / Tile::groups, tiles = depthwise_tiles<Tile>(height, width);
    const int first = BY_PICTURE ? part / CHUNKS * tiles : 0, last = BY_PICTURE ? first + tiles : images * tiles;
    float sums[Body::REDUCTIONS][V];
    #pragma unroll
    for (int r = 0; r < Body::REDUCTIONS; r++)
    {
        #pragma unroll
        for (int i = 0; i < V; i++) sums[r][i] = neutral_of(Body::maximum(r));
    }
    bring_depthwise_weights<Tile, ADJOINT>(reinterpret_cast<float*>(memory + Tile::tile_bytes), weight, channel);
    for (int tile = first + part % CHUNKS; tile < last; tile += CHUNKS)
    {
        const DepthwisePlace place = depthwise_place<Tile>(tile, height, width);
        depthwise_results<Tile>(body, x, place, channel, in_height, in_width, width, memory);
        for (int unit = threadIdx.x; unit < DepthwiseUnits<Tile, V>::count; unit += 256)
        {
            const DepthwiseUnits<Tile, V> of(place, channel, unit);
            if (of.y < height && of.x < width)
            {
                float value[V], reduced[Body::REDUCTIONS][V];
                load_channels<float, V, V>(reinterpret_cast<const float*>(memory) + unit * V, value);
                body.reduce(value, (of.image * height + of.y) * width + of.x, of.image, of.y, of.x, of.channel, unit, reduced);
                #pragma unroll
                for (int r = 0; r < Body::REDUCTIONS; r++)
                {
                    #pragma unroll
                    for (int i = 0; i < V; i++) sums[r][i] = combine(Body::maximum(r), sums[r][i], reduced[r][i]);
                }
            }
        }
        __syncthreads();
    }
    #pragma unroll
    for (int r = 0; r < Body::REDUCTIONS; r++)
    {
        const float total = combine_block<V, Tile::group / V>(sums[r], Body::maximum(r), reinterpret_cast<float*>(memory));
        if (threadIdx.x < Tile::group) body.partial(r)[part * Tile::channels + channel + threadIdx.x] = total;
        __syncthreads();
    }
}
