// needs: halo_tile.cu input_tile.cu tile_operands.cu
// Dense 3×3 convolution of stride 2, for whole steps of channels: the input tile with its halo is brought once, and what is computed on the way is computed once a
// pixel. dense_convolution.cu brings a pixel for each tap that reads it, two and a quarter times.

// TileH × 16 pixels × TileN channels. Slabs of SlabSteps steps: a part of a tap, or whole taps.
template <class T, int Read_, int Written_, int TileH_, int TileN_, int SlabSteps_, int Stages_, int WarpsM_, int WarpsN_>
struct StridedConvolution
{
    static constexpr int Read = Read_, Written = Written_, TileH = TileH_, TileW = 16, TileN = TileN_, SlabSteps = SlabSteps_, Stages = Stages_;
    static constexpr int WarpsM = WarpsM_, WarpsN = WarpsN_, threads = 32 * WarpsM * WarpsN;
    static constexpr int warp_rows = TileH / WarpsM, warp_columns = TileN / WarpsN;
    typedef InputTile<T, Read, TileH * 2 + 1, TileW * 2 + 1, true, true> Input;
    static constexpr int tap_steps = Input::chunks / 2, steps = 9 * tap_steps, step_bytes = ceil_div(Written, 16) * 512;
    // From one row of output pixels to the next.
    static constexpr int row_bytes = 2 * Input::row_bytes;
    static constexpr int shared_bytes = Input::bytes + StepSlabs<StridedConvolution>::bytes;
    __host__ __device__ static constexpr int tap_bytes(int tap) { return tap / 3 * Input::row_bytes + Input::place_of(tap % 3) * Input::pixel_bytes; }
    static_assert(ceil_div(Written, 16) * 16 % TileN == 0, "whole column tiles");
    static_assert(TileH % WarpsM == 0, "a warp computes rows of 16 pixels");
    static_assert(warp_columns % 32 == 0, "lanes have 8 neighbouring channels");
};

// Tiles over the pictures × tiles over the channels written, the last running fastest.
template <class Strided> __host__ __device__ constexpr int strided_convolution_blocks(int images, int height, int width)
{
    return images * ceil_div(height, Strided::TileH) * ceil_div(width, Strided::TileW) * ceil_div(Strided::Written, Strided::TileN);
}

// One block. Weights are packed as for dense_convolution.cu; images, height and width are the output's.
template <class Strided, class Source, class Body>
__device__ __forceinline__ void strided_convolution(
    const Source& source, const void* packed, Body& body, int images, int height, int width, int block, unsigned char* shared)
{
    typedef typename Strided::Input Input;
    constexpr int column_tiles = ceil_div(Strided::Written, Strided::TileN);
    const int column_tile = (unsigned)block % column_tiles;
    const TileOrigin tile = tile_origin<Strided::TileH, Strided::TileW>((unsigned)block / column_tiles, height, width);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, row = warp % Strided::WarpsM * Strided::warp_rows, column = warp / Strided::WarpsM * Strided::warp_columns;
    unsigned char* stages = shared + Input::bytes;
    const unsigned char* weights = static_cast<const unsigned char*>(packed) + column_tile * Strided::TileN * 32;

    // The first group is the input's copies and the first slab.
    bring_chunks<Input, Strided::threads, true, 0, Input::chunks>(shared, source, tile.image, tile.y * 2 - 1, tile.x * 2 - 1, 0);
    #pragma unroll
    for (int slab = 0; slab < StepSlabs<Strided>::ahead; slab++) StepSlabs<Strided>::bring(stages, weights, slab);
    bring_chunks<Input, Strided::threads, false, 0, Input::chunks>(shared, source, tile.image, tile.y * 2 - 1, tile.x * 2 - 1, 0);

    const TilePlaces<Strided::TileW> places = { row * Strided::TileW, Strided::TileH * Strided::TileW, tile.image, tile.y, tile.x };
    const int first_channel = column_tile * Strided::TileN + column;
    TileOperands<Body, Strided::warp_rows, Strided::warp_columns / 8> operands;
    if constexpr (operands.is_early) operands.fetch(body, places, 0, first_channel, height, width, lane);
    float acc[Strided::warp_rows][Strided::warp_columns / 8][4] = {};
    sum_taps<Strided>(acc, shared + row * Strided::row_bytes, stages, weights, column, lane);
    operands.finish(body, acc, places, first_channel, height, width, lane);
}
