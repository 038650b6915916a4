// Reverses each row of `width` values through dynamic shared memory, which also holds a table of ints behind the values.
extern "C" __global__ void __launch_bounds__(128) reverse_rows(const float* __restrict__ x, float* __restrict__ y, int width)
{
    extern __shared__ __align__(16) unsigned char dynamic_shared[];
    float* values = reinterpret_cast<float*>(dynamic_shared);
    int* places = reinterpret_cast<int*>(dynamic_shared + width * 4);
    for (int i = threadIdx.x; i < width; i += blockDim.x)
    {
        values[i] = x[blockIdx.x * width + i];
        places[i] = width - 1 - i;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < width; i += blockDim.x) y[blockIdx.x * width + i] = values[places[i]];
}
