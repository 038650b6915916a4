// needs: device_functions.cu
// Neighbouring channels of a pixel between memory (float or bf16) and float registers, in accesses of up to 16 bytes.

struct bf16 { unsigned short bits; };

__device__ __forceinline__ float to_float(float value) { return value; }
__device__ __forceinline__ float to_float(bf16 value) { return bf16_to_float(value.bits); }

__host__ __device__ constexpr int smaller_of(int a, int b) { return a < b ? a : b; }
__host__ __device__ constexpr int larger_of(int a, int b) { return a < b ? b : a; }

// V values from `pointer` on. Alignment, in elements and a power of two, is what base, pitch and channel guarantee; V a power of two.
template <class T, int V, int Alignment = 1>
__device__ __forceinline__ void load_channels(const T* pointer, float (&out)[V])
{
    constexpr int width = smaller_of(smaller_of(V, Alignment), 16 / (int)sizeof(T));
    #pragma unroll
    for (int i = 0; i < V; i += width)
    {
        if constexpr (sizeof(T) == 4)
        {
            if constexpr (width == 4)
            {
                const float4 v = *reinterpret_cast<const float4*>(pointer + i);
                out[i] = v.x; out[i + 1] = v.y; out[i + 2] = v.z; out[i + 3] = v.w;
            }
            else if constexpr (width == 2)
            {
                const float2 v = *reinterpret_cast<const float2*>(pointer + i);
                out[i] = v.x; out[i + 1] = v.y;
            }
            else out[i] = to_float(pointer[i]);
        }
        else
        {
            if constexpr (width == 8)
            {
                const uint4 v = *reinterpret_cast<const uint4*>(pointer + i);
                out[i] = bf16x2_low(v.x); out[i + 1] = bf16x2_high(v.x); out[i + 2] = bf16x2_low(v.y); out[i + 3] = bf16x2_high(v.y);
                out[i + 4] = bf16x2_low(v.z); out[i + 5] = bf16x2_high(v.z); out[i + 6] = bf16x2_low(v.w); out[i + 7] = bf16x2_high(v.w);
            }
            else if constexpr (width == 4)
            {
                const uint2 v = *reinterpret_cast<const uint2*>(pointer + i);
                out[i] = bf16x2_low(v.x); out[i + 1] = bf16x2_high(v.x); out[i + 2] = bf16x2_low(v.y); out[i + 3] = bf16x2_high(v.y);
            }
            else if constexpr (width == 2)
            {
                const unsigned v = *reinterpret_cast<const unsigned*>(pointer + i);
                out[i] = bf16x2_low(v); out[i + 1] = bf16x2_high(v);
            }
            else out[i] = to_float(pointer[i]);
        }
    }
}

// The first V of an array.
template <class T, int V, int Alignment = 1, int Count>
__device__ __forceinline__ void load_first(const T* pointer, float (&out)[Count])
{
    float value[V];
    load_channels<T, V, Alignment>(pointer, value);
    #pragma unroll
    for (int i = 0; i < V; i++) out[i] = value[i];
}

template <int V, int Alignment = 1>
__device__ __forceinline__ void store_vector(float* pointer, const float (&value)[V])
{
    constexpr int width = smaller_of(smaller_of(V, Alignment), 4);
    #pragma unroll
    for (int i = 0; i < V; i += width)
    {
        if constexpr (width == 4) *reinterpret_cast<float4*>(pointer + i) = make_float4(value[i], value[i + 1], value[i + 2], value[i + 3]);
        else if constexpr (width == 2) *reinterpret_cast<float2*>(pointer + i) = make_float2(value[i], value[i + 1]);
        else pointer[i] = value[i];
    }
}

template <int V, int Alignment = 1>
__device__ __forceinline__ void store_vector(bf16* pointer, const float (&value)[V])
{
    constexpr int width = smaller_of(smaller_of(V, Alignment), 8);
    #pragma unroll
    for (int i = 0; i < V; i += width)
    {
        if constexpr (width == 8)
            *reinterpret_cast<uint4*>(pointer + i) = make_uint4(
                pack_bf16x2(value[i], value[i + 1]), pack_bf16x2(value[i + 2], value[i + 3]),
                pack_bf16x2(value[i + 4], value[i + 5]), pack_bf16x2(value[i + 6], value[i + 7]));
        else if constexpr (width == 4)
            *reinterpret_cast<uint2*>(pointer + i) = make_uint2(pack_bf16x2(value[i], value[i + 1]), pack_bf16x2(value[i + 2], value[i + 3]));
        else if constexpr (width == 2) *reinterpret_cast<unsigned*>(pointer + i) = pack_bf16x2(value[i], value[i + 1]);
        else pointer[i].bits = float_to_bf16(value[i]);
    }
}

// The counterpart of load_channels; bf16 is rounded to nearest even.
template <class T, int V, int Alignment = 1>
__device__ __forceinline__ void store_channels(T* pointer, const float (&value)[V])
{
    store_vector<V, Alignment>(pointer, value);
}
