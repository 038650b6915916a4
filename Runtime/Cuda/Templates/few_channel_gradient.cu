// needs: weight_gradient.cu arithmetic.cu
// The gradient of a dense convolution's weights where it reads few channels, such as a picture's three: columns of the product are taps × channels, side by
// side as they lie in the weights, so that 27 of them fill the tensor cores that three would leave empty. Rows are output channels, k are pixels. x lies
// in shared memory as float and in the order of memory, so that cp.async brings it whatever the products are of: a column is a place beside a pixel's, which each lane
// knows before the loop, and what the four lanes of a column and the eight columns of a fragment read lies close together, on different banks.

// TileO output channels × TileC columns, out of tiles of TileH × TileW pixels of dy, Stages of them in shared memory. WarpsM warps share the output channels, WarpsK
// (a power of two) such groups the steps of k.
template <class T, class Shape_, int TileO_, int TileC_, int TileH_, int TileW_, int Stages_, int WarpsM_, int WarpsK_>
struct FewChannelTile
{
    typedef T Element;
    typedef Shape_ Shape;
    static constexpr int TileO = TileO_, TileC = TileC_, TileH = TileH_, TileW = TileW_, Stages = Stages_;
    static constexpr int WarpsM = WarpsM_, WarpsN = 1, WarpsK = WarpsK_, threads = 32 * WarpsM * WarpsK;
    static constexpr int MT = TileO / WarpsM / 16, NT = TileC / 8, columns = Shape::KernelH * Shape::KernelW * Shape::Inputs;
    // Pixels of a step of k; steps lie within a row.
    static constexpr int step = sizeof(T) == 2 ? 16 : 8, row_steps = TileW / step, steps = TileH * row_steps;
    static constexpr int InH = (TileH - 1) * Shape::Stride + (Shape::KernelH - 1) * Shape::Dilation + 1;
    static constexpr int InW = (TileW - 1) * Shape::Stride + (Shape::KernelW - 1) * Shape::Dilation + 1;
    // Bytes of a pixel of dy, padded as in weight_gradient.cu; floats of a row of x, and of a step to the next pixel.
    static constexpr int row_o = TileO * (int)sizeof(T) + (sizeof(T) == 2 ? 16 : 32), row_i = InW * Shape::Inputs, pixel_i = Shape::Stride * Shape::Inputs;
    static constexpr int gradient_bytes = TileH * TileW * row_o, stage = gradient_bytes + (InH * row_i + 3) / 4 * 16;
    // The other half of the groups leaves its sums here when the pixels are through.
    static constexpr int shared_bytes = larger_of(Stages * stage, WarpsK / 2 * WarpsM * MT * (NT + 1) * 512);
    static_assert(TileO % (16 * WarpsM) == 0 && TileC % 8 == 0 && TileW % step == 0 && steps % WarpsK == 0, "no part of a tile is left over");
};

// Where a column begins beside a pixel of x; of one behind the last, which nothing stores, as the first.
template <class Tile>
__device__ __forceinline__ int column_place(int column)
{
    typedef typename Tile::Shape Shape;
    if (column >= Tile::columns) return 0;
    const int tap = column / Shape::Inputs;
    return (tap / Shape::KernelW * Tile::row_i + tap % Shape::KernelW * Shape::Inputs) * Shape::Dilation + column % Shape::Inputs;
}

// The same for what a lane reads of a step: column g of each 8 from its pixel t on (bf16: the pair 2t, 2t + 1), or columns 2t and 2t + 1 for multiply-adds.
template <class Tile, int NT>
__device__ __forceinline__ void find_places(int (&places)[NT][2], int first_column, int lane)
{
    const int g = lane >> 2, t = lane & 3;
    #pragma unroll
    for (int j = 0; j < NT; j++)
    {
        const int column = first_column + j * 8;
        places[j][0] = column_place<Tile>(column + g) + t * (sizeof(typename Tile::Element) == 2 ? 2 : 1) * Tile::pixel_i;
        places[j][1] = 0;
#if FOCALNET_FFMA
        if (sizeof(typename Tile::Element) == 4) places[j][0] = column_place<Tile>(column + t * 2), places[j][1] = column_place<Tile>(column + t * 2 + 1);
#endif
    }
}

// One step: a is what the lane reads of its first pixel of dy, x the pixel of x under the first tap.
template <class Tile, int MT, int NT>
__device__ __forceinline__ void multiply_columns_bf16(
    float (&acc)[MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, const float* x, const int (&places)[NT][2])
{
#if __CUDA_ARCH__ >= 800
    unsigned fa[MT][4];
    load_gradient_bf16<Tile>(fa, a);
    if (ones) add_rows_bf16(sums, fa);
    #pragma unroll
    for (int j = 0; j < NT; j++)
    {
        const float* b = x + places[j][0];
        const unsigned low = pack_bf16x2(b[0], b[Tile::pixel_i]), high = pack_bf16x2(b[8 * Tile::pixel_i], b[9 * Tile::pixel_i]);
        #pragma unroll
        for (int i = 0; i < MT; i++) mma_m16n8k16_bf16(acc[i][j], fa[i][0], fa[i][1], fa[i][2], fa[i][3], low, high);
    }
#endif
}

template <class Tile, int MT, int NT>
__device__ __forceinline__ void multiply_columns_tf32(
    float (&acc)[MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, const float* x, const int (&places)[NT][2])
{
#if __CUDA_ARCH__ >= 800
    unsigned big[MT][4], small[MT][4], big_b[NT][2], small_b[NT][2];
    load_gradient_tf32<Tile>(big, small, sums, ones, a);
    #pragma unroll
    for (int j = 0; j < NT; j++)
        #pragma unroll
        for (int r = 0; r < 2; r++) split_tf32(__float_as_uint(x[places[j][0] + r * 4 * Tile::pixel_i]), big_b[j][r], small_b[j][r]);
    #pragma unroll
    for (int i = 0; i < MT; i++) multiply_split(acc, i, big[i], small[i], big_b, small_b);
#endif
}

template <class Tile, int MT, int NT>
__device__ __forceinline__ void multiply_columns_ffma(
    float (&acc)[MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, const float* x, const int (&places)[NT][2])
{
    #pragma unroll 1
    for (int k = 0; k < 8; k++)
    {
        float fa[MT][2];
        #pragma unroll
        for (int i = 0; i < MT; i++)
            #pragma unroll
            for (int h = 0; h < 2; h++)
            {
                fa[i][h] = *reinterpret_cast<const float*>(a + k * Tile::row_o + (i * 16 + h * 8) * 4);
                if (ones) sums[i][h * 2] += fa[i][h];
            }
        #pragma unroll
        for (int j = 0; j < NT; j++)
            #pragma unroll
            for (int e = 0; e < 2; e++)
            {
                const float fb = x[places[j][e] + k * Tile::pixel_i];
                #pragma unroll
                for (int i = 0; i < MT; i++)
                    #pragma unroll
                    for (int h = 0; h < 2; h++) acc[i][j][h * 2 + e] = fmaf(fa[i][h], fb, acc[i][j][h * 2 + e]);
            }
    }
}

template <class Tile, int MT, int NT>
__device__ __forceinline__ void multiply_columns(
    float (&acc)[MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, const float* x, const int (&places)[NT][2])
{
    if constexpr (sizeof(typename Tile::Element) == 2) multiply_columns_bf16<Tile>(acc, sums, ones, a, x, places);
#if FOCALNET_FFMA
    else multiply_columns_ffma<Tile>(acc, sums, ones, a, x, places);
#else
    else multiply_columns_tf32<Tile>(acc, sums, ones, a, x, places);
#endif
}

// Pixels of x, Pitch apart in memory, from (y, column) on; zeros where there are none.
template <class Tile, int Pitch, class X>
__device__ __forceinline__ void bring_few_channels(float* tile, const X* x, int in_height, int in_width, int image, int y, int column)
{
    constexpr int channels = Tile::Shape::Inputs;
    for (unsigned unit = threadIdx.x; unit < Tile::InH * Tile::row_i; unit += Tile::threads)
    {
        const int iy = y + (int)(unit / Tile::row_i), ix = column + (int)(unit % Tile::row_i / channels), channel = unit % Tile::row_i % channels;
        const bool inside = (unsigned)iy < (unsigned)in_height && (unsigned)ix < (unsigned)in_width;
        const X* from = inside ? x + ((image * in_height + iy) * in_width + ix) * Pitch + channel : x;
        if constexpr (sizeof(X) == 4) cp_async_4_zfill(tile + unit, from, inside ? 4u : 0u);
        else tile[unit] = inside ? load_at(from) : 0.0f;
    }
}

// Blocks: parts of the pictures' tiles × tiles over output channels × tiles over columns, the last running fastest.
template <class Tile>
__host__ __device__ constexpr int few_channel_blocks(int parts)
{
    return parts * ceil_div(Tile::Shape::Outputs, Tile::TileO) * ceil_div(Tile::columns, Tile::TileC);
}

// Partial sums of one tile of the weights over one of Parts parts of the pixels, and with Bias of dy, where weight_gradient puts them. images, height and width
// are those of dy. Tile::threads threads, Tile::shared_bytes of shared memory.
template <class Tile, int Parts, bool Bias, int Pitch, class GradientSource, class X>
__device__ __forceinline__ void few_channel_gradient(
    const GradientSource& dy, const X* x, int in_height, int in_width, float* partials, float* bias_partials, int images, int height, int width, int block, unsigned char* shared)
{
    typedef typename Tile::Shape Shape;
    constexpr int tiles_c = ceil_div(Tile::columns, Tile::TileC), tiles_o = ceil_div(Shape::Outputs, Tile::TileO), MT = Tile::MT, NT = Tile::NT;
    const int tile_c = block % tiles_c, tile_o = block / tiles_c % tiles_o, part = block / (tiles_c * tiles_o);
    const int lane = threadIdx.x & 31, group = (threadIdx.x >> 5) / Tile::WarpsM, warp = (threadIdx.x >> 5) % Tile::WarpsM, first_row = warp * (MT * 16);
    const bool ones = Bias && tile_c == 0;

    const int tiles = images * ceil_div(height, Tile::TileH) * ceil_div(width, Tile::TileW);
    const int begin = (int)((long long)tiles * part / Parts), end = (int)((long long)tiles * (part + 1) / Parts);
    TileWalk<Tile> walk(begin, height, width);
    float acc[1][MT][NT][4] = {}, sums[MT][4] = {};
    int places[NT][2];
    find_places<Tile>(places, tile_c * Tile::TileC, lane);
    // One tile into its stage, as one group of copies; an empty group behind the last tile.
    auto bring = [&](int tile, unsigned char* stage)
    {
        if (tile < end)
        {
            bring_rows<typename Tile::Element, TilePortion<Shape::Outputs, Tile::TileO, Tile::row_o, Tile::TileH, Tile::TileW, Tile::threads, 1>>(
                stage, dy, 0, walk.image, walk.y, walk.x, tile_o * Tile::TileO);
            bring_few_channels<Tile, Pitch>(
                reinterpret_cast<float*>(stage + Tile::gradient_bytes), x, in_height, in_width, walk.image, walk.y * Shape::Stride - Shape::Padding, walk.x * Shape::Stride - Shape::Padding);
            walk.advance();
        }
        cp_async_commit();
    };
    #pragma unroll 1
    for (int tile = 0; tile < Tile::Stages - 1; tile++) bring(begin + tile, shared + tile * Tile::stage);

    int stage = 0;
    for (int tile = begin; tile < end; tile++)
    {
        cp_async_wait<Tile::Stages - 2>();
        // Shows everybody's copies, and that nobody reads any more what the next tile overwrites.
        __syncthreads();
        bring(tile + Tile::Stages - 1, shared + (stage == 0 ? Tile::Stages - 1 : stage - 1) * Tile::stage);
        const unsigned char* a = shared + stage * Tile::stage + first_row * (int)sizeof(typename Tile::Element) + gradient_lane<Tile>(lane);
        const float* b = reinterpret_cast<const float*>(shared + stage * Tile::stage + Tile::gradient_bytes);
        #pragma unroll 1
        for (int step = group; step < Tile::steps; step += Tile::WarpsK)
        {
            const int pixel = step / Tile::row_steps * Shape::Stride * Tile::row_i + step % Tile::row_steps * Tile::step * Tile::pixel_i;
            multiply_columns<Tile>(acc[0], sums, ones, a + step * Tile::step * Tile::row_o, b + pixel, places);
        }
        stage = stage == Tile::Stages - 1 ? 0 : stage + 1;
    }
    if constexpr (Tile::WarpsK != 1)
    {
        // Of no tile the first group has all, which is nothing.
        if (begin != end) add_groups<Tile>(acc, sums, shared, group, warp, lane);
    }
    if (group != 0) return;

    const int g = lane >> 2, t = lane & 3;
    #pragma unroll
    for (int i = 0; i < MT; i++)
        #pragma unroll
        for (int h = 0; h < 2; h++)
        {
            const int o = tile_o * Tile::TileO + first_row + i * 16 + h * 8 + g;
            if (o >= Shape::Outputs) continue;
            float* row = partials + (long long)part * Shape::weights + o * Tile::columns;
            #pragma unroll
            for (int j = 0; j < NT; j++)
                #pragma unroll
                for (int e = 0; e < 2; e++)
                {
                    const int column = tile_c * Tile::TileC + j * 8 + t * 2 + e;
                    if (column < Tile::columns) row[column] = acc[0][i][j][h * 2 + e];
                }
            if (ones && t == 0) bias_partials[part * Shape::Outputs + o] = sums[i][h * 2];
        }
}
