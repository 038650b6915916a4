// needs: gemm_tile.cu sources.cu
// The gradient of a dense convolution's weights as a GEMM whose k are pixels: rows are output channels, columns are (tap, input channel).
// Both operands lie in memory as pixels × channels, so that k is the row of a tile: ldmatrix transposes on the way to bf16 fragments, and
// float fragments are read one value a lane. The pixels are cut into a number of parts that is fixed in the plan. Each part
// writes its sums to a place of its own and finish.cu adds them in order: the bits depend on no GPU and no schedule.
// The gradient of the bias is one more column: dy times ones.

// TileO × TileI of the result for Pixels of k a stage. WarpsM × WarpsN warps share the tile, WarpsK (a power of two) such groups the steps of
// k: narrow layers have no more tiles than one warp's.
template <int TileO_, int TileI_, int Pixels_, int Stages_, int WarpsM_, int WarpsN_, int WarpsK_>
struct GradientTile
{
    static constexpr int TileO = TileO_, TileI = TileI_, Pixels = Pixels_, Stages = Stages_, WarpsM = WarpsM_, WarpsN = WarpsN_, WarpsK = WarpsK_;
    static constexpr int threads = 32 * WarpsM * WarpsN * WarpsK;
    static constexpr int warp_rows = TileO / WarpsM, warp_columns = TileI / WarpsN;
    // Rows of a tile are padded: in bf16 by 16 bytes, which makes their length an odd number of 16 bytes, so that the 8 rows of one ldmatrix
    // meet 8 different groups of banks; in float by 32 bytes, which puts rows t at 8t (or 24t) banks, so that the 4 × 8 values of a fragment
    // meet all 32.
    template <class T> __host__ __device__ static constexpr int padding() { return sizeof(T) == 2 ? 16 : 32; }
    template <class T> __host__ __device__ static constexpr int row_o() { return TileO * (int)sizeof(T) + padding<T>(); }
    template <class T> __host__ __device__ static constexpr int row_i() { return TileI * (int)sizeof(T) + padding<T>(); }
    // Dynamic shared memory of a block in bytes.
    template <class T> __host__ __device__ static constexpr int shared_bytes()
    {
        // The other half of the groups leaves its sums here when the pixels are through.
        return larger_of(Stages * Pixels * (row_o<T>() + row_i<T>() + 16), WarpsK / 2 * TileO * (TileI * 4 + WarpsN * 32));
    }
    static_assert(warp_rows % 16 == 0 && warp_columns % 16 == 0, "a warp computes multiples of 16×16");
};

template <int Outputs_, int Inputs_, int KernelH_, int KernelW_, int Stride_, int Padding_, int Dilation_>
struct GradientShape
{
    static constexpr int Outputs = Outputs_, Inputs = Inputs_, KernelH = KernelH_, KernelW = KernelW_;
    static constexpr int Stride = Stride_, Padding = Padding_, Dilation = Dilation_;
    static constexpr int taps = KernelH * KernelW, weights = Outputs * taps * Inputs;
};

// One step of k from rows of pixels: 16 pixels in bf16, 8 in float. `ones` sums the rows of A besides.
template <int MT, int NT>
__device__ __forceinline__ void multiply_pixels_bf16(
    float (&acc)[MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, int row_a, const unsigned char* b, int row_b, int lane)
{
#if __CUDA_ARCH__ >= 800
    unsigned fb[NT][2];
    #pragma unroll
    for (int j = 0; j < NT; j += 2)
        ldmatrix_x4_trans(fb[j][0], fb[j][1], fb[j + 1][0], fb[j + 1][1], b + (lane & 15) * row_b + (j * 8 + (lane >> 4) * 8) * 2);
    #pragma unroll
    for (int i = 0; i < MT; i++)
    {
        unsigned fa[4];
        ldmatrix_x4_trans(fa[0], fa[1], fa[2], fa[3], a + ((lane & 7) + (lane >> 4) * 8) * row_a + (i * 16 + (lane & 8)) * 2);
        #pragma unroll
        for (int j = 0; j < NT; j++) mma_m16n8k16_bf16(acc[i][j], fa[0], fa[1], fa[2], fa[3], fb[j][0], fb[j][1]);
        if (ones) mma_m16n8k16_bf16(sums[i], fa[0], fa[1], fa[2], fa[3], 0x3f803f80u, 0x3f803f80u);
    }
#endif
}

template <int MT, int NT>
__device__ __forceinline__ void multiply_pixels_tf32(
    float (&acc)[MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, int row_a, const unsigned char* b, int row_b, int lane)
{
#if __CUDA_ARCH__ >= 800
    const int g = lane >> 2, t = lane & 3;
    unsigned big_b[NT][2], small_b[NT][2];
    #pragma unroll
    for (int j = 0; j < NT; j++)
        #pragma unroll
        for (int r = 0; r < 2; r++)
            split_tf32(*reinterpret_cast<const unsigned*>(b + (t + r * 4) * row_b + (j * 8 + g) * 4), big_b[j][r], small_b[j][r]);
    #pragma unroll
    for (int i = 0; i < MT; i++)
    {
        unsigned big[4], small[4];
        #pragma unroll
        for (int r = 0; r < 4; r++)
            split_tf32(*reinterpret_cast<const unsigned*>(a + (t + r / 2 * 4) * row_a + (i * 16 + g + r % 2 * 8) * 4), big[r], small[r]);
        #pragma unroll
        for (int j = 0; j < NT; j++) mma_m16n8k8_tf32(acc[i][j], small[0], small[1], small[2], small[3], big_b[j][0], big_b[j][1]);
        #pragma unroll
        for (int j = 0; j < NT; j++) mma_m16n8k8_tf32(acc[i][j], big[0], big[1], big[2], big[3], small_b[j][0], small_b[j][1]);
        #pragma unroll
        for (int j = 0; j < NT; j++) mma_m16n8k8_tf32(acc[i][j], big[0], big[1], big[2], big[3], big_b[j][0], big_b[j][1]);
        if (ones)
        {
            const unsigned one = 0x3f800000u;
            mma_m16n8k8_tf32(sums[i], small[0], small[1], small[2], small[3], one, one);
            mma_m16n8k8_tf32(sums[i], big[0], big[1], big[2], big[3], one, one);
        }
    }
#endif
}

template <int MT, int NT>
__device__ __forceinline__ void multiply_pixels_ffma(
    float (&acc)[MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, int row_a, const unsigned char* b, int row_b, int lane)
{
    const int g = lane >> 2, t = lane & 3;
    #pragma unroll
    for (int k = 0; k < 8; k++)
    {
        float2 fb[NT];
        #pragma unroll
        for (int j = 0; j < NT; j++) fb[j] = *reinterpret_cast<const float2*>(b + k * row_b + (j * 8 + t * 2) * 4);
        #pragma unroll
        for (int i = 0; i < MT; i++)
            #pragma unroll
            for (int h = 0; h < 2; h++)
            {
                const float fa = *reinterpret_cast<const float*>(a + k * row_a + (i * 16 + h * 8 + g) * 4);
                #pragma unroll
                for (int j = 0; j < NT; j++)
                {
                    acc[i][j][h * 2] = fmaf(fa, fb[j].x, acc[i][j][h * 2]);
                    acc[i][j][h * 2 + 1] = fmaf(fa, fb[j].y, acc[i][j][h * 2 + 1]);
                }
                if (ones) sums[i][h * 2] += fa;
            }
    }
}

template <class T, int MT, int NT>
__device__ __forceinline__ void multiply_pixels(
    float (&acc)[MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, int row_a, const unsigned char* b, int row_b, int lane)
{
    if constexpr (sizeof(T) == 2) multiply_pixels_bf16(acc, sums, ones, a, row_a, b, row_b, lane);
#if FOCALNET_FFMA
    else multiply_pixels_ffma(acc, sums, ones, a, row_a, b, row_b, lane);
#else
    else multiply_pixels_tf32(acc, sums, ones, a, row_a, b, row_b, lane);
#endif
}

// Brings one slab: dy of its pixels and, for each column of the tile, x under its tap.
template <class T, class Shape, class Tile, class GradientSource, class InputSource>
__device__ __forceinline__ void bring_pixels(unsigned char* stage, const Place* places, const GradientSource& dy, const InputSource& x, int tile_o, int tile_i)
{
    constexpr int channels = Chunk<T>::channels, chunks_o = Tile::TileO / channels, chunks_i = Tile::TileI / channels;
    #pragma unroll
    for (int i = 0; i < ceil_div(Tile::Pixels * chunks_o, Tile::threads); i++)
    {
        const int unit = threadIdx.x + i * Tile::threads;
        if (unit >= Tile::Pixels * chunks_o) continue;
        const int row = unit / chunks_o, column = unit % chunks_o, channel = tile_o * Tile::TileO + column * channels;
        const Place place = places[row];
        void* shared = stage + row * Tile::template row_o<T>() + column * 16;
        bring_chunk<T, Shape::Outputs>(shared, dy, place.pixel >= 0 && channel < Shape::Outputs, place.image, place.y, place.x, channel);
    }
    unsigned char* input_tile = stage + Tile::Pixels * Tile::template row_o<T>();
    constexpr int tap_chunks = ceil_div(Shape::Inputs, channels);
    #pragma unroll
    for (int i = 0; i < ceil_div(Tile::Pixels * chunks_i, Tile::threads); i++)
    {
        const int unit = threadIdx.x + i * Tile::threads;
        if (unit >= Tile::Pixels * chunks_i) continue;
        const int row = unit / chunks_i, column = unit % chunks_i, index = tile_i * chunks_i + column;
        const int tap = index / tap_chunks, channel = index % tap_chunks * channels;
        const Place place = places[row];
        const int iy = place.y * Shape::Stride - Shape::Padding + tap / Shape::KernelW * Shape::Dilation;
        const int ix = place.x * Shape::Stride - Shape::Padding + tap % Shape::KernelW * Shape::Dilation;
        const bool inside = place.pixel >= 0 && tap < Shape::taps && (unsigned)iy < (unsigned)x.height && (unsigned)ix < (unsigned)x.width;
        bring_chunk<T, Shape::Inputs>(input_tile + row * Tile::template row_i<T>() + column * 16, x, inside, place.image, iy, ix, channel);
    }
}

// One slab into its stage, as one group of copies; an empty group from `end` on.
template <class T, class Shape, class Tile, class GradientSource, class InputSource>
__device__ __forceinline__ void bring_pixel_slab(
    unsigned char* stages, const Place* places, int slab, int end, const GradientSource& dy, const InputSource& x, int tile_o, int tile_i)
{
    constexpr int slab_bytes = Tile::Pixels * (Tile::template row_o<T>() + Tile::template row_i<T>());
    const int stage = slab % Tile::Stages;
    if (slab < end) bring_pixels<T, Shape, Tile>(stages + stage * slab_bytes, places + stage * Tile::Pixels, dy, x, tile_o, tile_i);
    cp_async_commit();
}

// The pixels of a slab, whose coordinates are divided out once and not once a chunk; none from `end` on.
template <class Tile>
__device__ __forceinline__ void write_pixels(Place* places, int slab, int end, int images, int height, int width)
{
    for (int row = threadIdx.x; row < Tile::Pixels; row += Tile::threads)
    {
        const int pixel = slab * Tile::Pixels + row, image = pixel / (height * width), within = pixel - image * (height * width);
        places[row] = { slab < end && image < images ? pixel : -1, image, within / width, within % width };
    }
}

// Adds up the accumulators of the groups that shared k, in a tree: what the upper half of them has goes through shared memory, each
// register in 32 neighbouring lanes, until the first group has all.
template <class Tile, int MT, int NT>
__device__ __forceinline__ void add_groups(float (&acc)[MT][NT][4], float (&sums)[MT][4], unsigned char* shared, int group, int warp, int lane)
{
    constexpr int registers = MT * NT * 4 + MT * 4, warps = Tile::WarpsM * Tile::WarpsN;
    #pragma unroll 1
    for (int half = Tile::WarpsK / 2; half != 0; half /= 2)
    {
        // What was read here, tiles or the sums of the last round, is read.
        __syncthreads();
        float* mine = reinterpret_cast<float*>(shared) + (group % half * warps + warp) * registers * 32 + lane;
        if (group / half == 1)
        {
            #pragma unroll
            for (int i = 0; i < MT; i++)
                #pragma unroll
                for (int r = 0; r < 4; r++)
                {
                    #pragma unroll
                    for (int j = 0; j < NT; j++) mine[((i * NT + j) * 4 + r) * 32] = acc[i][j][r];
                    mine[((MT * NT + i) * 4 + r) * 32] = sums[i][r];
                }
        }
        __syncthreads();
        if (group / half == 0)
        {
            #pragma unroll
            for (int i = 0; i < MT; i++)
                #pragma unroll
                for (int r = 0; r < 4; r++)
                {
                    #pragma unroll
                    for (int j = 0; j < NT; j++) acc[i][j][r] += mine[((i * NT + j) * 4 + r) * 32];
                    sums[i][r] += mine[((MT * NT + i) * 4 + r) * 32];
                }
        }
    }
}

// Blocks of a weight gradient: parts of the pixels × tiles over output channels × tiles over taps · channels read (filled up to whole
// chunks), the last running fastest.
template <class T, class Shape, class Tile>
__host__ __device__ constexpr int gradient_blocks(int parts)
{
    return parts * ceil_div(Shape::Outputs, Tile::TileO) * ceil_div(Shape::taps * ceil_div(Shape::Inputs, Chunk<T>::channels) * Chunk<T>::channels, Tile::TileI);
}

// Partial sums of one tile over one of Parts parts of the pixels. A part has Shape::weights values in the order OHWI, parts lie
// one behind the other; with Bias the parts' sums of dy do so in bias_partials, Shape::Outputs each. images, height and width are those of dy. Tile::threads threads,
// Tile::shared_bytes<T>() of shared memory.
template <class T, class Shape, class Tile, int Parts, bool Bias, class GradientSource, class InputSource>
__device__ __forceinline__ void weight_gradient(
    const GradientSource& dy, const InputSource& x, float* partials, float* bias_partials, int images, int height, int width, int block, unsigned char* shared)
{
    constexpr int tiles_o = ceil_div(Shape::Outputs, Tile::TileO), tiles_i = gradient_blocks<T, Shape, Tile>(1) / tiles_o;
    const int tile_i = block % tiles_i, tile_o = block / tiles_i % tiles_o, part = block / (tiles_i * tiles_o);
    constexpr int MT = Tile::warp_rows / 16, NT = Tile::warp_columns / 8, step = sizeof(T) == 2 ? 16 : 8;
    constexpr int row_o = Tile::template row_o<T>(), row_i = Tile::template row_i<T>(), slab_bytes = Tile::Pixels * (row_o + row_i);
    Place* places = reinterpret_cast<Place*>(shared + Tile::Stages * slab_bytes);
    constexpr int group_warps = Tile::WarpsM * Tile::WarpsN;
    static_assert(Tile::Pixels % (step * Tile::WarpsK) == 0, "every group has the same steps of a slab");
    const int lane = threadIdx.x & 31, group = (threadIdx.x >> 5) / group_warps, warp = (threadIdx.x >> 5) % group_warps;
    const int first_row = warp % Tile::WarpsM * Tile::warp_rows, first_column = warp / Tile::WarpsM * Tile::warp_columns;
    const bool ones = Bias && tile_i == 0 && first_column == 0;

    const int slabs = (images * height * width + Tile::Pixels - 1) / Tile::Pixels;
    const int begin = (int)((long long)slabs * part / Parts), end = (int)((long long)slabs * (part + 1) / Parts);
    float acc[MT][NT][4] = {}, sums[MT][4] = {};
    #pragma unroll 1
    for (int slab = begin; slab < begin + Tile::Stages; slab++)
        write_pixels<Tile>(places + slab % Tile::Stages * Tile::Pixels, slab, end, images, height, width);
    __syncthreads();
    #pragma unroll 1
    for (int slab = begin; slab < begin + Tile::Stages - 1; slab++) bring_pixel_slab<T, Shape, Tile>(shared, places, slab, end, dy, x, tile_o, tile_i);

    for (int slab = begin; slab < end; slab++)
    {
        cp_async_wait<Tile::Stages - 2>();
        // Shows everybody's copies and the table of the slab that is brought now, and that nobody reads what they overwrite.
        __syncthreads();
        bring_pixel_slab<T, Shape, Tile>(shared, places, slab + Tile::Stages - 1, end, dy, x, tile_o, tile_i);
        write_pixels<Tile>(places + slab % Tile::Stages * Tile::Pixels, slab + Tile::Stages, end, images, height, width);
        const unsigned char* a = shared + slab % Tile::Stages * slab_bytes + first_row * (int)sizeof(T);
        const unsigned char* b = shared + slab % Tile::Stages * slab_bytes + Tile::Pixels * row_o + first_column * (int)sizeof(T);
        #pragma unroll
        for (int k = 0; k < Tile::Pixels; k += step * Tile::WarpsK)
            multiply_pixels<T>(acc, sums, ones, a + (k + group * step) * row_o, row_o, b + (k + group * step) * row_i, row_i, lane);
    }
    if constexpr (Tile::WarpsK != 1) add_groups<Tile>(acc, sums, shared, group, warp, lane);
    if (group != 0) return;

    constexpr int tap_channels = ceil_div(Shape::Inputs, Chunk<T>::channels) * Chunk<T>::channels;
    const int g = lane >> 2, t = lane & 3;
    float* mine = partials + (long long)part * Shape::weights;
    #pragma unroll
    for (int i = 0; i < MT; i++)
        #pragma unroll
        for (int h = 0; h < 2; h++)
        {
            const int o = tile_o * Tile::TileO + first_row + i * 16 + h * 8 + g;
            #pragma unroll
            for (int j = 0; j < NT; j++)
                #pragma unroll
                for (int e = 0; e < 2; e++)
                {
                    const int column = tile_i * Tile::TileI + first_column + j * 8 + t * 2 + e, tap = column / tap_channels, channel = column % tap_channels;
                    if (o < Shape::Outputs && tap < Shape::taps && channel < Shape::Inputs)
                        mine[(o * Shape::taps + tap) * Shape::Inputs + channel] = acc[i][j][h * 2 + e];
                }
            if (ones && t == 0 && o < Shape::Outputs) bias_partials[part * Shape::Outputs + o] = sums[i][h * 2];
        }
}
