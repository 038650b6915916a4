// needs: halo_tile.cu
// 3×3 of stride 1 over very few channels, as pictures have, and its adjoint: what is read of a pixel is one chunk, filled up with zeros, so that two taps
// are a step of k. The tile comes with all its loads on their way at once; weights are read from global memory, in whole fragments.

// TileH × TileW pixels, 8 warps. Read channels fit into a chunk; Written is a multiple of 16. A warp computes units of rows × columns, pixels × channels, one
// after the other.
template <class T, int Read_, int Written_, bool Adjoint_, int TileH_, int TileW_>
struct PictureTile
{
    typedef T Element;
    static constexpr int Read = Read_, Written = Written_, TileH = TileH_, TileW = TileW_, threads = 256, warps = 8;
    static constexpr bool Adjoint = Adjoint_;
    typedef HaloTile<T, Read, TileH + 2, TileW + 2, true> Input;
    // Few pixels: all weights of 32 channels are 40 registers in bf16, which come with the tile and which a warp then keeps from unit to unit.
    static constexpr int rows = 16, columns = Written % 32 == 0 ? 32 : 16, across = Written / columns;
    static constexpr int units = ceil_div(TileH * TileW, rows) * across, shared_bytes = Input::bytes;
    static constexpr bool keeps_weights = sizeof(T) == 2 && warps % across == 0;
    static_assert(Input::chunks == 1 && Written % 16 == 0, "a chunk is read, and whole blocks of weights");
};

template <class Tile> __host__ __device__ constexpr int picture_blocks(int images, int height, int width)
{
    return images * ceil_div(height, Tile::TileH) * ceil_div(width, Tile::TileW);
}

// One tile. weights are packed as a convolution, or as an adjoint.
template <class Tile, class Source, class Body>
__device__ __forceinline__ void picture_convolution(
    const Source& source, const void* weights, Body& body, int images, int height, int width, int block, unsigned char* shared)
{
    const int columns = (width + Tile::TileW - 1) / Tile::TileW, tiles = (height + Tile::TileH - 1) / Tile::TileH * columns;
    const int image = block / tiles, y0 = block % tiles / columns * Tile::TileH, x0 = block % tiles % columns * Tile::TileW;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    typedef HaloRows<typename Tile::Input, 3, Tile::TileH, Tile::TileW, Tile::Adjoint> Rows;
    WeightStream<Rows::steps, Tile::columns / 8, ceil_div(Tile::Written, 16)> kept;
    if constexpr (Tile::keeps_weights) kept.begin(weights, warp % Tile::across * Tile::columns, lane);
    bring_picture<Tile>(shared, source, image, y0 - 1, x0 - 1);
    __syncthreads();
    InsidePicture<Body> inside = { body, height, width };
    #pragma unroll 1
    for (int unit = warp; unit < Tile::units; unit += Tile::warps)
    {
        const int first = unit / Tile::across * Tile::rows, column = unit % Tile::across * Tile::columns;
        float acc[Tile::rows / 16][Tile::columns / 8][4] = {};
        if constexpr (Tile::keeps_weights) kept.multiply(acc, Rows{ shared, first }, lane);
        else
            convolve_halo<typename Tile::Input, 3, Tile::TileH, Tile::TileW, Tile::Adjoint>(
                acc, shared, first, static_cast<const unsigned char*>(weights), column, ceil_div(Tile::Written, 16), lane);
        const TilePlaces<Tile::TileW> places = { first, Tile::TileH * Tile::TileW, image, y0, x0 };
        finish_tile<Tile::Written>(inside, acc, places, column, lane);
    }
}
