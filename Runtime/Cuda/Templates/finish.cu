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

// A thread adds the chunks of one result: for weight gradients, of which there are many, made of few chunks. Blocks: results over 256.
template <int ELEMENTS, int CHUNKS>
__device__ __forceinline__ void finish_by_thread(const float* partial, float* result, int block)
{
    const int element = block * 256 + threadIdx.x;
    if (element < ELEMENTS)
    {
        float total = partial[element];
        #pragma unroll 8
        for (int chunk = 1; chunk < CHUNKS; chunk++) total += partial[chunk * ELEMENTS + element];
        result[element] = total;
    }
}
