// needs: dense_convolution.cu halo_tile.cu
// An up-convolution and the 1×1 convolution over it and a skip connection, as one kernel: middle(T4×4 stride 2(x)), then 1×1 over the
// middle's channels followed by the skip's. A block makes pixels of one of the four phases, each a sum over the 2 × 2 taps that meet it;
// the middle stays in shared memory.

// Tile::TileN is the middle's channels, filled up to 16: a block has all channels of its pixels. Middle is a multiple of a step (16 in bf16,
// 8 in float), so that the skip's channels begin with a step of their own. Resident: the 1×1's weights lie in shared memory; else they are read
// from global memory, in whole fragments, which are twice as large in float.
template <class T, int Read_, int Middle_, int Skip_, int Written_, bool Resident_, class Tile_>
struct UpTile
{
    typedef T Element;
    typedef Tile_ Tile;
    static constexpr int Read = Read_, Middle = Middle_, Skip = Skip_, Written = Written_, threads = Tile::threads;
    static constexpr bool Resident = Resident_;
    typedef ConvolutionShape<Read, Middle, 4, 4, 2, 1, 1, true> Shape;
    // Rows of pixels, one below the other.
    typedef HaloTile<T, Middle, 1, Tile::TileM> MiddleRows;
    typedef HaloTile<T, Skip, 1, Tile::TileM> SkipRows;
    typedef PackedWeights<T, Middle + Skip, Written, 1> Weights;
    static constexpr int places = larger_of(Tile::Stages * (Tile::slab_a + Tile::slab_b), MiddleRows::bytes + SkipRows::bytes + (Resident ? Weights::bytes : 0));
    static constexpr int shared_bytes = places + Tile::TileM * 16;
    static constexpr int warp_columns = ceil_div(Written, 16 * Tile::WarpsN) * 16;
    static_assert(Tile::TileN == ceil_div(Middle, 16) * 16, "a block has all channels of the middle");
    static_assert(Middle % (2 * Chunk<T>::channels) == 0 && Skip % Chunk<T>::channels == 0, "the skip begins with a step");
    static_assert(warp_columns * Tile::WarpsN == Weights::blocks * 16, "warps share the written channels evenly");
    static_assert(Tile::WarpsN == 1 || ((warp_columns == 16 || warp_columns % 32 == 0) && (Tile::warp_columns == 16 || Tile::warp_columns % 32 == 0)),
        "of more than 16 columns the first one is a multiple of 32");
};

template <class Up> __host__ __device__ constexpr int up_blocks(int images, int height, int width)
{
    return convolution_blocks<typename Up::Shape, typename Up::Tile>(images, height, width);
}

// Rows of a tile by their number; all of them, with or without a pixel.
struct NumberedRows
{
    int first;
    __device__ __forceinline__ Place at(int row) const { return { first + row, 0, 0, 0 }; }
};

// The middle's rows, then the skip's, as one A.
template <class Up>
struct JoinedRows
{
    const unsigned char* middle;
    const unsigned char* skip;
    int first;
    __device__ __forceinline__ const unsigned char* at(int row, int chunk, int half) const
    {
        return chunk < Up::MiddleRows::chunks
            ? middle + Up::MiddleRows::offset(first + row, chunk + half)
            // The last step may have half a chunk too many, with zeros for weights.
            : skip + Up::SkipRows::offset(first + row, min(chunk - Up::MiddleRows::chunks + half, Up::SkipRows::chunks - 1));
    }
};

template <class Up, class Body>
struct StoreMiddleRows
{
    Body& body;
    const Place* places;
    unsigned char* rows;
    template <int V> __device__ __forceinline__ void apply(float (&value)[V], int row, int, int, int, int channel)
    {
        const Place place = places[row];
        if (place.pixel >= 0) body.template apply<V>(value, place.pixel, place.image, place.y, place.x, channel, true);
        Up::MiddleRows::template store<V>(rows, row, channel, value);
    }
};

// One tile. `middle` is as in fused_residual_block.cu; skip is a source of the output's size. images, height and width are the output's.
// weights are packed as an adjoint (stride 2), joint_weights as a 1×1 convolution.
template <class Up, class Source, class SkipSource, class Middle, class Body>
__device__ __forceinline__ void up_convolution(
    const Source& source, const void* weights, Middle& middle, const SkipSource& skip, const void* joint_weights, Body& body,
    int images, int height, int width, int block, unsigned char* shared)
{
    typedef typename Up::Element T;
    typedef typename Up::Tile Tile;
    const int phase = block % 4, lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const int first_row = warp % Tile::WarpsM * Tile::warp_rows, first_column = warp / Tile::WarpsM * Tile::warp_columns;
    Place* places = reinterpret_cast<Place*>(shared + Up::places);
    write_places<typename Up::Shape, Tile>(places, block / 4, phase, images, height, width);
    __syncthreads();
    unsigned char* middle_rows = shared;
    unsigned char* skip_rows = middle_rows + Up::MiddleRows::bytes;
    unsigned char* resident = skip_rows + Up::SkipRows::bytes;
    {
        float acc[Tile::warp_rows / 16][Tile::warp_columns / 8][4] = {};
        sum_tile<T, typename Up::Shape, Tile>(acc, source, weights, places, phase, 0, shared);
        // The stages are read: what follows lies where they were.
        __syncthreads();
        for (int unit = threadIdx.x; unit < Tile::TileM * Up::SkipRows::chunks; unit += Tile::threads)
        {
            const int row = unit / Up::SkipRows::chunks, chunk = unit % Up::SkipRows::chunks;
            const Place place = places[row];
            bring_chunk<T, Up::Skip>(skip_rows + Up::SkipRows::offset(row, chunk), skip, place.pixel >= 0, place.image, place.y, place.x, chunk * Chunk<T>::channels);
        }
        if constexpr (Up::Resident) bring_packed<Up::Weights::bytes, Tile::threads>(resident, joint_weights);
        cp_async_commit();
        StoreMiddleRows<Up, Middle> store = { middle, places, middle_rows };
        const NumberedRows rows = { first_row };
        finish_tile<Up::Middle>(store, acc, rows, first_column, lane);
    }
    cp_async_wait<0>();
    __syncthreads();
    float acc[Tile::warp_rows / 16][Up::warp_columns / 8][4] = {};
    const JoinedRows<Up> rows = { middle_rows, skip_rows, first_row };
    const int column = warp / Tile::WarpsM * Up::warp_columns;
    const unsigned char* joint = Up::Resident ? resident : static_cast<const unsigned char*>(joint_weights);
    #pragma unroll
    for (int step = 0; step < Up::Weights::steps; step++)
        multiply_step<T>(acc, rows, step * 2, joint + (step * Up::Weights::blocks * 16 + column) * 32, lane);
    const PlaceTable table = { places, first_row };
    finish_tile<Up::Written>(body, acc, table, column, lane);
}
