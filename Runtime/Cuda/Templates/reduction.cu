// needs: elementwise.cu
// Kernels that reduce. A Body with reductions has
//     REDUCTIONS                                how many
//     maximum(r), per_pixel(r), keeps_channels(r)   of each, known when the text is compiled
//     reduce(value, pixel, …, reduced)          what apply does, and the values that are reduced, [REDUCTIONS][V]
//     store_pixel(r, pixel, value), partial(r)  where results and partial results go
// Partial results are [pictures, chunks, channels], added by finish.cu in order: nothing depends on how blocks are scheduled.

__device__ __forceinline__ float neutral_of(bool maximum) { return maximum ? __int_as_float((int)0xff800000) : 0.0f; }
__device__ __forceinline__ float combine(bool maximum, float a, float b) { return maximum ? fmaxf(a, b) : a + b; }

__host__ __device__ constexpr int power_of_two_from(int n) { return n <= 1 ? 1 : 2 * power_of_two_from((n + 1) / 2); }
// Threads that share a pixel of so many vectors of channels.
__host__ __device__ constexpr int lanes_for(int groups) { return groups >= 32 ? 32 : power_of_two_from(groups); }

// What the threads of a block have summed for each channel, or in all, goes to the block's partial results.
template <int V, int CHANNELS, int LANES, int ROUNDS, bool KEEP>
__device__ __forceinline__ void store_partial(const float (&sums)[ROUNDS][V], bool maximum, float* partial, int block, float* shared)
{
    constexpr int slots = 256 / LANES;
    if constexpr (KEEP)
    {
        const int lane = threadIdx.x % LANES, slot = threadIdx.x / LANES;
        #pragma unroll
        for (int round = 0; round < ROUNDS; round++)
        {
            #pragma unroll
            for (int i = 0; i < V; i++) shared[(slot * LANES + lane) * V + i] = sums[round][i];
            __syncthreads();
            for (int column = threadIdx.x; column < LANES * V; column += 256)
            {
                float total = shared[column];
                for (int from = 1; from < slots; from++) total = combine(maximum, total, shared[from * LANES * V + column]);
                const int channel = round * LANES * V + column;
                if (channel < CHANNELS) partial[block * CHANNELS + channel] = total;
            }
            __syncthreads();
        }
    }
    else
    {
        float total = neutral_of(maximum);
        #pragma unroll
        for (int round = 0; round < ROUNDS; round++)
        {
            #pragma unroll
            for (int i = 0; i < V; i++) total = combine(maximum, total, sums[round][i]);
        }
        shared[threadIdx.x] = total;
        __syncthreads();
        for (int half = 128; half > 0; half /= 2)
        {
            if ((int)threadIdx.x < half) shared[threadIdx.x] = combine(maximum, shared[threadIdx.x], shared[threadIdx.x + half]);
            __syncthreads();
        }
        // No barrier behind it: the first place is written by this same thread, whatever is reduced next.
        if (threadIdx.x == 0) partial[block] = shared[0];
    }
}

template <int R, int V, int CHANNELS, int LANES, int ROUNDS, class Body>
__device__ __forceinline__ void store_partials(const float (&sums)[Body::REDUCTIONS][ROUNDS][V], Body& body, int block, float* shared)
{
    if constexpr (R < Body::REDUCTIONS)
    {
        if constexpr (!Body::per_pixel(R))
            store_partial<V, CHANNELS, LANES, ROUNDS, Body::keeps_channels(R)>(sums[R], Body::maximum(R), body.partial(R), block, shared);
        store_partials<R + 1, V, CHANNELS, LANES, ROUNDS>(sums, body, block, shared);
    }
}

// What a round of a block adds to its sums: a pixel of each slot, if it is `inside` the chunk. Lanes of a pixel meet in shuffles, so that all threads
// make the same rounds.
template <int V, int CHANNELS, int LANES, int ROUNDS, class Source, class Body>
__device__ __forceinline__ void reduce_pixel(
    float (&sums)[Body::REDUCTIONS][ROUNDS][V], Source& source, Body& body, int pixel, bool inside, int height, int width, int lane)
{
    constexpr int groups = CHANNELS / V;
    float of_pixel[Body::REDUCTIONS];
    #pragma unroll
    for (int r = 0; r < Body::REDUCTIONS; r++) of_pixel[r] = neutral_of(Body::maximum(r));
    if (inside)
    {
        const int x = pixel % width, row = pixel / width, y = row % height, image = row / height;
        #pragma unroll
        for (int turn = 0; turn < ROUNDS; turn++)
        {
            const int group = turn * LANES + lane;
            if (group < groups)
            {
                float value[V], reduced[Body::REDUCTIONS][V];
                source.load(value, image, y, x, group * V);
                body.reduce(value, pixel, image, y, x, group * V, reduced);
                #pragma unroll
                for (int r = 0; r < Body::REDUCTIONS; r++)
                {
                    #pragma unroll
                    for (int i = 0; i < V; i++)
                    {
                        if (Body::per_pixel(r)) of_pixel[r] = combine(Body::maximum(r), of_pixel[r], reduced[r][i]);
                        else sums[r][turn][i] = combine(Body::maximum(r), sums[r][turn][i], reduced[r][i]);
                    }
                }
            }
        }
    }
    #pragma unroll
    for (int r = 0; r < Body::REDUCTIONS; r++)
    {
        if (!Body::per_pixel(r)) continue;
        #pragma unroll
        for (int step = LANES / 2; step > 0; step /= 2)
            of_pixel[r] = combine(Body::maximum(r), of_pixel[r], __shfl_xor_sync(0xffffffffu, of_pixel[r], step));
        if (inside && lane == 0) body.store_pixel(r, pixel, of_pixel[r]);
    }
}

// LANES threads share a pixel. CHUNKS: of each picture (BY_PICTURE; blocks: pictures × CHUNKS), of the batch (blocks: CHUNKS), or 0
// where all reductions are of one pixel (blocks: pixels over 4 · 256 / LANES).
// Shared memory: 1024 · V bytes.
template <int V, int CHANNELS, int CHUNKS, bool BY_PICTURE, class Source, class Body>
__device__ __forceinline__ void pixel_reduce(Source& source, Body& body, int images, int height, int width, int block, unsigned char* memory)
{
    constexpr int groups = CHANNELS / V, lanes = lanes_for(groups), rounds = (groups + lanes - 1) / lanes;
    constexpr int slots = 256 / lanes;
    const int lane = threadIdx.x % lanes, slot = threadIdx.x / lanes;
    const int pixels = images * height * width, range = BY_PICTURE ? height * width : pixels;
    const int length = CHUNKS == 0 ? 4 * slots : (range + CHUNKS - 1) / (CHUNKS == 0 ? 1 : CHUNKS);
    const int chunk = BY_PICTURE ? block % (CHUNKS == 0 ? 1 : CHUNKS) : block, base = BY_PICTURE ? block / (CHUNKS == 0 ? 1 : CHUNKS) * range : 0;
    const int first = base + min(chunk * length, range), last = base + min(chunk * length + length, range);

    float sums[Body::REDUCTIONS][rounds][V];
    #pragma unroll
    for (int r = 0; r < Body::REDUCTIONS; r++)
    {
        #pragma unroll
        for (int round = 0; round < rounds; round++)
        {
            #pragma unroll
            for (int i = 0; i < V; i++) sums[r][round][i] = neutral_of(Body::maximum(r));
        }
    }
    // Whole rounds in pairs, whose loads are on their way together.
    int start = first;
    for (; start + 2 * slots <= last; start += 2 * slots)
    {
        #pragma unroll
        for (int more = 0; more < 2; more++)
            reduce_pixel<V, CHANNELS, lanes, rounds>(sums, source, body, start + more * slots + slot, true, height, width, lane);
    }
    for (; start < last; start += slots)
        reduce_pixel<V, CHANNELS, lanes, rounds>(sums, source, body, start + slot, start + slot < last, height, width, lane);
    if constexpr (CHUNKS != 0) store_partials<0, V, CHANNELS, lanes, rounds>(sums, body, block, reinterpret_cast<float*>(memory));
}

// Domains of single pixels, such as flat vectors: chunks of channels. Blocks: CHUNKS, times pictures if BY_PICTURE; a chunk of the
// batch has that range of channels of all pictures. Shared memory: 1024 bytes.
template <int CHANNELS, int CHUNKS, bool BY_PICTURE, class Body>
__device__ __forceinline__ void channel_reduce(Body& body, int images, int block, unsigned char* memory)
{
    constexpr int length = (CHANNELS + CHUNKS - 1) / CHUNKS;
    const int chunk = block % CHUNKS, first = min(chunk * length, CHANNELS), last = min(first + length, CHANNELS);
    float sums[Body::REDUCTIONS][1][1];
    #pragma unroll
    for (int r = 0; r < Body::REDUCTIONS; r++) sums[r][0][0] = neutral_of(Body::maximum(r));
    const int image0 = BY_PICTURE ? block / CHUNKS : 0, image1 = BY_PICTURE ? image0 + 1 : images;
    for (int image = image0; image < image1; image++)
    {
        for (int channel = first + threadIdx.x; channel < last; channel += 256)
        {
            float value[1] = { 0.0f }, reduced[Body::REDUCTIONS][1];
            body.reduce(value, image, image, 0, 0, channel, reduced);
            #pragma unroll
            for (int r = 0; r < Body::REDUCTIONS; r++) sums[r][0][0] = combine(Body::maximum(r), sums[r][0][0], reduced[r][0]);
        }
    }
    store_partials<0, 1, 1, 1, 1>(sums, body, block, reinterpret_cast<float*>(memory));
}

// One thread gathers one result, in order: reductions over pictures alone, or rows alone. N, C, H, W say what the result keeps.
// Blocks: results over 256.
template <int CHANNELS, bool N, bool C, bool H, bool W, class Source, class Body>
__device__ __forceinline__ void gather_reduce(Source& source, Body& body, int images, int height, int width, int block)
{
    const int kept_images = N ? images : 1, kept_height = H ? height : 1, kept_width = W ? width : 1, kept_channels = C ? CHANNELS : 1;
    const int element = block * 256 + threadIdx.x;
    if (element < kept_images * kept_height * kept_width * kept_channels)
    {
        const int channel0 = element % kept_channels, pixel0 = element / kept_channels;
        const int x0 = pixel0 % kept_width, y0 = pixel0 / kept_width % kept_height, image0 = pixel0 / kept_width / kept_height;
        float total = neutral_of(Body::maximum(0));
        for (int image = image0; image < (N ? image0 + 1 : images); image++)
        {
            for (int y = y0; y < (H ? y0 + 1 : height); y++)
            {
                for (int x = x0; x < (W ? x0 + 1 : width); x++)
                {
                    for (int channel = channel0; channel < (C ? channel0 + 1 : CHANNELS); channel++)
                    {
                        float value[1], reduced[1][1];
                        source.load(value, image, y, x, channel);
                        body.reduce(value, (image * height + y) * width + x, image, y, x, channel, reduced);
                        total = combine(Body::maximum(0), total, reduced[0][0]);
                    }
                }
            }
        }
        body.store_gathered(pixel0, channel0, total);
    }
}
