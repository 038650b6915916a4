// needs: reduction.cu
// Partial results, [pictures, chunks, elements], added in a fixed order.

// A warp adds the chunks of one result: for statistics, of which there are few, made of many chunks. Blocks: results over 8.
template <bool MAXIMUM, int ELEMENTS, int PITCH>
__device__ __forceinline__ void finish_by_warp(const float* partial, float* result, int results, int chunks, int block)
{
    const int index = block * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
    // All lanes of a warp have the same result, so that they meet in the shuffles.
    const int element = index % ELEMENTS, picture = index / ELEMENTS;
    float total = neutral_of(MAXIMUM);
    if (index < results)
    {
        for (int chunk = lane; chunk < chunks; chunk += 32)
            total = combine(MAXIMUM, total, partial[(picture * chunks + chunk) * ELEMENTS + element]);
    }
    #pragma unroll
    for (int step = 16; step > 0; step /= 2) total = combine(MAXIMUM, total, __shfl_xor_sync(0xffffffffu, total, step));
    if (index < results && lane == 0) result[picture * PITCH + element] = total;
}

// The same, and arithmetic on each result, which goes to memory by the body.
template <bool MAXIMUM, int ELEMENTS, class Body>
__device__ __forceinline__ void finish_with_body(Body& body, const float* partial, int results, int chunks, int block)
{
    const int index = block * 8 + threadIdx.x / 32, lane = threadIdx.x % 32, element = index % ELEMENTS, picture = index / ELEMENTS;
    float total = neutral_of(MAXIMUM);
    if (index < results)
    {
        for (int chunk = lane; chunk < chunks; chunk += 32)
            total = combine(MAXIMUM, total, partial[(picture * chunks + chunk) * ELEMENTS + element]);
    }
    #pragma unroll
    for (int step = 16; step > 0; step /= 2) total = combine(MAXIMUM, total, __shfl_xor_sync(0xffffffffu, total, step));
    if (index < results && lane == 0)
    {
        float value[1] = { total };
        body.apply(value, picture, picture, 0, 0, element);
    }
}

// A thread adds the chunks of one result: for weight gradients, of which there are many, made of few chunks. Where there are more chunks than a thread can
// wait for, SLICES threads (which divide CHUNKS, and 256) have a part of them each, and the first adds what they have. Blocks: results over 256 / SLICES.
// Shared memory: 1024 bytes where there are slices.
template <int ELEMENTS, int CHUNKS, int SLICES>
__device__ __forceinline__ void finish_by_thread(const float* partial, float* result, int block, unsigned char* memory)
{
    constexpr int columns = 256 / SLICES, length = CHUNKS / SLICES;
    const int element = block * columns + threadIdx.x % columns, slice = threadIdx.x / columns;
    const bool any = element < ELEMENTS;
    float total = 0.0f;
    if (any)
    {
        const float* from = partial + slice * length * ELEMENTS + element;
        total = from[0];
        #pragma unroll 8
        for (int chunk = 1; chunk < length; chunk++) total += from[chunk * ELEMENTS];
    }
    if constexpr (SLICES != 1)
    {
        float* shared = reinterpret_cast<float*>(memory);
        shared[threadIdx.x] = total;
        __syncthreads();
        if (slice != 0) return;
        #pragma unroll
        for (int other = 1; other < SLICES; other++) total += shared[other * columns + threadIdx.x];
    }
    if (any) result[element] = total;
}
