// needs: halo_tile.cu input_tile.cu tile_operands.cu
// What up_convolution.cu computes, for tiles that shared memory has room for, as bf16 makes them: middle(T4×4 stride 2(x)), then 1×1 over the middle's channels
// followed by the skip's. A block makes TileH × 16 pixels of one of the four phases. Each is a sum over 2 × 2 taps, and the input of them all, one row and one column
// more than there are pixels, is brought once; the skip connection comes at the same time.

// Skip and middle lie in planes, chunk by chunk. WarpsM × WarpsN warps, for both products.
template <class T, int Read_, int Middle_, int Skip_, int Written_, int TileH_, int SlabSteps_, int Stages_, int WarpsM_, int WarpsN_>
struct UpTiles
{
    typedef T Element;
    static constexpr int Read = Read_, Middle = Middle_, Skip = Skip_, Written = Written_, TileH = TileH_, TileW = 16, TileN = Middle, rows = TileH * TileW;
    static constexpr int SlabSteps = SlabSteps_, Stages = Stages_, WarpsM = WarpsM_, WarpsN = WarpsN_, threads = 32 * WarpsM * WarpsN;
    static constexpr int warp_rows = TileH / WarpsM, middle_columns = Middle / WarpsN, warp_columns = Written / WarpsN;
    typedef InputTile<T, Read, TileH + 1, TileW + 1, true> Input;
    static constexpr int tap_steps = Input::chunks / 2, steps = 4 * tap_steps, step_bytes = Middle * 32, row_bytes = Input::row_bytes;
    // Both axes count the taps from the last row or column that a pixel reads to the first.
    __host__ __device__ static constexpr int tap_bytes(int tap) { return (1 - tap / 2) * Input::row_bytes + (1 - tap % 2) * Input::pixel_bytes; }
    typedef HaloTile<T, Middle, 1, rows, true> MiddleRows;
    // The tile of the skip connection: pixels of a phase are two apart.
    struct SkipRows : HaloTile<T, Skip, 1, rows, true>
    {
        static constexpr int Width = TileW, apart = 2, pixel_bytes = 16;
        static __device__ __forceinline__ int column_at(int place) { return place; }
        static __device__ __forceinline__ int thread() { return threadIdx.x; }
    };
    typedef PackedWeights<T, Middle + Skip, Written, 1> Weights;
    // The middle and the weights of the 1×1 lie where the input and its weights were.
    static constexpr int first_bytes = Input::bytes + StepSlabs<UpTiles>::bytes, then_bytes = MiddleRows::bytes + Weights::bytes;
    static constexpr int shared_bytes = SkipRows::bytes + larger_of(first_bytes, then_bytes);
    static_assert(Skip % Chunk<T>::channels == 0, "steps begin with the middle, the skip or a tap");
    static_assert(TileH % WarpsM == 0, "a warp computes rows of 16 pixels");
    static_assert(middle_columns % 32 == 0 && warp_columns % 32 == 0, "lanes have 8 neighbouring channels");
};

// The middle's rows, then the skip's, as one A, from a warp's first row on.
template <class Up>
struct JoinedTiles
{
    const unsigned char* middle;
    const unsigned char* skip;
    __device__ __forceinline__ const unsigned char* at(int row, int chunk, int half) const
    {
        return chunk < Up::MiddleRows::chunks
            ? middle + Up::MiddleRows::offset(row, chunk) + half * Up::MiddleRows::plane
            // The last step may have a chunk too many, with zeros for weights: it is the middle's first one, which lies behind the skip's.
            : skip + Up::SkipRows::offset(row, chunk - Up::MiddleRows::chunks) + half * Up::SkipRows::plane;
    }
};

// Pixels of one phase: (y, x) is the first row's.
struct PhasePlaces
{
    int first, image, y, x;
    __device__ __forceinline__ Place at(int row) const
    {
        const int index = first + row;
        return { index, image, y + index / 16 * 2, x + index % 16 * 2 };
    }
};

// Sums through the middle's body into its rows: straight on, with the nearest pixel in place of what lies outside, so that pixels share what the body reads of their channels.
template <class Up, class Body, int MT, int NT>
__device__ __forceinline__ void store_middle(
    Body& body, TileOperands<Body, MT, NT>& operands, unsigned char* rows, const float (&acc)[MT][NT][4], const PhasePlaces& places, int first_channel, int height, int width, int lane)
{
    typedef TileOperands<Body, MT, NT> Operands;
    #pragma unroll
    for (int group = 0; group < Operands::count; group++)
    {
        if constexpr (!Operands::is_early)
            if (group % Operands::at_once == 0) operands.fetch(body, places, group, first_channel, height, width, lane);
        const Place at = Operands::place(places, group, lane);
        const int row = group / Operands::row_groups, channel = first_channel + Operands::channel(group, lane), y = min(at.y, height - 1), x = min(at.x, width - 1);
        float v[8];
        channels_of_lane(v, acc[row / 2], group % Operands::row_groups * 4, row % 2);
        body.template apply<8>(
            v, operands.of[group % Operands::at_once], (at.image * height + y) * width + x, at.image, y, x, channel, at.y < height && at.x < width);
        Up::MiddleRows::template store<8>(rows, at.pixel, channel, v);
    }
}

// Tiles over the pixels of a phase × phases, which run fastest.
template <class Up> __host__ __device__ constexpr int up_tile_blocks(int images, int height, int width)
{
    return images * ceil_div(ceil_div(height, 2), Up::TileH) * ceil_div(ceil_div(width, 2), Up::TileW) * 4;
}

// One tile. Arguments are those of up_convolution.cu.
template <class Up, class Source, class SkipSource, class Middle, class Body>
__device__ __forceinline__ void up_tile_convolution(
    const Source& source, const void* weights, Middle& middle, const SkipSource& skip, const void* joint_weights, Body& body,
    int images, int height, int width, int block, unsigned char* shared)
{
    typedef typename Up::Element T;
    typedef typename Up::Input Input;
    const int phase = block & 3, down = phase >> 1, right = phase & 1;
    const TileOrigin tile = tile_origin<Up::TileH, Up::TileW>((unsigned)block >> 2, (height + 1) / 2, (width + 1) / 2);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first_row = warp % Up::WarpsM * Up::warp_rows;
    unsigned char* input = shared + Up::SkipRows::bytes;
    unsigned char* stages = input + Input::bytes;
    unsigned char* middle_rows = input;
    unsigned char* joint = middle_rows + Up::MiddleRows::bytes;
    const unsigned char* packed = static_cast<const unsigned char*>(weights) + phase * Up::steps * Up::step_bytes;

    // The first group is what is copied of the input, and the first slab.
    bring_chunks<Input, Up::threads, true, 0, Input::chunks>(input, source, tile.image, tile.y + down - 1, tile.x + right - 1, 0);
    #pragma unroll
    for (int slab = 0; slab < StepSlabs<Up>::ahead; slab++) StepSlabs<Up>::bring(stages, packed, slab);
    const PhasePlaces places = { first_row * Up::TileW, tile.image, tile.y * 2 + down, tile.x * 2 + right };
    bring_chunks<typename Up::SkipRows, Up::threads, true, 0, Up::SkipRows::chunks>(shared, skip, tile.image, places.y, places.x, 0);
    bring_chunks<Input, Up::threads, false, 0, Input::chunks>(input, source, tile.image, tile.y + down - 1, tile.x + right - 1, 0);
    bring_chunks<typename Up::SkipRows, Up::threads, false, 0, Up::SkipRows::chunks>(shared, skip, tile.image, places.y, places.x, 0);
    const int column = warp / Up::WarpsM * Up::warp_columns;
    TileOperands<Body, Up::warp_rows, Up::warp_columns / 8> operands;
    {
        const int middle_column = warp / Up::WarpsM * Up::middle_columns;
        TileOperands<Middle, Up::warp_rows, Up::middle_columns / 8> middle_operands;
        if constexpr (middle_operands.is_early) middle_operands.fetch(middle, places, 0, middle_column, height, width, lane);
        float acc[Up::warp_rows][Up::middle_columns / 8][4] = {};
        sum_taps<Up>(acc, input + first_row * Up::row_bytes, stages, packed, middle_column, lane);
        // Input and weights are read: what follows lies where they were.
        __syncthreads();
        bring_packed<Up::Weights::bytes, Up::threads>(joint, joint_weights);
        cp_async_commit();
        if constexpr (operands.is_early) operands.fetch(body, places, 0, column, height, width, lane);
        store_middle<Up>(middle, middle_operands, middle_rows, acc, places, middle_column, height, width, lane);
    }
    cp_async_wait<0>();
    __syncthreads();
    float acc[Up::warp_rows][Up::warp_columns / 8][4] = {};
    const JoinedTiles<Up> rows = { middle_rows + first_row * Up::TileW * 16, shared + first_row * Up::TileW * 16 };
    #pragma unroll
    for (int step = 0; step < Up::Weights::steps; step++)
        multiply_step<T>(acc, rows, step * 2, joint + (step * Up::Weights::blocks * 16 + column) * 32, lane);
    operands.finish(body, acc, places, column, height, width, lane);
}
