// needs: device_functions.cu vectors.cu
// The register tile of every dense convolution: a warp multiplies MT·16 rows (pixels) by NT·8 columns (channels) out of shared
// memory. Three forms with one layout of shared memory and of accumulators: bf16 tensor cores, float as 3×TF32, float as FFMA.
//
// Shared memory is counted in chunks of 16 bytes (8 bf16, 4 floats) and k in steps of 32 bytes: one m16n8k16 in bf16, one m16n8k8 in
// tf32. ldmatrix moves 16-byte rows of 4-byte values as well as of 2-byte ones, and a tf32 fragment is what it delivers.
// B is kept in fragment order: blocks of 512 bytes for 16 columns × one step, of which lane l reads its 16 bytes at unit
// l ^ (l >> 3): columns g and g + 8 of its k. Any permutation serves the tensor cores; this one also keeps the FFMA form, which
// reads columns 2t of one k in four lanes at once, off equal banks.

#if defined(FOCALNET_STRICT) && FOCALNET_STRICT
#define FOCALNET_FFMA 1
#elif __CUDA_ARCH__ >= 800
#define FOCALNET_FFMA 0
#else
#define FOCALNET_FFMA 1
#endif

// A group of four warps multiplies straight out of shared memory, on the one generation that has wgmma.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define FOCALNET_WARPGROUPS 1
#else
#define FOCALNET_WARPGROUPS 0
#endif

// Channels of one chunk.
template <class T> struct Chunk { static constexpr int channels = 16 / (int)sizeof(T); };

__host__ __device__ constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }

// Bytes to a chunk of a tile with rows of 2, 4, 8 or more chunks, a power of two: 8 neighbouring rows at one chunk (what ldmatrix reads at
// a time) lie in 8 different groups of 4 banks, and so do the chunks of one row (what cp.async writes).
template <int RowChunks>
__device__ __forceinline__ int swizzled(int row, int chunk)
{
    constexpr int rows_of_a_line = RowChunks >= 8 ? 1 : 8 / RowChunks;
    return (row * RowChunks + (chunk ^ ((row / rows_of_a_line) & (smaller_of(RowChunks, 8) - 1)))) * 16;
}

// Where A's rows are: at(row, chunk, half) is the address of chunk + half of a row, with an even chunk that is known when the text is
// compiled. Here they lie one below the other, from `first` on.
template <int RowChunks>
struct TileRows
{
    const unsigned char* tile;
    int first;
    __device__ __forceinline__ const unsigned char* at(int row, int chunk, int half) const { return tile + swizzled<RowChunks>(first + row, chunk + half); }
};

// The fragments of one step's blocks of B, for NT · 8 columns: fb from `first` on.
template <int NT, int Columns>
__device__ __forceinline__ void load_columns(unsigned (&fb)[Columns][2], int first, const unsigned char* b, int lane)
{
    #pragma unroll
    for (int j = 0; j < NT; j += 2)
    {
        const uint4 v = *reinterpret_cast<const uint4*>(b + j * 256 + (lane ^ (lane >> 3)) * 16);
        fb[first + j][0] = v.x; fb[first + j][1] = v.y; fb[first + j + 1][0] = v.z; fb[first + j + 1][1] = v.w;
    }
}

// acc += A · B for one step: the step's first chunk of A, and the step's blocks of B.
template <int MT, int NT, class Rows>
__device__ __forceinline__ void multiply_bf16(float (&acc)[MT][NT][4], const Rows& rows, int chunk, const unsigned char* b, int lane)
{
#if __CUDA_ARCH__ >= 800
    unsigned fb[NT][2];
    load_columns<NT>(fb, 0, b, lane);
    #pragma unroll
    for (int i = 0; i < MT; i++)
    {
        unsigned fa[4];
        ldmatrix_x4(fa[0], fa[1], fa[2], fa[3], rows.at(i * 16 + (lane & 15), chunk, lane >> 4));
        #pragma unroll
        for (int j = 0; j < NT; j++) mma_m16n8k16_bf16(acc[i][j], fa[0], fa[1], fa[2], fa[3], fb[j][0], fb[j][1]);
    }
#endif
}

// x = big + small, but for the last bit: big is x rounded to 11 bits, small has the 11 behind it, and the product leaves out small · small alone.
// The tensor cores ignore the 13 low bits. By hand, for cvt.rna.tf32 takes five instructions, two of which look for infinity and NaN: of NaN
// big may be zero here, but small is NaN, and so is the sum.
__device__ __forceinline__ void split_tf32(unsigned bits, unsigned& big, unsigned& small)
{
    big = (bits + 0x1000u) & 0xffffe000u;
    small = __float_as_uint(__uint_as_float(bits) - __uint_as_float(big));
}

template <int NT>
__device__ __forceinline__ void load_split_columns(unsigned (&big)[NT][2], unsigned (&small)[NT][2], const unsigned char* b, int lane)
{
    unsigned fb[NT][2];
    load_columns<NT>(fb, 0, b, lane);
    #pragma unroll
    for (int j = 0; j < NT; j++)
        #pragma unroll
        for (int r = 0; r < 2; r++) split_tf32(fb[j][r], big[j][r], small[j][r]);
}

// Fragment i of A with all of B. The small products first; NT independent sums lie between two steps of one sum.
template <int MT, int NT>
__device__ __forceinline__ void multiply_split(
    float (&acc)[MT][NT][4], int i, const unsigned (&big)[4], const unsigned (&small)[4], const unsigned (&big_b)[NT][2], const unsigned (&small_b)[NT][2])
{
#if __CUDA_ARCH__ >= 800
    #pragma unroll
    for (int j = 0; j < NT; j++) mma_m16n8k8_tf32(acc[i][j], small[0], small[1], small[2], small[3], big_b[j][0], big_b[j][1]);
    #pragma unroll
    for (int j = 0; j < NT; j++) mma_m16n8k8_tf32(acc[i][j], big[0], big[1], big[2], big[3], small_b[j][0], small_b[j][1]);
    #pragma unroll
    for (int j = 0; j < NT; j++) mma_m16n8k8_tf32(acc[i][j], big[0], big[1], big[2], big[3], big_b[j][0], big_b[j][1]);
#endif
}

template <int MT, int NT, class Rows>
__device__ __forceinline__ void multiply_tf32(float (&acc)[MT][NT][4], const Rows& rows, int chunk, const unsigned char* b, int lane)
{
    unsigned big_b[NT][2], small_b[NT][2];
    load_split_columns(big_b, small_b, b, lane);
    #pragma unroll
    for (int i = 0; i < MT; i++)
    {
        unsigned fa[4], big[4], small[4];
        ldmatrix_x4(fa[0], fa[1], fa[2], fa[3], rows.at(i * 16 + (lane & 15), chunk, lane >> 4));
        #pragma unroll
        for (int r = 0; r < 4; r++) split_tf32(fa[r], big[r], small[r]);
        multiply_split(acc, i, big, small, big_b, small_b);
    }
}

// The accumulators of a lane are those of the tensor cores: rows g and g + 8, columns 2t and 2t + 1 of each 16×8 tile.
template <int MT, int NT, class Rows>
__device__ __forceinline__ void multiply_ffma(float (&acc)[MT][NT][4], const Rows& rows, int chunk, const unsigned char* b, int lane)
{
    const int g = lane >> 2, t = lane & 3;
    #pragma unroll
    for (int i = 0; i < MT; i++)
    {
        // Row g + 8·h, k: eight values of each row, in two chunks.
        float a[2][8];
        #pragma unroll
        for (int h = 0; h < 2; h++)
        {
            const float4 low = *reinterpret_cast<const float4*>(rows.at(i * 16 + h * 8 + g, chunk, 0));
            const float4 high = *reinterpret_cast<const float4*>(rows.at(i * 16 + h * 8 + g, chunk, 1));
            a[h][0] = low.x; a[h][1] = low.y; a[h][2] = low.z; a[h][3] = low.w;
            a[h][4] = high.x; a[h][5] = high.y; a[h][6] = high.z; a[h][7] = high.w;
        }
        #pragma unroll
        for (int k = 0; k < 4; k++)
            #pragma unroll
            for (int j = 0; j < NT; j += 2)
                #pragma unroll
                for (int e = 0; e < 2; e++)
                {
                    // Column 2t + e, then the one 8 on: each at k and k + 4.
                    const float4 v = *reinterpret_cast<const float4*>(b + j * 256 + ((t * 8 + e * 4 + k) ^ t) * 16);
                    #pragma unroll
                    for (int h = 0; h < 2; h++)
                    {
                        acc[i][j][h * 2 + e] = fmaf(a[h][k + 4], v.y, fmaf(a[h][k], v.x, acc[i][j][h * 2 + e]));
                        acc[i][j + 1][h * 2 + e] = fmaf(a[h][k + 4], v.w, fmaf(a[h][k], v.z, acc[i][j + 1][h * 2 + e]));
                    }
                }
    }
}

template <class T, int MT, int NT, class Rows>
__device__ __forceinline__ void multiply_step(float (&acc)[MT][NT][4], const Rows& rows, int chunk, const unsigned char* b, int lane)
{
    if constexpr (sizeof(T) == 2) multiply_bf16(acc, rows, chunk, b, lane);
#if FOCALNET_FFMA
    else multiply_ffma(acc, rows, chunk, b, lane);
#else
    else multiply_tf32(acc, rows, chunk, b, lane);
#endif
}

// The pixel that a row of a tile stands for; pixel is negative where the row lies outside of the picture.
struct __align__(16) Place { int pixel, image, y, x; };

// Hands channels to the body; Channels are written in all, which V need not divide.
template <int V, int Channels, class Body>
__device__ __forceinline__ void apply_channels(Body& body, float (&value)[V], const Place& place, int channel)
{
    if constexpr (Channels % V == 0)
    {
        if (place.pixel >= 0 && channel < Channels) body.template apply<V>(value, place.pixel, place.image, place.y, place.x, channel);
    }
    else
    {
        #pragma unroll
        for (int e = 0; e < V; e++)
        {
            float one[1] = { value[e] };
            if (place.pixel >= 0 && channel + e < Channels) body.template apply<1>(one, place.pixel, place.image, place.y, place.x, channel + e);
        }
    }
}

// The packed weights of 32 written channels have channel 8t + 2j + e in column 2t + e of the j-th group of 8 columns, so that a lane has 8 neighbouring
// channels of a pixel in its accumulators, and nothing is exchanged between lanes. 16 that are left over at the end have 4t + 2j + e there.
template <int Count, int NT>
__device__ __forceinline__ void channels_of_lane(float (&v)[Count], const float (&acc)[NT][4], int j, int h)
{
    #pragma unroll
    for (int e = 0; e < Count; e++) v[e] = acc[j + e / 2][h * 2 + e % 2];
}

// Whether a block of 16 columns is one of a pair: all but the last of an odd number.
template <int Channels>
__device__ __forceinline__ bool is_paired(int block)
{
    constexpr int blocks = ceil_div(Channels, 16);
    return blocks % 2 == 0 || block < blocks - 1;
}

// 4 channels of a pixel that a lane has in a block of 16 columns: half of the pair's 8, or those of a block that is left over.
template <int Channels, int NT, class Body>
__device__ __forceinline__ void finish_block(Body& body, const float (&acc)[NT][4], int j, int h, const Place& place, int column, int t)
{
    float v[4];
    channels_of_lane(v, acc, j, h);
    apply_channels<4, Channels>(body, v, place, is_paired<Channels>(column / 16) ? column / 32 * 32 + t * 8 + column / 16 % 2 * 4 : column + t * 4);
}

// Rows and columns of the accumulators through the body, as 8 neighbouring channels of a pixel, or 4 of what is left over. Of more than 16 columns
// the first one is a multiple of 32.
template <int Channels, int MT, int NT, class Body, class Places>
__device__ __forceinline__ void finish_tile(Body& body, const float (&acc)[MT][NT][4], const Places& places, int first_channel, int lane)
{
    const int g = lane >> 2, t = lane & 3;
    #pragma unroll
    for (int i = 0; i < MT; i++)
        #pragma unroll
        for (int h = 0; h < 2; h++)
        {
            const Place place = places.at(i * 16 + h * 8 + g);
            constexpr int quads = NT / 4 * 4;
            #pragma unroll
            for (int j = 0; j < quads; j += 4)
            {
                if (is_paired<Channels>(first_channel / 16 + j / 2))
                {
                    float v[8];
                    channels_of_lane(v, acc[i], j, h);
                    apply_channels<8, Channels>(body, v, place, first_channel + (j + t) * 8);
                }
                else finish_block<Channels>(body, acc[i], j, h, place, first_channel + j * 8, t);
            }
            if constexpr (NT % 4 != 0) finish_block<Channels>(body, acc[i], quads, h, place, first_channel + quads * 8, t);
        }
}

// Places in a table of shared memory.
struct PlaceTable
{
    const Place* table;
    int first;
    __device__ __forceinline__ Place at(int row) const { return table[first + row]; }
};
