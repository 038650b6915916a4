// The functions of one argument, row after row: y[f * n + i] = f(x[i]), for x in (0, 1).
extern "C" __global__ void __launch_bounds__(128) probe_math(const float* __restrict__ x, float* __restrict__ y, int n)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    const float v = x[i];
    int f = 0;
#define ROW(value) y[n * f++ + i] = value
    ROW(expf(v)); ROW(__expf(v)); ROW(exp2f(v)); ROW(expm1f(v)); ROW(logf(v)); ROW(__logf(v)); ROW(log2f(v)); ROW(log1pf(v));
    ROW(sqrtf(v)); ROW(rsqrtf(v)); ROW(__frcp_rn(v)); ROW(cbrtf(v)); ROW(sinf(v)); ROW(__cosf(v)); ROW(tanhf(v)); ROW(atan2f(v, 2.0f));
    ROW(sinpif(v)); ROW(cospif(v)); ROW(powf(v, 1.5f)); ROW(__powf(v, 1.5f)); ROW(__fdividef(v, 3.0f)); ROW(fmaf(v, v, 1.0f)); ROW(__saturatef(4.0f * v - 1.0f));
    ROW(floorf(8.0f * v)); ROW(ceilf(8.0f * v)); ROW(truncf(8.0f * v)); ROW(rintf(8.0f * v)); ROW(roundf(8.0f * v)); ROW(fabsf(-v)); ROW(copysignf(v, -1.0f));
    ROW(fminf(v, 0.5f)); ROW(fmaxf(v, 0.5f)); ROW(min(v, 0.25f)); ROW(max(v, 0.25f)); ROW(fmodf(v, 0.3f)); ROW(erff(v) + erfcf(v));
    ROW(__int2float_rn(__float2int_rn(8.0f * v))); ROW((float)__float2int_rd(-8.0f * v)); ROW(__uint_as_float(__float_as_uint(v) ^ 0x80000000u)); ROW(__int_as_float(__float_as_int(v)));
    ROW(isnan(v / 0.0f - v / 0.0f) && isinf(v / 0.0f) && isfinite(v) ? 1.0f : 0.0f);
#undef ROW
}

// The integer functions, and the block-wide votes, of one warp-sized block of values.
extern "C" __global__ void __launch_bounds__(64) probe_integers(const unsigned* __restrict__ x, unsigned* __restrict__ y)
{
    const unsigned i = threadIdx.x, v = x[i];
    const int s = (int)v;
    int f = 0;
#define ROW(value) y[64 * f++ + i] = (unsigned)(value)
    ROW(__popc(v)); ROW(__clz(s)); ROW(__ffs(s)); ROW(__brev(v)); ROW(__umulhi(v, v)); ROW(__mulhi(s, -3)); ROW(__byte_perm(v, ~v, 0x5140u));
    ROW(__funnelshift_l(v, ~v, 5u)); ROW(__funnelshift_r(v, ~v, 5u)); ROW(min(s, 7)); ROW(max(v, 7u)); ROW(abs(s >> 1));
    ROW(__syncthreads_count(v & 1)); ROW(__syncthreads_or(v == x[3])); ROW(__syncthreads_and(v != x[3]));
    ROW(__ballot_sync(0xffffffffu, v & 2)); ROW(__any_sync(0xffffffffu, i == 40u)); ROW(__all_sync(0xffffffffu, i < 32u));
    ROW(__shfl_sync(0xffffffffu, v, 3)); ROW(__shfl_sync(0xffffffffu, v, 9, 8)); ROW(__shfl_up_sync(0xffffffffu, v, 1u)); ROW(__shfl_down_sync(0xffffffffu, v, 2u, 16));
    ROW(__shfl_xor_sync(0xffffffffu, v, 5)); ROW((i & 31u) < 8u ? __shfl_xor_sync(0x000000ffu, v, 1) : 0u);
#undef ROW
}
