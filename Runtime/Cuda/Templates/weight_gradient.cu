// needs: gemm_tile.cu sources.cu
// The gradient of a dense convolution's weights as GEMMs whose k are pixels: rows are output channels, columns are input channels, one product for each
// tap. A block brings a tile of dy, and of x the pixels that its taps see, once; a tap is then another place to begin in x, known when the text is compiled, and
// what a warp has read of dy serves all taps. Both lie in memory as pixels × channels, so that k is the row of a tile: ldmatrix transposes on
// the way to bf16 fragments, and float fragments are read one value a lane.
// The tiles of the pictures are cut into a number of parts that is fixed in the plan. Each part writes its sums to a place of its own and finish.cu adds
// them in order: the bits depend on no GPU and no schedule. The gradient of the bias is one more column: dy times ones.

template <int Outputs_, int Inputs_, int KernelH_, int KernelW_, int Stride_, int Padding_, int Dilation_>
struct GradientShape
{
    static constexpr int Outputs = Outputs_, Inputs = Inputs_, KernelH = KernelH_, KernelW = KernelW_;
    static constexpr int Stride = Stride_, Padding = Padding_, Dilation = Dilation_;
    static constexpr int weights = Outputs * KernelH * KernelW * Inputs;
};

// TileO × TileI channels for TapRows rows of the kernel's taps, out of tiles of TileH × TileW pixels of dy, Stages of them in shared memory. WarpsM × WarpsN
// warps share the channels, WarpsK (a power of two) such groups the steps of k: narrow layers have no more channels than one warp's.
template <class T, class Shape_, int TileO_, int TileI_, int TapRows_, int TileH_, int TileW_, int Stages_, int WarpsM_, int WarpsN_, int WarpsK_>
struct GradientTile
{
    typedef T Element;
    typedef Shape_ Shape;
    static constexpr int TileO = TileO_, TileI = TileI_, TapRows = TapRows_, TileH = TileH_, TileW = TileW_, Stages = Stages_;
    static constexpr int WarpsM = WarpsM_, WarpsN = WarpsN_, WarpsK = WarpsK_, threads = 32 * WarpsM * WarpsN * WarpsK;
    // Of channels that a warp has, in units of the tensor cores.
    static constexpr int MT = TileO / WarpsM / 16, NT = TileI / WarpsN / 8, taps = TapRows * Shape::KernelW;
    // Pixels of a step of k; steps lie within a row.
    static constexpr int step = sizeof(T) == 2 ? 16 : 8, row_steps = TileW / step, steps = TileH * row_steps;
    static constexpr int InH = (TileH - 1) * Shape::Stride + (TapRows - 1) * Shape::Dilation + 1;
    static constexpr int InW = (TileW - 1) * Shape::Stride + (Shape::KernelW - 1) * Shape::Dilation + 1;
    // Bytes of a pixel, padded: in bf16 by 16 bytes, which makes them an odd number of 16 bytes, so that the 8 rows of one ldmatrix meet 8 different
    // groups of banks; in float by 32 bytes, which puts rows t at 8t (or 24t) banks, so that the 4 × 8 values of a fragment meet all 32. Both hold for
    // stride 1; at stride 2 there are two turns.
    static constexpr int padding = sizeof(T) == 2 ? 16 : 32, row_o = TileO * (int)sizeof(T) + padding, row_i = TileI * (int)sizeof(T) + padding;
    static constexpr int stage = TileH * TileW * row_o + InH * InW * row_i;
    // The other half of the groups leaves its sums of one tap here when the pixels are through.
    static constexpr int shared_bytes = larger_of(Stages * stage, WarpsK / 2 * WarpsM * WarpsN * MT * (NT + 1) * 512);
    static_assert(TileO % (16 * WarpsM) == 0 && TileI % (16 * WarpsN) == 0, "a warp computes multiples of 16×16");
    static_assert(Shape::KernelH % TapRows == 0 && TileW % step == 0 && steps % WarpsK == 0, "no part of a tile is left over");
};

// What a lane reads of a step's pixels begins so many bytes behind the first one's: of dy, and of x. Beside that all places are constants.
template <class Tile>
__device__ __forceinline__ int gradient_lane(int lane)
{
    if (sizeof(typename Tile::Element) == 2) return ((lane & 7) + (lane >> 4) * 8) * Tile::row_o + (lane & 8) * 2;
#if FOCALNET_FFMA
    return (lane >> 2) * 4;
#else
    return (lane & 3) * Tile::row_o + (lane >> 2) * 4;
#endif
}
template <class Tile>
__device__ __forceinline__ int pixels_lane(int lane)
{
    if (sizeof(typename Tile::Element) == 2) return (lane & 15) * Tile::Shape::Stride * Tile::row_i + (lane >> 4) * 16;
#if FOCALNET_FFMA
    return (lane & 3) * 8;
#else
    return (lane & 3) * Tile::Shape::Stride * Tile::row_i + (lane >> 2) * 4;
#endif
}

// The fragments of a step's pixels of dy: A.
template <class Tile, int MT>
__device__ __forceinline__ void load_gradient_bf16(unsigned (&fa)[MT][4], const unsigned char* a)
{
    #pragma unroll
    for (int i = 0; i < MT; i++)
        ldmatrix_x4_trans(fa[i][0], fa[i][1], fa[i][2], fa[i][3], a + i * 32);
}

// Sums the rows of A.
template <int MT>
__device__ __forceinline__ void add_rows_bf16(float (&sums)[MT][4], const unsigned (&fa)[MT][4])
{
#if __CUDA_ARCH__ >= 800
    #pragma unroll
    for (int i = 0; i < MT; i++) mma_m16n8k16_bf16(sums[i], fa[i][0], fa[i][1], fa[i][2], fa[i][3], 0x3f803f80u, 0x3f803f80u);
#endif
}

// The same in two halves; `ones` sums its rows besides.
template <class Tile, int MT>
__device__ __forceinline__ void load_gradient_tf32(unsigned (&big)[MT][4], unsigned (&small)[MT][4], float (&sums)[MT][4], bool ones, const unsigned char* a)
{
#if __CUDA_ARCH__ >= 800
    #pragma unroll
    for (int i = 0; i < MT; i++)
    {
        #pragma unroll
        for (int r = 0; r < 4; r++)
            split_tf32(*reinterpret_cast<const unsigned*>(a + r / 2 * 4 * Tile::row_o + (i * 16 + r % 2 * 8) * 4), big[i][r], small[i][r]);
        if (ones)
        {
            const unsigned one = 0x3f800000u;
            mma_m16n8k8_tf32(sums[i], small[i][0], small[i][1], small[i][2], small[i][3], one, one);
            mma_m16n8k8_tf32(sums[i], big[i][0], big[i][1], big[i][2], big[i][3], one, one);
        }
    }
#endif
}

// Two fragments of a step's pixels of x, of which there are NT / 2 pairs for each tap: B.
template <class Tile, int NT>
__device__ __forceinline__ void load_pixels_bf16(unsigned (&fb)[4], int pair, const unsigned char* b)
{
    typedef typename Tile::Shape Shape;
    const int tap = pair / (NT / 2), j = pair % (NT / 2) * 2, pixel = (tap / Shape::KernelW * Tile::InW + tap % Shape::KernelW) * Shape::Dilation;
    ldmatrix_x4_trans(fb[0], fb[1], fb[2], fb[3], b + pixel * Tile::row_i + j * 16);
}

// One step: all taps' products of its pixels. a and b are what the lane reads of the step's first pixel of dy, and of x under the first tap. A pair of B is read while the products of the
// one before are made: the compiler keeps the order that is written here, and a warp would wait for each.
template <class Tile, int MT, int NT>
__device__ __forceinline__ void multiply_pixels_bf16(
    float (&acc)[Tile::taps][MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, const unsigned char* b)
{
#if __CUDA_ARCH__ >= 800
    constexpr int pairs = Tile::taps * (NT / 2);
    unsigned fa[MT][4], fb[2][4];
    load_gradient_bf16<Tile>(fa, a);
    load_pixels_bf16<Tile, NT>(fb[0], 0, b);
    if (ones) add_rows_bf16(sums, fa);
    #pragma unroll
    for (int pair = 0; pair < pairs; pair++)
    {
        if (pair != pairs - 1) load_pixels_bf16<Tile, NT>(fb[(pair + 1) % 2], pair + 1, b);
        const unsigned (&now)[4] = fb[pair % 2];
        const int tap = pair / (NT / 2), j = pair % (NT / 2) * 2;
        #pragma unroll
        for (int i = 0; i < MT; i++)
        {
            mma_m16n8k16_bf16(acc[tap][i][j], fa[i][0], fa[i][1], fa[i][2], fa[i][3], now[0], now[1]);
            mma_m16n8k16_bf16(acc[tap][i][j + 1], fa[i][0], fa[i][1], fa[i][2], fa[i][3], now[2], now[3]);
        }
    }
#endif
}

template <class Tile, int MT, int NT>
__device__ __forceinline__ void multiply_pixels_tf32(
    float (&acc)[Tile::taps][MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, const unsigned char* b)
{
#if __CUDA_ARCH__ >= 800
    typedef typename Tile::Shape Shape;
    unsigned big[MT][4], small[MT][4];
    load_gradient_tf32<Tile>(big, small, sums, ones, a);
    #pragma unroll
    for (int tap = 0; tap < Tile::taps; tap++)
    {
        const int pixel = (tap / Shape::KernelW * Tile::InW + tap % Shape::KernelW) * Shape::Dilation;
        unsigned big_b[NT][2], small_b[NT][2];
        #pragma unroll
        for (int j = 0; j < NT; j++)
            #pragma unroll
            for (int r = 0; r < 2; r++)
                split_tf32(*reinterpret_cast<const unsigned*>(b + (pixel + r * 4 * Shape::Stride) * Tile::row_i + j * 32), big_b[j][r], small_b[j][r]);
        #pragma unroll
        for (int i = 0; i < MT; i++) multiply_split(acc[tap], i, big[i], small[i], big_b, small_b);
    }
#endif
}

template <class Tile, int MT, int NT>
__device__ __forceinline__ void multiply_pixels_ffma(
    float (&acc)[Tile::taps][MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, const unsigned char* b)
{
    typedef typename Tile::Shape Shape;
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
        for (int tap = 0; tap < Tile::taps; tap++)
            #pragma unroll
            for (int j = 0; j < NT; j++)
            {
                const int pixel = (tap / Shape::KernelW * Tile::InW + tap % Shape::KernelW) * Shape::Dilation;
                const float2 fb = *reinterpret_cast<const float2*>(b + (pixel + k * Shape::Stride) * Tile::row_i + j * 32);
                #pragma unroll
                for (int i = 0; i < MT; i++)
                    #pragma unroll
                    for (int h = 0; h < 2; h++)
                    {
                        acc[tap][i][j][h * 2] = fmaf(fa[i][h], fb.x, acc[tap][i][j][h * 2]);
                        acc[tap][i][j][h * 2 + 1] = fmaf(fa[i][h], fb.y, acc[tap][i][j][h * 2 + 1]);
                    }
            }
    }
}

template <class Tile, int MT, int NT>
__device__ __forceinline__ void multiply_pixels(
    float (&acc)[Tile::taps][MT][NT][4], float (&sums)[MT][4], bool ones, const unsigned char* a, const unsigned char* b)
{
    if constexpr (sizeof(typename Tile::Element) == 2) multiply_pixels_bf16<Tile>(acc, sums, ones, a, b);
#if FOCALNET_FFMA
    else multiply_pixels_ffma<Tile>(acc, sums, ones, a, b);
#else
    else multiply_pixels_tf32<Tile>(acc, sums, ones, a, b);
#endif
}

// Of Portions portions of Height × Width pixels, each with TileC of Channels channels, the one that is to be brought.
template <int Channels_, int TileC_, int PixelBytes_, int Height_, int Width_, int Threads_, int Portions_>
struct TilePortion
{
    static constexpr int Channels = Channels_, TileC = TileC_, PixelBytes = PixelBytes_, Height = Height_, Width = Width_, Threads = Threads_, Portions = Portions_;
    template <int PieceChannels, int PieceTile> using Piece = TilePortion<PieceChannels, PieceTile, PixelBytes, Height, Width, Threads, Portions>;
};

// Brings a portion of the pixels of an image from (y, x) on, of each the channels from `first` on, PixelBytes apart; zeros where there are none.
template <class T, class Portion, class Source>
__device__ __forceinline__ void bring_chunks(unsigned char* tile, const Source& source, int portion, int image, int y, int x, int first)
{
    constexpr unsigned chunks = Portion::TileC / Chunk<T>::channels;
    constexpr int units = Portion::Height * Portion::Width * chunks;
    constexpr int count = ceil_div(units, Portion::Threads * Portion::Portions) * Portion::Threads;
    const unsigned end = min((portion + 1) * count, units);
    // Not unrolled: it would take the registers that the sums need. Unsigned: divisions take half as many instructions.
    #pragma unroll 1
    for (unsigned unit = portion * count + threadIdx.x; unit < end; unit += Portion::Threads)
    {
        const unsigned pixel = unit / chunks;
        const int iy = y + (int)(pixel / Portion::Width), ix = x + (int)(pixel % Portion::Width), channel = first + (int)(unit % chunks) * Chunk<T>::channels;
        const bool inside = is_inside(source, iy, ix) && (Portion::Channels % Portion::TileC == 0 || channel < Portion::Channels);
        bring_chunk<T, Portion::Channels>(tile + pixel * Portion::PixelBytes + unit % chunks * 16, source, inside, image, iy, ix, channel);
    }
}

// The same through registers, two chunks at a time: both are on their way before the first is there, because what lies outside of the picture is read
// from its edge, straight on, and made zero afterwards.
template <class T, class Portion, class Source>
__device__ __forceinline__ void load_chunks(unsigned char* tile, const Source& source, int portion, int image, int y, int x, int first)
{
    constexpr unsigned chunks = Portion::TileC / Chunk<T>::channels;
    constexpr int units = Portion::Height * Portion::Width * chunks, at_once = 2;
    constexpr int count = ceil_div(units, Portion::Threads * Portion::Portions) * Portion::Threads;
    const unsigned end = min((portion + 1) * count, units);
    #pragma unroll 1
    for (unsigned start = portion * count + threadIdx.x; start < end; start += Portion::Threads * at_once)
    {
        float v[at_once][Chunk<T>::channels];
        #pragma unroll
        for (int i = 0; i < at_once; i++)
        {
            const unsigned unit = start + i * Portion::Threads, pixel = unit / chunks;
            const int iy = y + (int)(pixel / Portion::Width), ix = x + (int)(pixel % Portion::Width), channel = first + (int)(unit % chunks) * Chunk<T>::channels;
            const bool any = Portion::Channels % Portion::TileC == 0 || channel < Portion::Channels;
            load_chunk<T, Portion::Channels>(v[i], source, any, image, min(max(iy, 0), source.height - 1), min(max(ix, 0), source.width - 1), channel);
            const bool inside = is_inside(source, iy, ix);
            #pragma unroll
            for (int e = 0; e < Chunk<T>::channels; e++) v[i][e] = inside ? v[i][e] : 0.0f;
        }
        #pragma unroll
        for (int i = at_once - 1; i >= 0; i--)
        {
            const unsigned unit = start + i * Portion::Threads;
            if (unit < end) store_chunk(tile + unit / chunks * Portion::PixelBytes + unit % chunks * 16, v[i]);
        }
    }
}

template <class T, class Portion, class Source>
__device__ __forceinline__ void bring_rows(unsigned char* tile, const Source& source, int portion, int image, int y, int x, int first)
{
    if constexpr (Source::direct) bring_chunks<T, Portion>(tile, source, portion, image, y, x, first);
    else load_chunks<T, Portion>(tile, source, portion, image, y, x, first);
}

// Pieces side by side one after the other, where the text knows which channels are whose: a warp that had some of both would wait for each in turn.
template <class T, class Portion, class First, int Split, class Second>
__device__ __forceinline__ void bring_rows(unsigned char* tile, const PiecedSource<First, Split, Second>& source, int portion, int image, int y, int x, int first)
{
    constexpr int left = Portion::Channels - Split;
    if constexpr (ceil_div(Portion::Channels, Portion::TileC) == 1)
    {
        bring_rows<T, typename Portion::template Piece<Split, Split>>(tile, source.first, portion, image, y, x, 0);
        bring_rows<T, typename Portion::template Piece<left, Portion::TileC - Split>>(tile + Split * (int)sizeof(T), source.second, portion, image, y, x, 0);
    }
    else if constexpr (Split % Portion::TileC == 0)
    {
        if (first / Portion::TileC < Split / Portion::TileC) bring_rows<T, typename Portion::template Piece<Split, Portion::TileC>>(tile, source.first, portion, image, y, x, first);
        else bring_rows<T, typename Portion::template Piece<left, Portion::TileC>>(tile, source.second, portion, image, y, x, first - Split);
    }
    else bring_chunks<T, Portion>(tile, source, portion, image, y, x, first);
}

// The tiles of dy one after the other: those of a row, then the rows, then the images.
template <class Tile>
struct TileWalk
{
    int image, y, x, height, width;
    __device__ __forceinline__ TileWalk(int tile, int height, int width) : height(height), width(width)
    {
        const int across = ceil_div(width, Tile::TileW), tiles = ceil_div(height, Tile::TileH) * across;
        image = tile / tiles, y = tile % tiles / across * Tile::TileH, x = tile % across * Tile::TileW;
    }
    __device__ __forceinline__ void advance()
    {
        x += Tile::TileW;
        if (x < width) return;
        x = 0, y += Tile::TileH;
        if (y < height) return;
        y = 0, image++;
    }
};

// A portion of one tile into its stage.
template <class Tile, int Portions, class GradientSource, class InputSource>
__device__ __forceinline__ void bring_pixels(
    unsigned char* stage, int portion, const TileWalk<Tile>& walk, const GradientSource& dy, const InputSource& x, int tile_o, int tap_row, int tile_i)
{
    typedef typename Tile::Element T;
    typedef typename Tile::Shape Shape;
    bring_rows<T, TilePortion<Shape::Outputs, Tile::TileO, Tile::row_o, Tile::TileH, Tile::TileW, Tile::threads, Portions>>(
        stage, dy, portion, walk.image, walk.y, walk.x, tile_o * Tile::TileO);
    bring_rows<T, TilePortion<Shape::Inputs, Tile::TileI, Tile::row_i, Tile::InH, Tile::InW, Tile::threads, Portions>>(
        stage + Tile::TileH * Tile::TileW * Tile::row_o, x, portion, walk.image, walk.y * Shape::Stride - Shape::Padding + tap_row * Shape::Dilation,
        walk.x * Shape::Stride - Shape::Padding, tile_i * Tile::TileI);
}

// Accumulators of Count taps from `first` on, and with the first tap's the bias's, are left at `mine`, or what lies there is added to them.
template <int Count, bool Leave, int Taps, int MT, int NT>
__device__ __forceinline__ void exchange_sums(float (&acc)[Taps][MT][NT][4], float (&sums)[MT][4], float* mine, int first)
{
    #pragma unroll
    for (int i = 0; i < MT; i++)
        #pragma unroll
        for (int r = 0; r < 4; r++)
        {
            #pragma unroll
            for (int tap = 0; tap < Count; tap++)
                #pragma unroll
                for (int j = 0; j < NT; j++)
                {
                    float& place = mine[(((tap * MT + i) * NT + j) * 4 + r) * 32];
                    if (Leave) place = acc[first + tap][i][j][r];
                    else acc[first + tap][i][j][r] += place;
                }
            float& place = mine[((Count * MT * NT + i) * 4 + r) * 32];
            if (first != 0) continue;
            if (Leave) place = sums[i][r];
            else sums[i][r] += place;
        }
}

// Adds up the accumulators, and those of the bias, of the groups that shared k, in a tree: what the upper half of them has goes through shared memory, of
// all taps at a time or, where there is no room, of one, each register in 32 neighbouring lanes, until the first group has all.
template <class Tile, int Taps, int MT, int NT>
__device__ __forceinline__ void add_groups(float (&acc)[Taps][MT][NT][4], float (&sums)[MT][4], unsigned char* shared, int group, int warp, int lane)
{
    constexpr int warps = Tile::WarpsM * Tile::WarpsN, tap_registers = MT * NT * 4, most = Tile::shared_bytes / (Tile::WarpsK / 2 * warps * 128) - MT * 4;
    constexpr int at_once = smaller_of(most / (Taps * tap_registers), 1) * (Taps - 1) + 1, registers = at_once * tap_registers + MT * 4;
    #pragma unroll 1
    for (int half = Tile::WarpsK / 2; half != 0; half /= 2)
    {
        float* mine = reinterpret_cast<float*>(shared) + (group % half * warps + warp) * registers * 32 + lane;
        #pragma unroll
        for (int first = 0; first < Taps; first += at_once)
        {
            // What was read here, tiles or the sums of the last round, is read.
            __syncthreads();
            if (group / half == 1) exchange_sums<at_once, true>(acc, sums, mine, first);
            __syncthreads();
            if (group / half == 0) exchange_sums<at_once, false>(acc, sums, mine, first);
        }
    }
}

// Blocks of a weight gradient: parts of the pictures' tiles × tiles over output channels × rows of taps × tiles over input channels, the last running fastest.
template <class Tile>
__host__ __device__ constexpr int gradient_blocks(int parts)
{
    typedef typename Tile::Shape Shape;
    return parts * ceil_div(Shape::Outputs, Tile::TileO) * (Shape::KernelH / Tile::TapRows) * ceil_div(Shape::Inputs, Tile::TileI);
}

// Partial sums of one tile of the weights over one of Parts parts of the pixels. A part has Shape::weights values in the order OHWI, parts lie
// one behind the other; with Bias the parts' sums of dy do so in bias_partials, Shape::Outputs each. images, height and width are those of dy. Tile::threads threads,
// Tile::shared_bytes of shared memory.
template <class Tile, int Parts, bool Bias, class GradientSource, class InputSource>
__device__ __forceinline__ void weight_gradient(
    const GradientSource& dy, const InputSource& x, float* partials, float* bias_partials, int images, int height, int width, int block, unsigned char* shared)
{
    typedef typename Tile::Shape Shape;
    constexpr int tiles_i = ceil_div(Shape::Inputs, Tile::TileI), tap_groups = Shape::KernelH / Tile::TapRows, tiles_o = ceil_div(Shape::Outputs, Tile::TileO);
    constexpr int MT = Tile::MT, NT = Tile::NT, group_warps = Tile::WarpsM * Tile::WarpsN;
    const int tile_i = block % tiles_i, tap_row = block / tiles_i % tap_groups * Tile::TapRows, tile_o = block / (tiles_i * tap_groups) % tiles_o;
    const int part = block / (tiles_i * tap_groups * tiles_o);
    const int lane = threadIdx.x & 31, group = (threadIdx.x >> 5) / group_warps, warp = (threadIdx.x >> 5) % group_warps;
    const int first_row = warp % Tile::WarpsM * (MT * 16), first_column = warp / Tile::WarpsM * (NT * 8);
    const bool ones = Bias && tile_i == 0 && tap_row == 0 && first_column == 0;

    const int tiles = images * ceil_div(height, Tile::TileH) * ceil_div(width, Tile::TileW);
    const int begin = (int)((long long)tiles * part / Parts), end = (int)((long long)tiles * (part + 1) / Parts);
    TileWalk<Tile> walk(begin, height, width);
    const int lane_a = first_row * (int)sizeof(typename Tile::Element) + gradient_lane<Tile>(lane);
    const int lane_b = Tile::TileH * Tile::TileW * Tile::row_o + first_column * (int)sizeof(typename Tile::Element) + pixels_lane<Tile>(lane);
    float acc[Tile::taps][MT][NT][4] = {}, sums[MT][4] = {};
    // Each tile is a group of copies; there is an empty one behind the last tile.
    #pragma unroll 1
    for (int tile = 0; tile < Tile::Stages - 1; tile++)
    {
        if (begin + tile < end)
        {
            bring_pixels<Tile, 1>(shared + tile * Tile::stage, 0, walk, dy, x, tile_o, tap_row, tile_i);
            walk.advance();
        }
        cp_async_commit();
    }

    int stage = 0;
    for (int tile = begin; tile < end; tile++)
    {
        cp_async_wait<Tile::Stages - 2>();
        // Shows everybody's copies, and that nobody reads any more what the next tile overwrites.
        __syncthreads();
        unsigned char* next = shared + (stage == 0 ? Tile::Stages - 1 : stage - 1) * Tile::stage;
        const bool any = tile + Tile::Stages - 1 < end;
        const unsigned char *a = shared + stage * Tile::stage + lane_a, *b = shared + stage * Tile::stage + lane_b;
        // The next tile comes in the first half of this one's steps, so that the products of other warps go on while a warp computes addresses.
        constexpr int turns = Tile::steps / Tile::WarpsK, portions = larger_of(turns / 2, 1);
        #pragma unroll 1
        for (int turn = 0; turn < turns; turn++)
        {
            if (any && turn < portions) bring_pixels<Tile, portions>(next, turn, walk, dy, x, tile_o, tap_row, tile_i);
            const int step = turn * Tile::WarpsK + group, pixel = (step / Tile::row_steps * Tile::InW + step % Tile::row_steps * Tile::step) * Shape::Stride;
            multiply_pixels<Tile>(acc, sums, ones, a + step * Tile::step * Tile::row_o, b + pixel * Tile::row_i);
        }
        cp_async_commit();
        walk.advance();
        stage = stage == Tile::Stages - 1 ? 0 : stage + 1;
    }
    if constexpr (Tile::WarpsK != 1)
    {
        // Of no tile the first group has all, which is nothing.
        if (begin != end) add_groups<Tile>(acc, sums, shared, group, warp, lane);
    }
    if (group != 0) return;

    const int g = lane >> 2, t = lane & 3;
    float* mine = partials + (long long)part * Shape::weights;
    #pragma unroll
    for (int i = 0; i < MT; i++)
        #pragma unroll
        for (int h = 0; h < 2; h++)
        {
            const int o = tile_o * Tile::TileO + first_row + i * 16 + h * 8 + g;
            if (o >= Shape::Outputs) continue;
            #pragma unroll
            for (int tap = 0; tap < Tile::taps; tap++)
                #pragma unroll
                for (int j = 0; j < NT; j++)
                {
                    const int channel = tile_i * Tile::TileI + first_column + j * 8 + t * 2;
                    float* at = mine + ((o * Shape::KernelH + tap_row) * Shape::KernelW + tap) * Shape::Inputs + channel;
                    if constexpr (Shape::Inputs % 2 == 0)
                    {
                        if (channel < Shape::Inputs) *reinterpret_cast<float2*>(at) = make_float2(acc[tap][i][j][h * 2], acc[tap][i][j][h * 2 + 1]);
                    }
                    else
                    {
                        if (channel < Shape::Inputs) at[0] = acc[tap][i][j][h * 2];
                        if (channel + 1 < Shape::Inputs) at[1] = acc[tap][i][j][h * 2 + 1];
                    }
                }
            if (ones && t == 0) bias_partials[part * Shape::Outputs + o] = sums[i][h * 2];
        }
}
