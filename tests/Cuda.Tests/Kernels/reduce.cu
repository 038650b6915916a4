// One sum per block: shuffles within a warp, shared memory between the warps.
extern "C" __global__ void __launch_bounds__(256) block_sum(const float* __restrict__ x, float* __restrict__ sums, int n)
{
    __shared__ float partial[8];
    const int lane = threadIdx.x & 31;
    const int warp = threadIdx.x >> 5;
    float sum = 0.0f;
    for (int i = blockIdx.x * 256 + threadIdx.x; i < n; i += gridDim.x * 256) sum += x[i];
    #pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, offset);
    if (lane == 0) partial[warp] = sum;
    __syncthreads();
    if (warp == 0)
    {
        sum = lane < 8 ? partial[lane] : 0.0f;
        #pragma unroll
        for (int offset = 4; offset > 0; offset >>= 1) sum += __shfl_down_sync(0xffffffffu, sum, offset);
        if (lane == 0) sums[blockIdx.x] = sum;
    }
}

// Inclusive prefix sum of 32 values per warp, through shared memory and __syncwarp instead of shuffles.
extern "C" __global__ void __launch_bounds__(64) warp_scan(const int* __restrict__ x, int* __restrict__ y)
{
    __shared__ int values[2][32];
    const int lane = threadIdx.x & 31;
    const int warp = threadIdx.x >> 5;
    values[warp][lane] = x[blockIdx.x * 64 + threadIdx.x];
    __syncwarp();
    for (int step = 1; step < 32; step <<= 1)
    {
        const int left = lane >= step ? values[warp][lane - step] : 0;
        __syncwarp();
        values[warp][lane] += left;
        __syncwarp();
    }
    y[blockIdx.x * 64 + threadIdx.x] = values[warp][lane];
}
