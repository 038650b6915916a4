// needs: halo_tile.cu
// conv3×3(middle(conv3×3(x))), to which the body adds x, as one kernel for few channels, where memory and not arithmetic is what is waited for: the input with a
// halo of two pixels, the middle with a halo of one and both weights lie in shared memory; only x is read and only the sum is written.
// The halo costs a tenth more products at 16 × 32 pixels. So a gradient goes back through a residual block, too, by the adjoints of both convolutions: what is read
// beside it for GELU's derivative is asked for before the products.

// TileH × TileW output pixels, or FewH × TileW where there are few tiles; 8 warps. bf16 with 16 channels: 16 × 32 (51 KB); float: 8 × 16 (44 KB).
template <class T, int Channels_, int TileH_, int TileW_, int FewH_ = TileH_, bool Adjoint_ = false>
struct ResidualTile
{
    typedef T Element;
    static constexpr bool Adjoint = Adjoint_;
    static constexpr int Channels = Channels_, TileH = TileH_, TileW = TileW_, FewH = FewH_, threads = 256, warps = 8;
    typedef HaloTile<T, Channels, TileH + 4, TileW + 4, true> Input;
    typedef HaloTile<T, Channels, TileH + 2, TileW + 2, true> Middle;
    typedef PackedWeights<T, Channels, Channels, 3> Weights;
    // Columns of the product, of 8 channels each; whether a warp has room for all weights of a convolution in registers.
    static constexpr int columns = ceil_div(Channels, 16) * 2;
    static constexpr bool keeps_weights = sizeof(T) == 2 && Channels <= 16 && TileW % 16 == 0;
    static_assert(keeps_weights || FewH == TileH, "else all pixels of a tile are made together");
    static constexpr int shared_bytes = Input::bytes + Middle::bytes + 2 * Weights::bytes;
};

template <class Tile> __host__ __device__ constexpr int residual_blocks(int images, int height, int width, bool few)
{
    return images * ceil_div(height, few ? Tile::FewH : Tile::TileH) * ceil_div(width, Tile::TileW);
}

// Hands the body the block's input at the same pixel, which is in shared memory still.
template <class Tile, class Body>
struct WithInput
{
    Body& body;
    const unsigned char* tile;
    int height, width;
    // Of a pixel of the block, counted row by row.
    template <int V> __device__ __forceinline__ void load(float (&input)[V], int index, int channel) const
    {
        Tile::Input::template load<V>(tile, index + index / Tile::TileW * 4 + 2 * Tile::Input::Width + 2, channel, input);
    }
    template <int V> __device__ __forceinline__ void apply(float (&value)[V], const float (&input)[V], int image, int y, int x, int channel)
    {
        if (y < height && x < width) body.template apply<V>(value, input, (image * height + y) * width + x, image, y, x, channel);
    }
    template <int V> __device__ __forceinline__ void apply(float (&value)[V], int index, int image, int y, int x, int channel)
    {
        float input[V];
        load(input, index, channel);
        apply(value, input, image, y, x, channel);
    }
};

// A warp's share of the first convolution: every eighth 16 of `pixels`, all channels, through the body. What it runs stays small, which a block that is alone
// on its multiprocessor waits for.
template <class Tile, class Weights, class Middle>
__device__ __forceinline__ void convolve_to_middle(
    const unsigned char* from, Weights& weights, StoreTile<typename Tile::Middle, Middle>& store, int pixels, int image, int y, int x, int lane, int warp)
{
    constexpr int Width = Tile::Middle::Width, C = Tile::Channels;
    static_assert(C <= 16, "a lane has 4 channels of two pixels");
    const int g = lane >> 2, channel = (lane & 3) * 4;
    #pragma unroll 1
    for (int first = warp * 16; first < pixels; first += Tile::warps * 16)
    {
        const TilePlaces<Width> places = { first, pixels, image, y, x };
        typename Middle::template Operands<4> operands[2];
        store.template fetch<4>(operands[0], places.at(g), min(channel, C - 4));
        store.template fetch<4>(operands[1], places.at(g + 8), min(channel, C - 4));
        float acc[1][Tile::columns][4] = {};
        const HaloRows<typename Tile::Input, 3, Tile::Middle::Height, Width, Tile::Adjoint> rows = { from, first, pixels - 1 };
        weights.multiply(acc, rows, lane);
        #pragma unroll
        for (int h = 0; h < 2; h++)
        {
            float value[4];
            channels_of_lane(value, acc[0], 0, h);
            if (channel < C) store.apply(value, operands[h], places.at(h * 8 + g), channel);
        }
    }
}

// Likewise of the second. The block's input is read before the products, and the body's store alone is behind a branch.
template <class Tile, class Weights, class Body>
__device__ __forceinline__ void convolve_to_sum(
    const unsigned char* from, Weights& weights, WithInput<Tile, Body>& body, int pixels, int image, int y, int x, int lane, int warp)
{
    constexpr int W = Tile::TileW, C = Tile::Channels;
    static_assert(W % 16 == 0 && C <= 16, "16 pixels lie in one row, and a lane has 4 channels of two of them");
    const int g = lane >> 2, channel = (lane & 3) * 4;
    #pragma unroll 1
    for (int first = warp * 16; first < pixels; first += Tile::warps * 16)
    {
        float input[2][4];
        body.load(input[0], first + g, min(channel, C - 4));
        body.load(input[1], first + g + 8, min(channel, C - 4));
        float acc[1][Tile::columns][4] = {};
        const HaloRows<typename Tile::Middle, 3, Tile::TileH, W, Tile::Adjoint> rows = { from, first };
        weights.multiply(acc, rows, lane);
        #pragma unroll
        for (int h = 0; h < 2; h++)
        {
            const int index = first + h * 8 + g;
            float value[4];
            channels_of_lane(value, acc[0], 0, h);
            if (channel < C) body.apply(value, input[h], image, y + index / W, x + index % W, channel);
        }
    }
}

// The same with the weights in shared memory: all pixels are made together, so that each fragment of the weights is read once.
template <class Tile, class From, int OutHeight, int OutWidth, class Body>
__device__ __forceinline__ void convolve_together(
    const unsigned char* from, const unsigned char* weights, Body& body, int pixels, int image, int y, int x, int lane, int warp)
{
    constexpr int turns = ceil_div(ceil_div(OutHeight * OutWidth, 16), Tile::warps);
    const int first = warp * turns * 16;
    float acc[turns][Tile::columns][4] = {};
    convolve_halo<From, 3, OutHeight, OutWidth, Tile::Adjoint>(acc, from, first, weights, 0, ceil_div(Tile::Channels, 16), lane);
    const TilePlaces<OutWidth> places = { first, pixels, image, y, x };
    finish_tile<Tile::Channels>(body, acc, places, 0, lane);
}

// One tile; whether there are `few` is the caller's to say, of all blocks alike. `middle` turns the first convolution's sum into the second's input, in place (bias, GELU), and may store it where its last
// argument says that the pixel is this block's: apply<V>(value, operands, pixel, image, y, x, channel, own), with what its fetch<V>(operands, …) has read. `body` gets the second sum, and x beside it as the
// tile has it: apply<V>(value, input, pixel, image, y, x, channel).
template <class Tile, class Source, class Middle, class Body>
__device__ __forceinline__ void fused_residual_block(
    const Source& source, const void* weights1, const void* weights2, Middle& middle, Body& body,
    int images, int height, int width, bool few, int block, unsigned char* shared)
{
    constexpr int H = Tile::TileH, W = Tile::TileW;
    typedef typename Tile::Input Input;
    typedef typename Tile::Middle Between;
    unsigned char* input = shared;
    unsigned char* between = input + Input::bytes;
    unsigned char* first = between + Between::bytes;
    unsigned char* second = first + Tile::Weights::bytes;
    const int rows = few ? Tile::FewH : H, down = few ? ceil_div(height, Tile::FewH) : ceil_div(height, H), across = ceil_div(width, W);
    const int line = quotient(block, across), image = quotient(line, down), y0 = (line - image * down) * rows, x0 = (block - line * across) * W;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;

    bring_rows<Input, Tile::threads>(input, source, image, y0 - 2, x0 - 2, rows + 4);
    bring_packed<Tile::Weights::bytes, Tile::threads>(first, weights1);
    bring_packed<Tile::Weights::bytes, Tile::threads>(second, weights2);
    cp_async_commit();
    // What the bodies read of their channels comes with the tile.
    constexpr int V = channels_at_once<Tile::columns>();
    const int channel = channel_of_lane<Tile::Channels, Tile::columns>(0, lane);
    middle.template keep<V>(channel);
    body.template keep<V>(channel);
    cp_async_wait<0>();
    __syncthreads();
    StoreTile<Between, Middle> store = { middle, between, height, width, y0, x0, rows, W };
    WithInput<Tile, Body> with_input = { body, input, height, width };
    if constexpr (Tile::keeps_weights)
    {
        // All of a convolution, in a warp's registers.
        WeightStream<Tile::Weights::steps, Tile::columns, 1> weights;
        weights.begin(first, 0, lane);
        convolve_to_middle<Tile>(input, weights, store, (rows + 2) * (W + 2), image, y0 - 1, x0 - 1, lane, warp);
        // Read before the warps wait for each other.
        weights.begin(second, 0, lane);
        __syncthreads();
        convolve_to_sum<Tile>(between, weights, with_input, rows * W, image, y0, x0, lane, warp);
    }
    else
    {
        convolve_together<Tile, Input, H + 2, W + 2>(input, first, store, (rows + 2) * (W + 2), image, y0 - 1, x0 - 1, lane, warp);
        __syncthreads();
        convolve_together<Tile, Between, H, W>(between, second, with_input, rows * W, image, y0, x0, lane, warp);
    }
}
