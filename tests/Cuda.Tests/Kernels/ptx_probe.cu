// One warp runs one function of the PTX table on fragments filled element by element, by the formulas of the PTX ISA's
// sections "Matrix Fragments for mma.m16n8k16 with floating point type" and so on.
__device__ __forceinline__ unsigned pair(const unsigned short* matrix, int low, int high)
{
    return (unsigned)matrix[low] | ((unsigned)matrix[high] << 16);
}

// c0, c1: row groupID, columns 2·threadID_in_group and the next; c2, c3: row groupID + 8.
__device__ __forceinline__ int accumulator_place(int lane, int i)
{
    const int row = i < 2 ? lane >> 2 : (lane >> 2) + 8;
    return row * 8 + (lane % 4) * 2 + (i & 1);
}

// A is 16×16, B is 16×8, C is 16×8, all row by row. a_i for i = 0..7 are the eight 16-bit elements of a lane:
// row = groupID where 0 <= i < 2 or 4 <= i < 6, else groupID + 8; column = 2·threadID_in_group + (i & 1), + 8 where i >= 4.
// b_i: row = 2·threadID_in_group + (i & 1), + 8 where i >= 2; column = groupID.
__device__ __forceinline__ void fragments_k16(const unsigned short* a, const unsigned short* b, unsigned (&fa)[4], unsigned (&fb)[2])
{
    const int lane = threadIdx.x;
    const int group = lane >> 2;
    for (int i = 0; i < 8; i += 2)
    {
        const int row = (i >= 0 && i < 2) || (i >= 4 && i < 6) ? group : group + 8;
        const int column = (lane % 4) * 2 + (i >= 4 ? 8 : 0);
        fa[i / 2] = pair(a, row * 16 + column, row * 16 + column + 1);
    }
    for (int i = 0; i < 4; i += 2)
    {
        const int row = (lane % 4) * 2 + (i >= 2 ? 8 : 0);
        fb[i / 2] = pair(b, row * 8 + group, (row + 1) * 8 + group);
    }
}

extern "C" __global__ void __launch_bounds__(32) probe_mma_k16(
    const unsigned short* a, const unsigned short* b, const float* c, float* d_bf16, float* d_fp16)
{
    unsigned fa[4], fb[2];
    fragments_k16(a, b, fa, fb);
    float acc[4];
#if __CUDA_ARCH__ >= 800
    for (int i = 0; i < 4; i++) acc[i] = c[accumulator_place(threadIdx.x, i)];
    mma_m16n8k16_bf16(acc, fa[0], fa[1], fa[2], fa[3], fb[0], fb[1]);
    for (int i = 0; i < 4; i++) d_bf16[accumulator_place(threadIdx.x, i)] = acc[i];
#endif
    for (int i = 0; i < 4; i++) acc[i] = c[accumulator_place(threadIdx.x, i)];
    mma_m16n8k16_fp16(acc, fa[0], fa[1], fa[2], fa[3], fb[0], fb[1]);
    for (int i = 0; i < 4; i++) d_fp16[accumulator_place(threadIdx.x, i)] = acc[i];
}

// A is 16×8, B is 8×8. a_i: row = groupID for i < 2, else groupID + 8; column = 2·threadID_in_group + (i & 1).
// b_i: row = 2·threadID_in_group + i; column = groupID.
extern "C" __global__ void __launch_bounds__(32) probe_mma_k8_fp16(const unsigned short* a, const unsigned short* b, const float* c, float* d)
{
    const int lane = threadIdx.x, group = lane >> 2, column = (lane % 4) * 2;
    const unsigned a0 = pair(a, group * 8 + column, group * 8 + column + 1);
    const unsigned a1 = pair(a, (group + 8) * 8 + column, (group + 8) * 8 + column + 1);
    const unsigned b0 = pair(b, column * 8 + group, (column + 1) * 8 + group);
    float acc[4];
    for (int i = 0; i < 4; i++) acc[i] = c[accumulator_place(lane, i)];
    mma_m16n8k8_fp16(acc, a0, a1, b0);
    for (int i = 0; i < 4; i++) d[accumulator_place(lane, i)] = acc[i];
}

// A is 16×8, B is 8×8, float32. a_i: row = groupID for a0 and a2, groupID + 8 for a1 and a3; column = threadID_in_group for
// a0 and a1, + 4 for a2 and a3. b_i: row = threadID_in_group for b0, + 4 for b1; column = groupID.
extern "C" __global__ void __launch_bounds__(32) probe_mma_k8_tf32(const float* a, const float* b, const float* c, float* d, unsigned* rounded)
{
#if __CUDA_ARCH__ >= 800
    const int lane = threadIdx.x, group = lane >> 2, t = lane % 4;
    unsigned fa[4], fb[2];
    for (int i = 0; i < 4; i++)
    {
        const int row = i == 0 || i == 2 ? group : group + 8;
        const int column = i == 0 || i == 1 ? t : t + 4;
        fa[i] = float_to_tf32(a[row * 8 + column]);
        rounded[row * 8 + column] = fa[i];
    }
    for (int i = 0; i < 2; i++) fb[i] = float_to_tf32(b[(i == 0 ? t : t + 4) * 8 + group]);
    float acc[4];
    for (int i = 0; i < 4; i++) acc[i] = c[accumulator_place(lane, i)];
    mma_m16n8k8_tf32(acc, fa[0], fa[1], fa[2], fa[3], fb[0], fb[1]);
    for (int i = 0; i < 4; i++) d[accumulator_place(lane, i)] = acc[i];
#endif
}

// x holds four 8×8 matrices of 16-bit values. r receives the registers of lane after lane: x1, x2, x4, then the same transposed.
extern "C" __global__ void __launch_bounds__(32) probe_ldmatrix(const unsigned short* x, unsigned* r)
{
    __shared__ __align__(16) unsigned short tile[4][8][24];
    const int lane = threadIdx.x;
    for (int i = lane; i < 256; i += 32) tile[i / 64][i / 8 % 8][i % 8] = x[i];
    __syncwarp();
    const void* row = &tile[lane / 8][lane % 8][0];
    unsigned q[14];
    ldmatrix_x1(q[0], row);
    ldmatrix_x2(q[1], q[2], row);
    ldmatrix_x4(q[3], q[4], q[5], q[6], row);
    ldmatrix_x1_trans(q[7], row);
    ldmatrix_x2_trans(q[8], q[9], row);
    ldmatrix_x4_trans(q[10], q[11], q[12], q[13], row);
    #pragma unroll
    for (int i = 0; i < 14; i++) r[lane * 14 + i] = q[i];
}

// Each lane copies 4, 8 and 16 bytes, whole and then only `bytes` of them, in two groups, and reads the first group early.
extern "C" __global__ void __launch_bounds__(32) probe_cp_async(const unsigned* x, unsigned* y, unsigned bytes)
{
    __shared__ __align__(16) unsigned whole[32][12];
    __shared__ __align__(16) unsigned part[32][12];
    const int lane = threadIdx.x;
    const unsigned* from = x + lane * 12;
    cp_async_16(&whole[lane][0], from);
    cp_async_8(&whole[lane][4], from + 4);
    cp_async_4(&whole[lane][6], from + 6);
    cp_async_commit();
    cp_async_16_zfill(&part[lane][0], from, bytes);
    cp_async_8_zfill(&part[lane][4], from + 4, bytes < 8u ? bytes : 8u);
    cp_async_4_zfill(&part[lane][6], from + 6, bytes < 4u ? bytes : 4u);
    cp_async_commit();
    cp_async_wait<1>();
    for (int i = 0; i < 7; i++) y[lane * 14 + i] = whole[lane][i];
    cp_async_wait<0>();
    for (int i = 0; i < 7; i++) y[lane * 14 + 7 + i] = part[lane][i];
}

extern "C" __global__ void __launch_bounds__(256) probe_conversions(
    const float* x, int n, unsigned short* bf16, unsigned short* fp16, unsigned* bf16x2, unsigned* fp16x2, unsigned* tf32)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    bf16[i] = float_to_bf16(x[i]);
    fp16[i] = float_to_fp16(x[i]);
    bf16x2[i] = pack_bf16x2(x[i], -x[i]);
    fp16x2[i] = pack_fp16x2(x[i], -x[i]);
#if __CUDA_ARCH__ >= 800
    tf32[i] = float_to_tf32(x[i]);
#endif
}

extern "C" __global__ void __launch_bounds__(256) probe_widening(const unsigned short* bits, int n, float* bf16, float* fp16, float* pairs)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    bf16[i] = bf16_to_float(bits[i]);
    fp16[i] = fp16_to_float(bits[i]);
    const unsigned both = (unsigned)bits[i] | ((unsigned)bits[n - 1 - i] << 16);
    pairs[i * 4] = bf16x2_low(both);
    pairs[i * 4 + 1] = bf16x2_high(both);
    pairs[i * 4 + 2] = fp16x2_low(both);
    pairs[i * 4 + 3] = fp16x2_high(both);
}

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
template <int N>
__device__ __forceinline__ void probe_wgmma_columns(SharedMatrix a, SharedMatrix b, float* d)
{
    float sums[1][N / 8][4];
    const int lane = threadIdx.x & 31, row = threadIdx.x / 32 * 16 + lane / 4, column = lane % 4 * 2;
    #pragma unroll
    for (int j = 0; j < N / 8; j++)
        #pragma unroll
        for (int e = 0; e < 4; e++) sums[0][j][e] = (float)(row + e / 2 * 8) - (float)(j * 8 + column + e % 2);
    wgmma_sums(sums);
    wgmma_fence();
    wgmma_m64k16_bf16(sums[0], a, b);
    wgmma_commit();
    // The second half of k, in a group of its own.
    wgmma_m64k16_bf16(sums[0], a.at(2 * 1056), b.at(2 * 2064));
    wgmma_commit();
    wgmma_wait<1>();
    wgmma_wait<0>();
    wgmma_sums(sums);
    #pragma unroll
    for (int j = 0; j < N / 8; j++)
        #pragma unroll
        for (int e = 0; e < 4; e++) d[(row + e / 2 * 8) * N + j * 8 + column + e % 2] = sums[0][j][e];
}

#endif

// a: 64×32, b: 128×32, row by row. d: row - column + a · bᵀ for the first 32, 64 and 128 rows of b.
extern "C" __global__ void __launch_bounds__(128) probe_wgmma(const unsigned short* a, const unsigned short* b, float* d)
{
    wait_for_earlier_launches();
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
    // Planes of 8 k each; those of a are 2 chunks apart from what the rows would be.
    __shared__ __align__(128) unsigned char planes_a[4 * 1056];
    __shared__ __align__(128) unsigned char planes_b[4 * 2064];
    for (int i = opaque((int)threadIdx.x); i < 64 * 32; i += 128)
        *reinterpret_cast<unsigned short*>(planes_a + i % 32 / 8 * 1056 + i / 32 * 16 + i % 8 * 2) = a[i];
    for (int i = threadIdx.x; i < 128 * 32; i += 128)
        *reinterpret_cast<unsigned short*>(planes_b + i % 32 / 8 * 2064 + i / 32 * 16 + i % 8 * 2) = b[i];
    fence_shared_for_wgmma();
    __syncthreads();
    const SharedMatrix matrix_a = shared_matrix(planes_a, 1056, 128), matrix_b = shared_matrix(planes_b, 2064, 128);
    probe_wgmma_columns<32>(matrix_a, matrix_b, d);
    probe_wgmma_columns<64>(matrix_a, matrix_b, d + 64 * 32);
    probe_wgmma_columns<128>(matrix_a, matrix_b, d + 64 * 96);
#endif
}
