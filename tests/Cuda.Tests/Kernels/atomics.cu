// A histogram of bytes, first in shared memory, then added to the global one; counts, extremes and a float sum.
extern "C" __global__ void __launch_bounds__(128) histogram(
    const unsigned char* __restrict__ x, int n, unsigned* __restrict__ bins, int* __restrict__ largest, float* __restrict__ sum, unsigned* __restrict__ locked)
{
    __shared__ unsigned local[256];
    for (int i = threadIdx.x; i < 256; i += 128) local[i] = 0u;
    __syncthreads();
    for (int i = blockIdx.x * 128 + threadIdx.x; i < n; i += gridDim.x * 128)
    {
        atomicAdd(&local[x[i]], 1u);
        atomicMax(largest, (int)x[i]);
        atomicAdd(sum, (float)x[i]);
    }
    __syncthreads();
    for (int i = threadIdx.x; i < 256; i += 128)
        if (local[i] != 0u) atomicAdd(&bins[i], local[i]);
    if (threadIdx.x == 0)
    {
        unsigned seen = atomicCAS(locked, 0u, 1u);
        while (seen != 0u)
        {
            const unsigned expected = seen;
            seen = atomicCAS(locked, expected, expected + 1u);
            if (seen == expected) break;
        }
    }
}
