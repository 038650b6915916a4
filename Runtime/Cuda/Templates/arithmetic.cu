// needs: vectors.cu
// What generated bodies call beside the functions that CUDA has built in.

// −1, 0 or 1; 0 of a NaN.
__device__ __forceinline__ float sign_of(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f; }
__device__ __forceinline__ float reciprocal_of(float x) { return 1.0f / x; }
__device__ __forceinline__ float one_if_equal(float a, float b) { return a == b ? 1.0f : 0.0f; }
__device__ __forceinline__ float one_if_greater(float a, float b) { return a > b ? 1.0f : 0.0f; }

// erf for what is rounded to bf16 afterwards: off by 3e-6 at most, in 15 instructions where erff takes 25. An odd polynomial up to 3.32, in powers of
// x² - 5.5, which keep its terms small. NaN stays.
__device__ __forceinline__ float erf_for_bf16(float x)
{
    const float near = fabsf(x) > 3.32f ? copysignf(3.32f, x) : x, t = fmaf(near, near, -5.5f);
    float sum = 1.51351862e-10f;
    sum = fmaf(sum, t, -2.17003393e-9f);
    sum = fmaf(sum, t, 1.38812934e-8f);
    sum = fmaf(sum, t, -1.19216480e-7f);
    sum = fmaf(sum, t, 1.34350034e-6f);
    sum = fmaf(sum, t, -1.19333336e-5f);
    sum = fmaf(sum, t, 9.24689957e-5f);
    sum = fmaf(sum, t, -6.88258442e-4f);
    sum = fmaf(sum, t, 5.01358788e-3f);
    sum = fmaf(sum, t, -3.83114591e-2f);
    sum = fmaf(sum, t, 0.426013389f);
    return sum * near;
}

// The share of a normal distribution that lies below x, 0.5 + 0.5 erf(x / √2), for the same: the same polynomial in powers of x² - 11, and what it exceeds 0
// and 1 by behind ±4.7 is cut off by the last multiply-add itself. 0 of a NaN, which what it is multiplied by keeps.
__device__ __forceinline__ float normal_for_bf16(float x)
{
    const float t = fminf(fmaf(x, x, -11.0f), 11.0448f);
    float sum = 5.22567998e-14f;
    sum = fmaf(sum, t, -1.49848211e-12f);
    sum = fmaf(sum, t, 1.91710085e-11f);
    sum = fmaf(sum, t, -3.29292121e-10f);
    sum = fmaf(sum, t, 7.4218609e-09f);
    sum = fmaf(sum, t, -1.31845951e-07f);
    sum = fmaf(sum, t, 2.04329535e-06f);
    sum = fmaf(sum, t, -3.04170135e-05f);
    sum = fmaf(sum, t, 0.000443142751f);
    sum = fmaf(sum, t, -0.00677257311f);
    sum = fmaf(sum, t, 0.150618479f);
    return __saturatef(fmaf(x, sum, 0.5f));
}

// One element of either type.
__device__ __forceinline__ float load_at(const float* from) { return *from; }
__device__ __forceinline__ float load_at(const bf16* from) { return bf16_to_float(from->bits); }
__device__ __forceinline__ void store_at(float* to, float value) { *to = value; }
__device__ __forceinline__ void store_at(bf16* to, float value) { to->bits = float_to_bf16(value); }
