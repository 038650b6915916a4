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

// One tile. `middle` turns the first convolution's sum into the second's input, in place (bias, GELU), and may store it where its last
// argument says that the pixel is this block's: apply<V>(value, pixel, image, y, x, channel, own). `body` gets the second sum, and x beside it as the
// tile has it: apply<V>(value, input, pixel, image, y, x, channel).
template <class Tile, class Source, class Middle, class Body>
__device__ __forceinline__ void fused_residual_block(
    const Source& source, const void* weights1, const void* weights2, Middle& middle, Body& body,
    int images, int height, int width, int block, unsigned char* shared)
{
    constexpr int C = Tile::Channels, NT = ceil_div(C, 16) * 2, middle_pixels = Tile::Middle::pixels, pixels = Tile::TileH * Tile::TileW;
    constexpr int middle_rows = ceil_div(ceil_div(middle_pixels, 16), Tile::warps) * 16, rows = ceil_div(ceil_div(pixels, 16), Tile::warps) * 16;
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
    {
        float acc[middle_rows / 16][NT][4] = {};
        convolve_halo<typename Tile::Input, 3, Tile::TileH + 2, Tile::TileW + 2>(acc, input, warp * middle_rows, first, 0, Tile::Weights::blocks, lane);
        StoreTile<typename Tile::Middle, Tile::TileH, Tile::TileW, Middle> store = { middle, between, height, width, y0, x0 };
        const TilePlaces<Tile::TileW + 2> places = { warp * middle_rows, middle_pixels, image, y0 - 1, x0 - 1 };
        finish_tile<C>(store, acc, places, 0, lane);
    }
    cp_async_wait<0>();
    __syncthreads();
    float acc[rows / 16][NT][4] = {};
    convolve_halo<typename Tile::Middle, 3, Tile::TileH, Tile::TileW>(acc, between, warp * rows, second, 0, Tile::Weights::blocks, lane);
    WithInput<Tile, Body> with_input = { body, input, height, width };
    const TilePlaces<Tile::TileW> places = { warp * rows, pixels, image, y0, x0 };
    finish_tile<C>(with_input, acc, places, 0, lane);
}
