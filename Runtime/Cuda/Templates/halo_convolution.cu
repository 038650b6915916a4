// needs: dense_convolution.cu halo_tile.cu
// Dense 3×3 convolution of stride 1, and its adjoint, for whole steps of channels: the input tile with its halo is brought once and read by
// all nine taps, so that only weights stream. dense_convolution.cu reads each pixel nine times, from L2: at 64 channels
// 147 KB of input and 72 KB of weights for 128 pixels × 64 channels, which is more than L2 delivers while the tensor cores compute
// them. Here it is 23 KB and 72 KB (8 × 16 pixels), or 41 KB and 72 KB for twice the pixels (16 × 16).

// TileH × TileW pixels × TileN channels; slabs of SlabSteps steps of one tap's weights through Stages buffers.
template <class T, int Read_, int Written_, bool Adjoint_, int TileH_, int TileW_, int TileN_, int SlabSteps_, int Stages_, int WarpsM_, int WarpsN_>
struct HaloConvolution
{
    typedef T Element;
    static constexpr int Read = Read_, Written = Written_, TileH = TileH_, TileW = TileW_, TileN = TileN_, SlabSteps = SlabSteps_, Stages = Stages_;
    static constexpr bool Adjoint = Adjoint_;
    static constexpr int WarpsM = WarpsM_, WarpsN = WarpsN_, threads = 32 * WarpsM * WarpsN;
    typedef HaloTile<T, Read, TileH + 2, TileW + 2> Input;
    static constexpr int tap_steps = Input::chunks / 2, tap_slabs = tap_steps / SlabSteps, steps = 9 * tap_steps;
    static constexpr int slab_b = TileN * SlabSteps * 32, shared_bytes = Input::bytes + Stages * slab_b;
    static constexpr int warp_rows = TileH * TileW / WarpsM, warp_columns = TileN / WarpsN;
    static_assert(Input::chunks % (2 * SlabSteps) == 0, "a slab lies within a tap");
    static_assert(warp_rows % 16 == 0 && warp_columns % 16 == 0, "a warp computes multiples of 16×16");
};

// Tiles over the pictures × tiles over the channels written, the last running fastest.
template <class Halo> __host__ __device__ constexpr int halo_convolution_blocks(int images, int height, int width)
{
    return images * ceil_div(height, Halo::TileH) * ceil_div(width, Halo::TileW) * ceil_div(Halo::Written, Halo::TileN);
}

// Rows of A under one tap, which lies `shift` pixels behind the first.
template <class Halo>
struct TapRows
{
    const unsigned char* tile;
    int first, shift;
    __device__ __forceinline__ const unsigned char* at(int row, int chunk, int half) const
    {
        const int index = first + row;
        return tile + Halo::Input::offset(index / Halo::TileW * Halo::Input::Width + index % Halo::TileW + shift, chunk + half);
    }
};

// Tiles reach over the picture's end; the body does not.
template <class Body>
struct InsidePicture
{
    Body& body;
    int height, width;
    template <int V> __device__ __forceinline__ void apply(float (&value)[V], int, int image, int y, int x, int channel)
    {
        if (y < height && x < width) body.template apply<V>(value, (image * height + y) * width + x, image, y, x, channel);
    }
};

// One block. Weights are packed as for dense_convolution.cu; images, height and width are those of input and output.
template <class Halo, class Source, class Body>
__device__ __forceinline__ void halo_convolution(
    const Source& source, const void* packed, Body& body, int images, int height, int width, int block, unsigned char* shared)
{
    constexpr int column_tiles = ceil_div(Halo::Written, Halo::TileN), slabs = 9 * Halo::tap_slabs;
    const int column_tile = block % column_tiles, tile = block / column_tiles;
    const int across = (width + Halo::TileW - 1) / Halo::TileW, tiles = (height + Halo::TileH - 1) / Halo::TileH * across;
    const int image = tile / tiles, y0 = tile % tiles / across * Halo::TileH, x0 = tile % tiles % across * Halo::TileW;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first = warp % Halo::WarpsM * Halo::warp_rows;
    unsigned char* stages = shared + Halo::Input::bytes;
    const unsigned char* weights = static_cast<const unsigned char*>(packed);

    // The first group is the input and the first slab.
    bring_halo<typename Halo::Input, Halo::threads>(shared, source, image, y0 - 1, x0 - 1);
    #pragma unroll
    for (int slab = 0; slab < Halo::Stages - 1; slab++)
    {
        bring_weights<Halo, Halo::Written>(stages + slab * Halo::slab_b, weights, slab * Halo::SlabSteps, Halo::steps, column_tile * (Halo::TileN / 16));
        cp_async_commit();
    }
    float acc[Halo::warp_rows / 16][Halo::warp_columns / 8][4] = {};
    for (int tap = 0; tap < 9; tap++)
    {
        const int ky = Halo::Adjoint ? 2 - tap / 3 : tap / 3, kx = Halo::Adjoint ? 2 - tap % 3 : tap % 3;
        const TapRows<Halo> rows = { shared, first, ky * Halo::Input::Width + kx };
        #pragma unroll
        for (int part = 0; part < Halo::tap_slabs; part++)
        {
            const int slab = tap * Halo::tap_slabs + part, next = slab + Halo::Stages - 1;
            cp_async_wait<Halo::Stages - 2>();
            // Shows everybody's copies, and that nobody reads any more what the next slab overwrites.
            __syncthreads();
            if (next < slabs)
                bring_weights<Halo, Halo::Written>(
                    stages + next % Halo::Stages * Halo::slab_b, weights, next * Halo::SlabSteps, Halo::steps, column_tile * (Halo::TileN / 16));
            cp_async_commit();
            const unsigned char* b = stages + slab % Halo::Stages * Halo::slab_b + warp / Halo::WarpsM * Halo::warp_columns * 32;
            #pragma unroll
            for (int step = 0; step < Halo::SlabSteps; step++)
                multiply_step<typename Halo::Element>(acc, rows, (part * Halo::SlabSteps + step) * 2, b + step * Halo::TileN * 32, lane);
        }
    }
    InsidePicture<Body> inside = { body, height, width };
    const TilePlaces<Halo::TileW> places = { first, Halo::TileH * Halo::TileW, image, y0, x0 };
    finish_tile<Halo::Written>(inside, acc, places, column_tile * Halo::TileN + warp / Halo::WarpsM * Halo::warp_columns, lane);
}
