// The float and integer functions of CUDA C. Double precision is left out on purpose: no kernel may use it unnoticed.
#pragma once

extern "C" {
float acosf(float); float asinf(float); float atanf(float); float atan2f(float, float);
float cosf(float); float sinf(float); float tanf(float); void sincosf(float, float*, float*);
float coshf(float); float sinhf(float); float tanhf(float);
float expf(float); float exp2f(float); float exp10f(float); float expm1f(float);
float logf(float); float log2f(float); float log10f(float); float log1pf(float);
float erff(float); float erfcf(float);
float sqrtf(float); float cbrtf(float); float hypotf(float, float); float powf(float, float);
float fabsf(float); float fmaf(float, float, float); float fmaxf(float, float); float fminf(float, float);
float fmodf(float, float); float remainderf(float, float); float fdimf(float, float); float copysignf(float, float);
float floorf(float); float ceilf(float); float truncf(float); float roundf(float); float rintf(float); float nearbyintf(float);
float ldexpf(float, int); float frexpf(float, int*); int ilogbf(float);
}

EMU_INLINE float rsqrtf(float x) { return 1.0f / sqrtf(x); }
EMU_INLINE float sinpif(float x) { return sinf(3.14159265358979f * remainderf(x, 2.0f)); }
EMU_INLINE float cospif(float x) { return cosf(3.14159265358979f * remainderf(x, 2.0f)); }
EMU_INLINE void sincospif(float x, float* s, float* c) { *s = sinpif(x); *c = cospif(x); }
EMU_INLINE bool isnan(float x) { return __builtin_isnan(x); }
EMU_INLINE bool isinf(float x) { return __builtin_isinf(x); }
EMU_INLINE bool isfinite(float x) { return __builtin_isfinite(x); }
EMU_INLINE bool signbit(float x) { return __builtin_signbitf(x) != 0; }

// The fast intrinsics are the exact functions here: an approximation error of the device is a matter of tolerance.
EMU_INLINE float __expf(float x) { return expf(x); }
EMU_INLINE float __exp10f(float x) { return exp10f(x); }
EMU_INLINE float __logf(float x) { return logf(x); }
EMU_INLINE float __log2f(float x) { return log2f(x); }
EMU_INLINE float __log10f(float x) { return log10f(x); }
EMU_INLINE float __sinf(float x) { return sinf(x); }
EMU_INLINE float __cosf(float x) { return cosf(x); }
EMU_INLINE float __tanf(float x) { return tanf(x); }
EMU_INLINE void __sincosf(float x, float* s, float* c) { sincosf(x, s, c); }
EMU_INLINE float __powf(float x, float y) { return powf(x, y); }
EMU_INLINE float __fdividef(float x, float y) { return x / y; }
EMU_INLINE float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

// Rounded once each and never contracted into a multiply-add, as on the device.
EMU_INLINE float __fadd_rn(float x, float y) { float r = x + y; asm("" : "+x"(r)); return r; }
EMU_INLINE float __fsub_rn(float x, float y) { float r = x - y; asm("" : "+x"(r)); return r; }
EMU_INLINE float __fmul_rn(float x, float y) { float r = x * y; asm("" : "+x"(r)); return r; }
EMU_INLINE float __fdiv_rn(float x, float y) { return x / y; }
EMU_INLINE float __frcp_rn(float x) { return 1.0f / x; }
EMU_INLINE float __fsqrt_rn(float x) { return sqrtf(x); }
EMU_INLINE float __frsqrt_rn(float x) { return 1.0f / sqrtf(x); }
EMU_INLINE float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }

EMU_INLINE int min(int a, int b) { return a < b ? a : b; }
EMU_INLINE unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
EMU_INLINE long long min(long long a, long long b) { return a < b ? a : b; }
EMU_INLINE unsigned long long min(unsigned long long a, unsigned long long b) { return a < b ? a : b; }
EMU_INLINE float min(float a, float b) { return fminf(a, b); }
EMU_INLINE int max(int a, int b) { return a > b ? a : b; }
EMU_INLINE unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }
EMU_INLINE long long max(long long a, long long b) { return a > b ? a : b; }
EMU_INLINE unsigned long long max(unsigned long long a, unsigned long long b) { return a > b ? a : b; }
EMU_INLINE float max(float a, float b) { return fmaxf(a, b); }
extern "C" int abs(int) noexcept;

template <class To, class From> EMU_INLINE To emu_bits(From value)
{
    static_assert(sizeof(To) == sizeof(From), "bit casts keep the size");
    To result;
    __builtin_memcpy(&result, &value, sizeof(To));
    return result;
}
EMU_INLINE unsigned __float_as_uint(float x) { return emu_bits<unsigned>(x); }
EMU_INLINE int __float_as_int(float x) { return emu_bits<int>(x); }
EMU_INLINE float __uint_as_float(unsigned x) { return emu_bits<float>(x); }
EMU_INLINE float __int_as_float(int x) { return emu_bits<float>(x); }
EMU_INLINE int __float2int_rn(float x) { return (int)rintf(x); }
EMU_INLINE int __float2int_rz(float x) { return (int)x; }
EMU_INLINE int __float2int_rd(float x) { return (int)floorf(x); }
EMU_INLINE int __float2int_ru(float x) { return (int)ceilf(x); }
EMU_INLINE unsigned __float2uint_rn(float x) { return (unsigned)rintf(x); }
EMU_INLINE unsigned __float2uint_rz(float x) { return (unsigned)x; }
EMU_INLINE float __int2float_rn(int x) { return (float)x; }
EMU_INLINE float __uint2float_rn(unsigned x) { return (float)x; }

EMU_INLINE int __popc(unsigned x) { return __builtin_popcount(x); }
EMU_INLINE int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
EMU_INLINE int __clz(int x) { return x == 0 ? 32 : __builtin_clz((unsigned)x); }
EMU_INLINE int __ffs(int x) { return __builtin_ffs(x); }
EMU_INLINE int __mulhi(int a, int b) { return (int)(((long long)a * b) >> 32); }
EMU_INLINE unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((unsigned long long)a * b) >> 32); }
EMU_INLINE int __mul24(int a, int b) { return ((a << 8) >> 8) * ((b << 8) >> 8); }
EMU_INLINE unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift)
{
    return (unsigned)(((((unsigned long long)high << 32) | low) << (shift & 31)) >> 32);
}
EMU_INLINE unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift)
{
    return (unsigned)((((unsigned long long)high << 32) | low) >> (shift & 31));
}
EMU_INLINE unsigned __brev(unsigned x)
{
    unsigned result = 0;
    for (int bit = 0; bit < 32; bit++) result |= ((x >> bit) & 1u) << (31 - bit);
    return result;
}
EMU_INLINE unsigned __byte_perm(unsigned low, unsigned high, unsigned selector)
{
    const unsigned long long bytes = ((unsigned long long)high << 32) | low;
    unsigned result = 0;
    for (int i = 0; i < 4; i++) result |= (unsigned)((bytes >> (8 * ((selector >> (4 * i)) & 7))) & 255) << (8 * i);
    return result;
}
