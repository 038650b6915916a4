// needs: vectors.cu
// What generated bodies call beside the functions that CUDA has built in.

// −1, 0 or 1; 0 of a NaN.
__device__ __forceinline__ float sign_of(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f; }
__device__ __forceinline__ float reciprocal_of(float x) { return 1.0f / x; }
__device__ __forceinline__ float one_if_equal(float a, float b) { return a == b ? 1.0f : 0.0f; }
__device__ __forceinline__ float one_if_greater(float a, float b) { return a > b ? 1.0f : 0.0f; }

// One element of either type.
__device__ __forceinline__ float load_at(const float* from) { return *from; }
__device__ __forceinline__ float load_at(const bf16* from) { return bf16_to_float(from->bits); }
__device__ __forceinline__ void store_at(float* to, float value) { *to = value; }
__device__ __forceinline__ void store_at(bf16* to, float value) { to->bits = float_to_bf16(value); }
