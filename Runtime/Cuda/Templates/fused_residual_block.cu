// needs: halo_tile.cu
// conv3×3(middle(conv3×3(x))), to which the body adds x, as one kernel for few channels, where memory and not arithmetic is what is waited for: the input with a
// halo of two pixels, the middle with a halo of one and both weights lie in shared memory; only x is read and only the sum is written.
// The halo costs a tenth more products at 16 × 32 pixels.

// TileH × TileW output pixels; 8 warps. bf16 with 16 channels: 16 × 32 (51 KB); float: 8 × 16 (44 KB).
template <class T, int Channels_, int TileH_, int TileW_>
struct ResidualTile
{
    typedef T Element;
    static constexpr int Channels = Channels_, TileH = TileH_, TileW = TileW_, threads = 256, warps = 8;
    typedef HaloTile<T, Channels, TileH + 4, TileW + 4, true> Input;
    typedef HaloTile<T, Channels, TileH + 2, TileW + 2, true> Middle;
    typedef PackedWeights<T, Channels, Channels, 3> Weights;
    static constexpr int shared_bytes = Input::bytes + Middle::bytes + 2 * Weights::bytes;
};

template <class Tile> __host__ __device__ constexpr int residual_blocks(int images, int height, int width)
{
    return images * ceil_div(height, Tile::TileH) * ceil_div(width, Tile::TileW);
}

// Hands the body the block's input at the same pixel, which is in shared memory still.
template <class Tile, class Body>
struct WithInput
{
    Body& body;
    const unsigned char* tile;
    int height, width;
    template <int V> __device__ __forceinline__ void apply(float (&value)[V], int index, int image, int y, int x, int channel)
    {
        if (y >= height || x >= width) return;
        float input[V];
        Tile::Input::template load<V>(tile, (index / Tile::TileW + 2) * Tile::Input::Width + index % Tile::TileW + 2, channel, input);
        body.template apply<V>(value, input, (image * height + y) * width + x, image, y, x, channel);
    }
};

// acc += A · B for all steps, of 16 rows and weights in registers.
template <int NT, int Count, class Rows>
__device__ __forceinline__ void multiply_kept(float (&acc)[NT][4], const Rows& rows, const unsigned (&kept)[Count][2], int lane)
{
#if __CUDA_ARCH__ >= 800
    #pragma unroll
    for (int step = 0; step < Count / NT; step++)
    {
        unsigned fa[4];
        ldmatrix_x4(fa[0], fa[1], fa[2], fa[3], rows.at(lane & 15, step * 2, lane >> 4));
        #pragma unroll
        for (int j = 0; j < NT; j++) mma_m16n8k16_bf16(acc[j], fa[0], fa[1], fa[2], fa[3], kept[step * NT + j][0], kept[step * NT + j][1]);
    }
#endif
}

// A warp's share of one of the two convolutions, from row `first` on: Turns · 16 pixels, all channels, through the body. In bf16 of up to 16 channels a warp keeps
// all weights in registers and makes 16 pixels after 16: what it runs stays small, which a block that is alone on its multiprocessor waits for. Else all
// pixels are made together, so that each fragment of the weights is read once.
template <class From, int OutHeight, int OutWidth, int Turns, class Body>
__device__ __forceinline__ void convolve_share(
    const unsigned char* from, const unsigned char* weights, Body& body, int first, int image, int y, int x, int lane)
{
    typedef HaloRows<From, 3, OutHeight, OutWidth> Rows;
    constexpr int C = From::Channels, NT = ceil_div(C, 16) * 2, pixels = OutHeight * OutWidth;
    if constexpr (sizeof(typename From::Element) == 2 && C <= 16)
    {
        unsigned kept[Rows::steps * NT][2];
        #pragma unroll
        for (int step = 0; step < Rows::steps; step++) load_columns<NT>(kept, step * NT, weights + step * 512, lane);
        #pragma unroll 1
        for (int turn = 0; turn < Turns; turn++)
        {
            float acc[1][NT][4] = {};
            const Rows rows = { from, first + turn * 16 };
            multiply_kept(acc[0], rows, kept, lane);
            const TilePlaces<OutWidth> places = { first + turn * 16, pixels, image, y, x };
            finish_tile<C>(body, acc, places, 0, lane);
        }
    }
    else
    {
        float acc[Turns][NT][4] = {};
        convolve_halo<From, 3, OutHeight, OutWidth>(acc, from, first, weights, 0, ceil_div(C, 16), lane);
        const TilePlaces<OutWidth> places = { first, pixels, image, y, x };
        finish_tile<C>(body, acc, places, 0, lane);
    }
}

// One tile. `middle` turns the first convolution's sum into the second's input, in place (bias, GELU), and may store it where its last
// argument says that the pixel is this block's: apply<V>(value, pixel, image, y, x, channel, own). `body` gets the second sum, and x beside it as the
// tile has it: apply<V>(value, input, pixel, image, y, x, channel).
template <class Tile, class Source, class Middle, class Body>
__device__ __forceinline__ void fused_residual_block(
    const Source& source, const void* weights1, const void* weights2, Middle& middle, Body& body,
    int images, int height, int width, int block, unsigned char* shared)
{
    constexpr int middle_turns = ceil_div(ceil_div(Tile::Middle::pixels, 16), Tile::warps), turns = ceil_div(ceil_div(Tile::TileH * Tile::TileW, 16), Tile::warps);
    unsigned char* input = shared;
    unsigned char* between = input + Tile::Input::bytes;
    unsigned char* first = between + Tile::Middle::bytes;
    unsigned char* second = first + Tile::Weights::bytes;
    const int columns = (width + Tile::TileW - 1) / Tile::TileW, tiles = (height + Tile::TileH - 1) / Tile::TileH * columns;
    const int image = block / tiles, y0 = block % tiles / columns * Tile::TileH, x0 = block % tiles % columns * Tile::TileW;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;

    bring_halo<typename Tile::Input, Tile::threads>(input, source, image, y0 - 2, x0 - 2);
    bring_packed<Tile::Weights::bytes, Tile::threads>(first, weights1);
    cp_async_commit();
    // The second weights come while the first are used.
    bring_packed<Tile::Weights::bytes, Tile::threads>(second, weights2);
    cp_async_commit();
    cp_async_wait<1>();
    __syncthreads();
    StoreTile<typename Tile::Middle, Tile::TileH, Tile::TileW, Middle> store = { middle, between, height, width, y0, x0 };
    convolve_share<typename Tile::Input, Tile::TileH + 2, Tile::TileW + 2, middle_turns>(
        input, first, store, warp * middle_turns * 16, image, y0 - 1, x0 - 1, lane);
    cp_async_wait<0>();
    __syncthreads();
    WithInput<Tile, Body> with_input = { body, input, height, width };
    convolve_share<typename Tile::Middle, Tile::TileH, Tile::TileW, turns>(between, second, with_input, warp * turns * 16, image, y0, x0, lane);
}
