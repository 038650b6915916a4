// needs: reduction.cu
// A convolution of maps that are maxima and sums of each pixel's channels: a block reduces the pixels that its results need, a halo included, and convolves what
// it has in shared memory. Stride 1, so few taps that a thread computes a result alone. Weights are [O][ky][kx][I], float32.

template <int MAPS, int OUTPUTS, int KH, int KW, int PADDING, int DILATION> struct PooledTile
{
    static constexpr int maps = MAPS, outputs = OUTPUTS, taps_y = KH, taps_x = KW, padding = PADDING, dilation = DILATION, height = 8, width = 8;
    static constexpr int in_height = height + (KH - 1) * DILATION, in_width = width + (KW - 1) * DILATION, pixels = in_height * in_width, weights = OUTPUTS * KH * KW * MAPS;
    static constexpr int shared_bytes = 4 * (pixels * MAPS + weights);
};

// Pixels of a tile's maps, LANES threads each, 256 / LANES at a time. What a thread has of all of them is in registers before any is put together, so that all loads are on their
// way at once; outside of the picture the nearest pixel is read, and counts for nothing.
template <class Tile, int V, int CHANNELS, class Pools>
__device__ __forceinline__ void pool_pixels(Pools& pools, float* maps, int image, int y0, int x0, int height, int width)
{
    constexpr int groups = CHANNELS / V, lanes = lanes_for(groups), rounds = (groups + lanes - 1) / lanes;
    constexpr int slots = 256 / lanes, turns = (Tile::pixels + slots - 1) / slots;
    const int lane = threadIdx.x % lanes, slot = threadIdx.x / lanes;
    float of_pixel[turns][Tile::maps];
    #pragma unroll
    for (int turn = 0; turn < turns; turn++)
    {
        const int pixel = turn * slots + slot, y = min(max(y0 + pixel / Tile::in_width, 0), height - 1), x = min(max(x0 + pixel % Tile::in_width, 0), width - 1);
        #pragma unroll
        for (int r = 0; r < Tile::maps; r++) of_pixel[turn][r] = neutral_of(Pools::maximum(r));
        #pragma unroll
        for (int round = 0; round < rounds; round++)
        {
            const int group = round * lanes + lane;
            float value[V] = {}, reduced[Tile::maps][V];
            pools.reduce(value, (image * height + y) * width + x, image, y, x, min(group, groups - 1) * V, reduced);
            #pragma unroll
            for (int r = 0; r < Tile::maps; r++)
            {
                #pragma unroll
                for (int i = 0; i < V; i++) of_pixel[turn][r] = combine(Pools::maximum(r), of_pixel[turn][r], group < groups ? reduced[r][i] : neutral_of(Pools::maximum(r)));
            }
        }
    }
    #pragma unroll
    for (int turn = 0; turn < turns; turn++)
    {
        const int pixel = turn * slots + slot, down = pixel / Tile::in_width, right = pixel % Tile::in_width, y = y0 + down, x = x0 + right;
        const bool inside = (unsigned)y < (unsigned)height && (unsigned)x < (unsigned)width;
        const bool own = inside && (unsigned)(down - Tile::padding) < (unsigned)Tile::height && (unsigned)(right - Tile::padding) < (unsigned)Tile::width;
        #pragma unroll
        for (int r = 0; r < Tile::maps; r++)
        {
            float total = of_pixel[turn][r];
            #pragma unroll
            for (int step = lanes / 2; step > 0; step /= 2) total = combine(Pools::maximum(r), total, __shfl_xor_sync(0xffffffffu, total, step));
            if (lane == 0 && pixel < Tile::pixels)
            {
                maps[pixel * Tile::maps + r] = inside ? total : 0.0f;
                if (own) pools.store_pixel(r, (image * height + y) * width + x, total);
            }
        }
    }
}

// Blocks: tiles of all pictures. Shared memory: Tile::shared_bytes.
template <class Tile, int V, int CHANNELS, class Pools, class Body>
__device__ __forceinline__ void pooled_convolution(Pools& pools, const float* weight, Body& body, int height, int width, int block, unsigned char* memory)
{
    const unsigned down = (height + Tile::height - 1) / Tile::height, across = (width + Tile::width - 1) / Tile::width, strip = block / across, image = block / (down * across);
    const int y0 = (strip - image * down) * Tile::height, x0 = (block - strip * across) * Tile::width;
    float* maps = reinterpret_cast<float*>(memory);
    float* weights = maps + Tile::pixels * Tile::maps;
    #pragma unroll 1
    for (int i = threadIdx.x; i < Tile::weights; i += 256) cp_async_4(weights + i, weight + i);
    cp_async_commit();
    pool_pixels<Tile, V, CHANNELS>(pools, maps, image, y0 - Tile::padding, x0 - Tile::padding, height, width);
    cp_async_wait<0>();
    __syncthreads();
    #pragma unroll 1
    for (int item = threadIdx.x; item < Tile::height * Tile::width * Tile::outputs; item += 256)
    {
        const int output = item % Tile::outputs, pixel = item / Tile::outputs, row = pixel / Tile::width, column = pixel % Tile::width, y = y0 + row, x = x0 + column;
        if (y >= height || x >= width) continue;
        const float* from = maps + (row * Tile::in_width + column) * Tile::maps;
        const float* by = weights + output * Tile::taps_y * Tile::taps_x * Tile::maps;
        float value[1] = { 0.0f };
        #pragma unroll
        for (int tap = 0; tap < Tile::taps_y * Tile::taps_x; tap++)
        {
            #pragma unroll
            for (int map = 0; map < Tile::maps; map++)
                value[0] += from[(tap / Tile::taps_x * Tile::in_width + tap % Tile::taps_x) * Tile::dilation * Tile::maps + map] * by[tap * Tile::maps + map];
        }
        body.apply(value, (image * height + y) * width + x, image, y, x, output);
    }
}
