// What NVRTC has built in and clang's CUDA front end, used without a CUDA installation, has not. Only for checking texts:
// the result is never run. Math functions that need libdevice stay calls of undefined functions.
#pragma once

#define __host__ __attribute__((host))
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __forceinline__ __inline__ __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#define __align__(n) __attribute__((aligned(n)))
#define __grid_constant__ __attribute__((grid_constant))
#define PRELUDE static __device__ __inline__ __attribute__((always_inline))

struct uint3 { unsigned x, y, z; };
struct dim3 { unsigned x, y, z; };
#define PRELUDE_REGISTER(type, intrinsic)                                              \
    struct type##_register                                                             \
    {                                                                                  \
        __declspec(property(get = get_x)) unsigned x;                                  \
        __declspec(property(get = get_y)) unsigned y;                                  \
        __declspec(property(get = get_z)) unsigned z;                                  \
        static __device__ __inline__ unsigned get_x() { return __nvvm_read_ptx_sreg_##intrinsic##_x(); } \
        static __device__ __inline__ unsigned get_y() { return __nvvm_read_ptx_sreg_##intrinsic##_y(); } \
        static __device__ __inline__ unsigned get_z() { return __nvvm_read_ptx_sreg_##intrinsic##_z(); } \
    };                                                                                 \
    extern const __device__ type##_register type;
PRELUDE_REGISTER(threadIdx, tid)
PRELUDE_REGISTER(blockIdx, ctaid)
PRELUDE_REGISTER(blockDim, ntid)
PRELUDE_REGISTER(gridDim, nctaid)
#define warpSize 32

#define PRELUDE_VECTOR(name, type, bytes2, bytes4)                                                                    \
    struct __align__(bytes2) name##2 { type x, y; };                                                                  \
    struct name##3 { type x, y, z; };                                                                                 \
    struct __align__(bytes4) name##4 { type x, y, z, w; };                                                            \
    PRELUDE name##2 make_##name##2(type x, type y) { return { x, y }; }                                               \
    PRELUDE name##3 make_##name##3(type x, type y, type z) { return { x, y, z }; }                                    \
    PRELUDE name##4 make_##name##4(type x, type y, type z, type w) { return { x, y, z, w }; }
PRELUDE_VECTOR(char, signed char, 2, 4)
PRELUDE_VECTOR(uchar, unsigned char, 2, 4)
PRELUDE_VECTOR(short, short, 4, 8)
PRELUDE_VECTOR(ushort, unsigned short, 4, 8)
PRELUDE_VECTOR(int, int, 8, 16)
PRELUDE_VECTOR(float, float, 8, 16)
struct __align__(8) uint2 { unsigned x, y; };
struct __align__(16) uint4 { unsigned x, y, z, w; };
struct __align__(16) longlong2 { long long x, y; };
struct __align__(16) ulonglong2 { unsigned long long x, y; };
PRELUDE uint2 make_uint2(unsigned x, unsigned y) { return { x, y }; }
PRELUDE uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return { x, y, z }; }
PRELUDE uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return { x, y, z, w }; }
PRELUDE longlong2 make_longlong2(long long x, long long y) { return { x, y }; }
PRELUDE ulonglong2 make_ulonglong2(unsigned long long x, unsigned long long y) { return { x, y }; }

PRELUDE int __syncthreads_count(int predicate) { return __nvvm_bar0_popc(predicate); }
PRELUDE int __syncthreads_and(int predicate) { return __nvvm_bar0_and(predicate); }
PRELUDE int __syncthreads_or(int predicate) { return __nvvm_bar0_or(predicate); }
PRELUDE void __syncwarp(unsigned mask = 0xffffffffu) { __nvvm_bar_warp_sync(mask); }
PRELUDE void __threadfence() { __nvvm_membar_gl(); }
PRELUDE void __threadfence_block() { __nvvm_membar_cta(); }
PRELUDE void __trap() { __builtin_trap(); }

#define PRELUDE_SHUFFLE(name, delta, intrinsic, bound)                                                                \
    PRELUDE int name(unsigned mask, int value, delta lane, int width = 32)                                            \
    { return __nvvm_shfl_sync_##intrinsic##_i32(mask, value, (int)lane, ((32 - width) << 8) | bound); }               \
    PRELUDE unsigned name(unsigned mask, unsigned value, delta lane, int width = 32)                                  \
    { return (unsigned)name(mask, (int)value, lane, width); }                                                         \
    PRELUDE float name(unsigned mask, float value, delta lane, int width = 32)                                        \
    { return __nvvm_shfl_sync_##intrinsic##_f32(mask, value, (int)lane, ((32 - width) << 8) | bound); }               \
    PRELUDE unsigned long long name(unsigned mask, unsigned long long value, delta lane, int width = 32)              \
    { return ((unsigned long long)name(mask, (unsigned)(value >> 32), lane, width) << 32) | name(mask, (unsigned)value, lane, width); } \
    PRELUDE long long name(unsigned mask, long long value, delta lane, int width = 32)                                \
    { return (long long)name(mask, (unsigned long long)value, lane, width); }
PRELUDE_SHUFFLE(__shfl_sync, int, idx, 0x1f)
PRELUDE_SHUFFLE(__shfl_up_sync, unsigned, up, 0)
PRELUDE_SHUFFLE(__shfl_down_sync, unsigned, down, 0x1f)
PRELUDE_SHUFFLE(__shfl_xor_sync, int, bfly, 0x1f)
PRELUDE unsigned __ballot_sync(unsigned mask, int predicate) { return __nvvm_vote_ballot_sync(mask, predicate != 0); }
PRELUDE int __all_sync(unsigned mask, int predicate) { return __nvvm_vote_all_sync(mask, predicate != 0); }
PRELUDE int __any_sync(unsigned mask, int predicate) { return __nvvm_vote_any_sync(mask, predicate != 0); }
PRELUDE unsigned __activemask() { unsigned mask; asm volatile("activemask.b32 %0;" : "=r"(mask)); return mask; }

#define PRELUDE_ATOMIC(name, signed32, unsigned32, unsigned64)                                                        \
    PRELUDE int name(int* address, int value) { return signed32(address, value); }                                    \
    PRELUDE unsigned name(unsigned* address, unsigned value) { return (unsigned)unsigned32(address, value); }         \
    PRELUDE unsigned long long name(unsigned long long* address, unsigned long long value) { return unsigned64(address, value); }
#define PRELUDE_RELAXED(operation) [](auto* a, auto v) { return __atomic_##operation(a, v, __ATOMIC_RELAXED); }
PRELUDE_ATOMIC(atomicAdd, PRELUDE_RELAXED(fetch_add), PRELUDE_RELAXED(fetch_add), PRELUDE_RELAXED(fetch_add))
PRELUDE_ATOMIC(atomicMin, PRELUDE_RELAXED(fetch_min), PRELUDE_RELAXED(fetch_min), PRELUDE_RELAXED(fetch_min))
PRELUDE_ATOMIC(atomicMax, PRELUDE_RELAXED(fetch_max), PRELUDE_RELAXED(fetch_max), PRELUDE_RELAXED(fetch_max))
PRELUDE_ATOMIC(atomicExch, PRELUDE_RELAXED(exchange_n), PRELUDE_RELAXED(exchange_n), PRELUDE_RELAXED(exchange_n))
PRELUDE_ATOMIC(atomicAnd, PRELUDE_RELAXED(fetch_and), PRELUDE_RELAXED(fetch_and), PRELUDE_RELAXED(fetch_and))
PRELUDE_ATOMIC(atomicOr, PRELUDE_RELAXED(fetch_or), PRELUDE_RELAXED(fetch_or), PRELUDE_RELAXED(fetch_or))
PRELUDE_ATOMIC(atomicXor, PRELUDE_RELAXED(fetch_xor), PRELUDE_RELAXED(fetch_xor), PRELUDE_RELAXED(fetch_xor))
PRELUDE float atomicAdd(float* address, float value) { return __nvvm_atom_add_gen_f(address, value); }
PRELUDE float atomicExch(float* address, float value) { return __builtin_bit_cast(float, __atomic_exchange_n((unsigned*)address, __builtin_bit_cast(unsigned, value), __ATOMIC_RELAXED)); }
PRELUDE int atomicSub(int* address, int value) { return __atomic_fetch_sub(address, value, __ATOMIC_RELAXED); }
PRELUDE unsigned atomicSub(unsigned* address, unsigned value) { return __atomic_fetch_sub(address, value, __ATOMIC_RELAXED); }
PRELUDE int atomicCAS(int* address, int compare, int value) { return __nvvm_atom_cas_gen_i(address, compare, value); }
PRELUDE unsigned atomicCAS(unsigned* address, unsigned compare, unsigned value) { return (unsigned)__nvvm_atom_cas_gen_i((int*)address, (int)compare, (int)value); }
PRELUDE unsigned long long atomicCAS(unsigned long long* address, unsigned long long compare, unsigned long long value)
{
    return (unsigned long long)__nvvm_atom_cas_gen_ll((long long*)address, (long long)compare, (long long)value);
}

template <class T> PRELUDE T __ldg(const T* address) { return *address; }
template <class T> PRELUDE T __ldcs(const T* address) { return *address; }
template <class T> PRELUDE T __ldcg(const T* address) { return *address; }
template <class T> PRELUDE void __stcs(T* address, T value) { *address = value; }
template <class T> PRELUDE void __stcg(T* address, T value) { *address = value; }

#define PRELUDE_MATH1(name) extern "C" __device__ float name(float);
#define PRELUDE_MATH2(name) extern "C" __device__ float name(float, float);
PRELUDE_MATH1(acosf) PRELUDE_MATH1(asinf) PRELUDE_MATH1(atanf) PRELUDE_MATH1(cosf) PRELUDE_MATH1(sinf) PRELUDE_MATH1(tanf)
PRELUDE_MATH1(coshf) PRELUDE_MATH1(sinhf) PRELUDE_MATH1(tanhf) PRELUDE_MATH1(expf) PRELUDE_MATH1(exp2f) PRELUDE_MATH1(exp10f)
PRELUDE_MATH1(expm1f) PRELUDE_MATH1(logf) PRELUDE_MATH1(log2f) PRELUDE_MATH1(log10f) PRELUDE_MATH1(log1pf) PRELUDE_MATH1(erff)
PRELUDE_MATH1(erfcf) PRELUDE_MATH1(cbrtf) PRELUDE_MATH1(sinpif) PRELUDE_MATH1(cospif) PRELUDE_MATH1(rintf) PRELUDE_MATH1(nearbyintf)
PRELUDE_MATH1(roundf) PRELUDE_MATH2(atan2f) PRELUDE_MATH2(hypotf) PRELUDE_MATH2(powf) PRELUDE_MATH2(fmodf) PRELUDE_MATH2(remainderf)
PRELUDE_MATH2(fdimf)
extern "C" __device__ void sincosf(float, float*, float*);
extern "C" __device__ void sincospif(float, float*, float*);
extern "C" __device__ float ldexpf(float, int);
extern "C" __device__ float frexpf(float, int*);
extern "C" __device__ int ilogbf(float);
PRELUDE float sqrtf(float x) { return __nvvm_sqrt_rn_f(x); }
PRELUDE float rsqrtf(float x) { return __nvvm_rsqrt_approx_f(x); }
PRELUDE float fabsf(float x) { return __builtin_fabsf(x); }
PRELUDE float fmaf(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
PRELUDE float fmaxf(float x, float y) { return __builtin_fmaxf(x, y); }
PRELUDE float fminf(float x, float y) { return __builtin_fminf(x, y); }
PRELUDE float copysignf(float x, float y) { return __builtin_copysignf(x, y); }
PRELUDE float floorf(float x) { return __builtin_floorf(x); }
PRELUDE float ceilf(float x) { return __builtin_ceilf(x); }
PRELUDE float truncf(float x) { return __builtin_truncf(x); }
PRELUDE bool isnan(float x) { return __builtin_isnan(x); }
PRELUDE bool isinf(float x) { return __builtin_isinf(x); }
PRELUDE bool isfinite(float x) { return __builtin_isfinite(x); }
PRELUDE bool signbit(float x) { return __builtin_signbitf(x); }
PRELUDE float __expf(float x) { return __nvvm_ex2_approx_f(x * 1.4426950408889634f); }
PRELUDE float __exp10f(float x) { return __nvvm_ex2_approx_f(x * 3.3219280948873623f); }
PRELUDE float __log2f(float x) { return __nvvm_lg2_approx_f(x); }
PRELUDE float __logf(float x) { return __nvvm_lg2_approx_f(x) * 0.6931471805599453f; }
PRELUDE float __log10f(float x) { return __nvvm_lg2_approx_f(x) * 0.3010299956639812f; }
PRELUDE float __sinf(float x) { return __nvvm_sin_approx_f(x); }
PRELUDE float __cosf(float x) { return __nvvm_cos_approx_f(x); }
PRELUDE float __tanf(float x) { return __sinf(x) / __cosf(x); }
PRELUDE void __sincosf(float x, float* s, float* c) { *s = __sinf(x); *c = __cosf(x); }
PRELUDE float __powf(float x, float y) { return __nvvm_ex2_approx_f(y * __nvvm_lg2_approx_f(x)); }
PRELUDE float __fdividef(float x, float y) { return __nvvm_div_approx_f(x, y); }
PRELUDE float __saturatef(float x) { return __nvvm_saturate_f(x); }
PRELUDE float __fadd_rn(float x, float y) { return __nvvm_add_rn_f(x, y); }
PRELUDE float __fsub_rn(float x, float y) { return __nvvm_add_rn_f(x, -y); }
PRELUDE float __fmul_rn(float x, float y) { return __nvvm_mul_rn_f(x, y); }
PRELUDE float __fdiv_rn(float x, float y) { return __nvvm_div_rn_f(x, y); }
PRELUDE float __frcp_rn(float x) { return __nvvm_rcp_rn_f(x); }
PRELUDE float __fsqrt_rn(float x) { return __nvvm_sqrt_rn_f(x); }
PRELUDE float __frsqrt_rn(float x) { return __nvvm_rsqrt_approx_f(x); }
PRELUDE float __fmaf_rn(float x, float y, float z) { return __nvvm_fma_rn_f(x, y, z); }

#define PRELUDE_EXTREMES(type)                                                  \
    PRELUDE type min(type a, type b) { return a < b ? a : b; }                  \
    PRELUDE type max(type a, type b) { return a > b ? a : b; }
PRELUDE_EXTREMES(int) PRELUDE_EXTREMES(unsigned) PRELUDE_EXTREMES(long long) PRELUDE_EXTREMES(unsigned long long)
PRELUDE float min(float a, float b) { return fminf(a, b); }
PRELUDE float max(float a, float b) { return fmaxf(a, b); }
PRELUDE int abs(int x) { return x < 0 ? -x : x; }
PRELUDE unsigned __float_as_uint(float x) { return __builtin_bit_cast(unsigned, x); }
PRELUDE int __float_as_int(float x) { return __builtin_bit_cast(int, x); }
PRELUDE float __uint_as_float(unsigned x) { return __builtin_bit_cast(float, x); }
PRELUDE float __int_as_float(int x) { return __builtin_bit_cast(float, x); }
PRELUDE int __float2int_rn(float x) { return __nvvm_f2i_rn(x); }
PRELUDE int __float2int_rz(float x) { return __nvvm_f2i_rz(x); }
PRELUDE int __float2int_rd(float x) { return __nvvm_f2i_rm(x); }
PRELUDE int __float2int_ru(float x) { return __nvvm_f2i_rp(x); }
PRELUDE unsigned __float2uint_rn(float x) { return __nvvm_f2ui_rn(x); }
PRELUDE unsigned __float2uint_rz(float x) { return __nvvm_f2ui_rz(x); }
PRELUDE float __int2float_rn(int x) { return __nvvm_i2f_rn(x); }
PRELUDE float __uint2float_rn(unsigned x) { return __nvvm_ui2f_rn(x); }
PRELUDE int __popc(unsigned x) { return __builtin_popcount(x); }
PRELUDE int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
PRELUDE int __clz(int x) { return x == 0 ? 32 : __builtin_clz((unsigned)x); }
PRELUDE int __ffs(int x) { return __builtin_ffs(x); }
PRELUDE unsigned __brev(unsigned x) { return __builtin_bitreverse32(x); }
PRELUDE int __mulhi(int a, int b) { return __nvvm_mulhi_i(a, b); }
PRELUDE unsigned __umulhi(unsigned a, unsigned b) { return __nvvm_mulhi_ui(a, b); }
PRELUDE int __mul24(int a, int b) { return __nvvm_mul24_i(a, b); }
PRELUDE unsigned __byte_perm(unsigned low, unsigned high, unsigned selector) { return __nvvm_prmt(low, high, selector); }
PRELUDE unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) { return (unsigned)(((((unsigned long long)high << 32) | low) << (shift & 31)) >> 32); }
PRELUDE unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) { return (unsigned)((((unsigned long long)high << 32) | low) >> (shift & 31)); }
