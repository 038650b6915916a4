extern "C" __global__ void __launch_bounds__(256) vector_add(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int n)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) c[i] = __ldg(&a[i]) + b[i];
}

__constant__ float scale[4];

// Four values at a time through vector loads; n is a number of float4.
extern "C" __global__ void __launch_bounds__(128) scale_by_constant(const float4* __restrict__ x, float4* __restrict__ y, int n)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
    {
        const float4 v = x[i];
        y[i] = make_float4(v.x * scale[0], v.y * scale[1], v.z * scale[2], v.w * scale[3]);
    }
}

struct Activation { float slope; int kind; };

// Every math function a GELU or a normalisation wants, chosen by a parameter that is a struct.
extern "C" __global__ void __launch_bounds__(256) activate(const float* __restrict__ x, float* __restrict__ y, int n, Activation activation)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    const float v = x[i];
    float r = 0.0f;
    switch (activation.kind)
    {
        case 0: r = 0.5f * v * (1.0f + erff(v * 0.707106781f)); break;
        case 1: r = v > 0.0f ? v : activation.slope * v; break;
        case 2: r = 1.0f / (1.0f + __expf(-v)); break;
        case 3: r = rsqrtf(fmaf(v, v, 1.0f)); break;
        default: r = fminf(fmaxf(fabsf(v), 0.25f), __uint_as_float(__float_as_uint(1.0f))); break;
    }
    y[i] = r;
}
