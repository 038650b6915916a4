// C[m×n] = A[m×k] · B[k×n]: bf16 in, float32 out. A block of 4 warps makes a 64×64 tile in steps of 32 along k, with two
// stages of cp.async; a warp makes 32×32 of it as 2×4 tiles of mma.m16n8k16. k and n are multiples of 8.
__device__ __forceinline__ void load_stage(
    unsigned short (&tile_a)[64][40], unsigned short (&tile_b)[32][72],
    const unsigned short* __restrict__ a, const unsigned short* __restrict__ b, int m, int n, int k, int row0, int column0, int k0)
{
    #pragma unroll
    for (int i = 0; i < 2; i++)
    {
        const int chunk = threadIdx.x + i * 128;
        const int row = chunk >> 2, ka = (chunk & 3) * 8;
        const bool inside_a = row0 + row < m && k0 + ka < k;
        cp_async_16_zfill(&tile_a[row][ka], inside_a ? a + (row0 + row) * k + k0 + ka : a, inside_a ? 16u : 0u);
        const int kb = chunk >> 3, column = (chunk & 7) * 8;
        const bool inside_b = k0 + kb < k && column0 + column < n;
        cp_async_16_zfill(&tile_b[kb][column], inside_b ? b + (k0 + kb) * n + column0 + column : b, inside_b ? 16u : 0u);
    }
    cp_async_commit();
}

extern "C" __global__ void __launch_bounds__(128) mma_tile(
    const unsigned short* __restrict__ a, const unsigned short* __restrict__ b, float* __restrict__ c, int m, int n, int k)
{
    __shared__ __align__(16) unsigned short tile_a[2][64][40];
    __shared__ __align__(16) unsigned short tile_b[2][32][72];
    const int lane = threadIdx.x & 31;
    const int warp = threadIdx.x >> 5;
    const int row0 = blockIdx.y * 64, column0 = blockIdx.x * 64;
    const int warp_row = (warp >> 1) * 32, warp_column = (warp & 1) * 32;
    float acc[2][4][4] = {};

    load_stage(tile_a[0], tile_b[0], a, b, m, n, k, row0, column0, 0);
    int stage = 0;
    for (int k0 = 0; k0 < k; k0 += 32)
    {
        if (k0 + 32 < k)
        {
            load_stage(tile_a[stage ^ 1], tile_b[stage ^ 1], a, b, m, n, k, row0, column0, k0 + 32);
            cp_async_wait<1>();
        }
        else
        {
            cp_async_wait<0>();
        }
        __syncthreads();
        #pragma unroll
        for (int kk = 0; kk < 32; kk += 16)
        {
            unsigned fa[2][4], fb[4][2];
            #pragma unroll
            for (int i = 0; i < 2; i++)
                ldmatrix_x4(fa[i][0], fa[i][1], fa[i][2], fa[i][3], &tile_a[stage][warp_row + i * 16 + (lane & 15)][kk + (lane >> 4) * 8]);
            #pragma unroll
            for (int j = 0; j < 4; j += 2)
                ldmatrix_x4_trans(fb[j][0], fb[j][1], fb[j + 1][0], fb[j + 1][1], &tile_b[stage][kk + (lane & 15)][warp_column + j * 8 + (lane >> 4) * 8]);
            #pragma unroll
            for (int i = 0; i < 2; i++)
                #pragma unroll
                for (int j = 0; j < 4; j++)
                    mma_m16n8k16_bf16(acc[i][j], fa[i][0], fa[i][1], fa[i][2], fa[i][3], fb[j][0], fb[j][1]);
        }
        __syncthreads();
        stage ^= 1;
    }
    #pragma unroll
    for (int i = 0; i < 2; i++)
        #pragma unroll
        for (int j = 0; j < 4; j++)
            #pragma unroll
            for (int r = 0; r < 4; r++)
            {
                const int row = row0 + warp_row + i * 16 + (lane >> 2) + (r >> 1) * 8;
                const int column = column0 + warp_column + j * 8 + (lane & 3) * 2 + (r & 1);
                if (row < m && column < n) c[row * n + column] = acc[i][j][r];
            }
}
