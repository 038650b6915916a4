// needs: gemm_tile.cu sources.cu convolution_taps.cu
// Dense convolution and its adjoint as an implicit GEMM: rows are output pixels, columns are channels written, k runs over the taps and,
// within a tap, over the chunks of channels that are read. A block computes TileM × TileN; slabs of k come through `Stages` buffers of
// shared memory by cp.async. Weights come packed (pack_convolution.cu), in the order in which they are read here.
//
// Not persistent: with one tile a block the hardware balances the picture's odd end, and two or three blocks on a multiprocessor
// cover each other's first and last slabs.

// What a kernel is cut into. SlabChunks (4 or 8) chunks of k a stage; WarpsM × WarpsN warps.
template <int TileM_, int TileN_, int SlabChunks_, int Stages_, int WarpsM_, int WarpsN_>
struct ConvolutionTile
{
    static constexpr int TileM = TileM_, TileN = TileN_, SlabChunks = SlabChunks_, Stages = Stages_, WarpsM = WarpsM_, WarpsN = WarpsN_;
    static constexpr int threads = 32 * WarpsM * WarpsN;
    static constexpr int warp_rows = TileM / WarpsM, warp_columns = TileN / WarpsN;
    static constexpr int slab_a = TileM * SlabChunks * 16, slab_b = TileN * SlabChunks * 16;
    // Dynamic shared memory of a block in bytes.
    static constexpr int shared_bytes = Stages * (slab_a + slab_b) + TileM * 16;
    static_assert(warp_rows % 16 == 0 && warp_columns % 16 == 0, "a warp computes multiples of 16×16");
    static_assert((TileM * SlabChunks) % threads == 0, "every thread brings the same chunks of every slab");
};

// Of the convolution itself or, for the adjoint, of the convolution that it belongs to. Read and Written are channels.
template <int Read_, int Written_, int KernelH_, int KernelW_, int Stride_, int Padding_, int Dilation_, bool Adjoint_>
struct ConvolutionShape
{
    static constexpr int Read = Read_, Written = Written_, KernelH = KernelH_, KernelW = KernelW_;
    static constexpr int Stride = Stride_, Padding = Padding_, Dilation = Dilation_;
    static constexpr bool Adjoint = Adjoint_;
    static constexpr int InStep = Adjoint ? 1 : Stride, OutStep = Adjoint ? Stride : 1, phases = OutStep * OutStep;
    static __device__ __forceinline__ AxisTaps rows(int phase)
    {
        return Adjoint ? adjoint_taps(KernelH, Stride, Padding, Dilation, phase / OutStep) : forward_taps(KernelH, Padding, Dilation);
    }
    static __device__ __forceinline__ AxisTaps columns(int phase)
    {
        return Adjoint ? adjoint_taps(KernelW, Stride, Padding, Dilation, phase % OutStep) : forward_taps(KernelW, Padding, Dilation);
    }
};

// Where in k a thread is: its chunk of channels and its tap. Chunks of one tap follow each other, then the taps of a row of the kernel. Where a
// tap is whole slabs, all threads are at one tap and count their slab's first chunk.
template <int TapChunks, int SlabChunks>
struct TapCursor
{
    static constexpr bool together = TapChunks % SlabChunks == 0;
    int chunk, row, column;
    __device__ __forceinline__ void advance(int chunks, int columns)
    {
        chunk += chunks;
        if constexpr (together)
        {
            if (chunk == TapChunks) next_tap(columns);
        }
        else
        {
            while (chunk >= TapChunks) next_tap(columns);
        }
    }
    __device__ __forceinline__ void next_tap(int columns)
    {
        chunk -= TapChunks;
        column++;
        if (column == columns) { column = 0; row++; }
    }
};

// One row of A in a source: the pixel under the first tap, which may lie outside of the picture. A direct source's is an address, to which
// all rows add the same.
template <class T, int Channels, class Source, bool Direct = Source::direct>
struct SourceRow
{
    const unsigned char* address;
    __device__ __forceinline__ void set(const Source& source, int image, int y, int x)
    {
        address = reinterpret_cast<const unsigned char*>(source.at(image, y, x, 0));
    }
    __device__ __forceinline__ void bring(void* shared, const Source& source, bool inside, int dy, int dx, int channel) const
    {
        static_assert(Channels % Chunk<T>::channels == 0, "a direct source has whole chunks");
        cp_async_16_zfill(shared, address + ((dy * source.width + dx) * Source::pitch + channel) * (int)sizeof(T), inside ? 16u : 0u);
    }
};

template <class T, int Channels, class Source>
struct SourceRow<T, Channels, Source, false>
{
    int image, y, x;
    __device__ __forceinline__ void set(const Source&, int its_image, int its_y, int its_x) { image = its_image; y = its_y; x = its_x; }
    __device__ __forceinline__ void bring(void* shared, const Source& source, bool inside, int dy, int dx, int channel) const
    {
        bring_chunk<T, Channels>(shared, source, inside, image, y + dy, x + dx, channel);
    }
};

template <class T, int Channels, class First, int Split, class Second>
struct SourceRow<T, Channels, PiecedSource<First, Split, Second>, false>
{
    typedef PiecedSource<First, Split, Second> Source;
    SourceRow<T, Split, First> first;
    SourceRow<T, Channels - Split, Second> second;
    __device__ __forceinline__ void set(const Source& source, int image, int y, int x)
    {
        first.set(source.first, image, y, x);
        second.set(source.second, image, y, x);
    }
    __device__ __forceinline__ void bring(void* shared, const Source& source, bool inside, int dy, int dx, int channel) const
    {
        if (channel < Split) first.bring(shared, source.first, inside, dy, dx, channel);
        else second.bring(shared, source.second, inside, dy, dx, channel - Split);
    }
};

// The rows of A that one thread brings: one chunk of every row_step-th row of the tile.
template <class T, class Shape, class Tile, class Source>
struct RowLoader
{
    static constexpr int tap_chunks = ceil_div(Shape::Read, Chunk<T>::channels);
    static constexpr int row_step = Tile::threads / Tile::SlabChunks, count = Tile::TileM / row_step;
    typedef TapCursor<tap_chunks, Tile::SlabChunks> Cursor;
    Source source;
    AxisTaps rows, columns;
    Cursor cursor;
    SourceRow<T, Shape::Read, Source> row[count];
    // For each row of A a bit for each row and, from 20 on, column of the kernel under which no pixel lies. Behind the last tap, up to a slab, none does.
    unsigned outside[count];
    static_assert(Shape::KernelH <= 12 && Shape::KernelW <= 12 && Tile::SlabChunks <= 8, "bits for the taps of an axis");

    __device__ __forceinline__ RowLoader(const Source& source, const AxisTaps& rows, const AxisTaps& columns, const Place* places)
        : source(source), rows(rows), columns(columns)
    {
        cursor = { 0, 0, 0 };
        if constexpr (!Cursor::together) cursor.advance(threadIdx.x % Tile::SlabChunks, columns.count);
        #pragma unroll
        for (int i = 0; i < count; i++)
        {
            const Place place = places[threadIdx.x / Tile::SlabChunks + i * row_step];
            const int y = place.y / Shape::OutStep * Shape::InStep + rows.offset, x = place.x / Shape::OutStep * Shape::InStep + columns.offset;
            row[i].set(source, place.image, y, x);
            // Rows without a pixel lie far above the picture: all their taps are outside.
            outside[i] = taps_outside(place.pixel >= 0 ? y : -(1 << 28), x);
        }
    }

    __device__ __forceinline__ unsigned taps_outside(int y, int x) const
    {
        unsigned taps = ~0u;
        // Unsigned: what lies before the picture is far behind it.
        for (int j = 0; j < rows.count; j++)
            if ((unsigned)(y + j * rows.step) < (unsigned)source.height) taps &= ~(1u << j);
        for (int j = 0; j < columns.count; j++)
            if ((unsigned)(x + j * columns.step) < (unsigned)source.width) taps &= ~(1u << 20 << j);
        return taps;
    }

    __device__ __forceinline__ void bring(unsigned char* slab)
    {
        const unsigned tap = (1u << cursor.row) | (1u << 20 << cursor.column);
        const int chunk = cursor.chunk + (Cursor::together ? threadIdx.x % Tile::SlabChunks : 0);
        #pragma unroll
        for (int i = 0; i < count; i++)
        {
            void* shared = slab + swizzled<Tile::SlabChunks>(threadIdx.x / Tile::SlabChunks + i * row_step, threadIdx.x % Tile::SlabChunks);
            row[i].bring(shared, source, (outside[i] & tap) == 0, cursor.row * rows.step, cursor.column * columns.step, chunk * Chunk<T>::channels);
        }
        cursor.advance(Tile::SlabChunks, columns.count);
    }
};

// The weights of one slab after the other. Blocks of 512 bytes: [step][16 columns]. Of the columns behind the last block and the steps
// behind the last one zeros are brought. Whole: slabs end with the last step.
template <class Tile, int Written, bool Whole>
struct WeightLoader
{
    static constexpr int blocks = ceil_div(Written, 16), tile_blocks = Tile::TileN / 16, units = Tile::slab_b / 16, slab_steps = Tile::SlabChunks / 2;
    const unsigned char* packed;
    int steps, first_block;

    __device__ __forceinline__ void bring(unsigned char* slab)
    {
        #pragma unroll
        for (int i = 0; i < ceil_div(units, Tile::threads); i++)
        {
            const int unit = threadIdx.x + i * Tile::threads;
            if (units % Tile::threads != 0 && unit >= units) continue;
            const int step = unit / (tile_blocks * 32), block = first_block + unit / 32 % tile_blocks;
            const bool inside = (Whole || step < steps) && (blocks % tile_blocks == 0 || block < blocks);
            cp_async_16_zfill(slab + unit * 16, packed + (step * blocks + block) * 512 + unit % 32 * 16, inside ? 16u : 0u);
        }
        packed += slab_steps * blocks * 512;
        steps -= slab_steps;
    }
};

// The output pixels of a tile: pixels of one phase in the order image, row, column.
template <class Shape, class Tile>
__device__ __forceinline__ void write_places(Place* places, int tile, int phase, int images, int height, int width)
{
    const int rows = (height + Shape::OutStep - 1) / Shape::OutStep, columns = (width + Shape::OutStep - 1) / Shape::OutStep;
    for (int row = threadIdx.x; row < Tile::TileM; row += Tile::threads)
    {
        const int index = tile * Tile::TileM + row, image = index / (rows * columns), within = index - image * (rows * columns);
        const int y = within / columns * Shape::OutStep + phase / Shape::OutStep, x = within % columns * Shape::OutStep + phase % Shape::OutStep;
        // Odd sizes: the last row or column of a phase may lie outside.
        const bool inside = image < images && y < height && x < width;
        places[row] = { inside ? (image * height + y) * width + x : -1, image, y, x };
    }
}

// Blocks of a convolution: tiles over the pixels of a phase × phases × tiles over the channels written. The last run fastest: what
// reads the same pixels, or writes between them, runs at the same time.
template <class Shape, class Tile>
__host__ __device__ constexpr int convolution_blocks(int images, int height, int width)
{
    return ceil_div(images * ceil_div(height, Shape::OutStep) * ceil_div(width, Shape::OutStep), Tile::TileM) * Shape::phases * ceil_div(Shape::Written, Tile::TileN);
}

// The offset of the next stage.
template <class Tile>
__device__ __forceinline__ int next_stage(int stage)
{
    return stage == (Tile::Stages - 1) * (Tile::slab_a + Tile::slab_b) ? 0 : stage + Tile::slab_a + Tile::slab_b;
}

template <class Tile, class Rows, class Weights>
__device__ __forceinline__ void bring_slab(unsigned char* shared, int& stage, Rows& rows, Weights& weights)
{
    rows.bring(shared + stage);
    weights.bring(shared + stage + Tile::slab_a);
    stage = next_stage<Tile>(stage);
}

template <class T, class Tile, int MT, int NT>
__device__ __forceinline__ void multiply_slab(float (&acc)[MT][NT][4], const unsigned char* shared, int& stage, int lane, int warp)
{
    const TileRows<Tile::SlabChunks> rows = { shared + stage, warp % Tile::WarpsM * Tile::warp_rows };
    const unsigned char* b = shared + stage + Tile::slab_a + warp / Tile::WarpsM * Tile::warp_columns * 32;
    // Strict on newer cards: of more steps at once the compiler makes more registers than two blocks have.
    #pragma unroll (FOCALNET_FFMA && __CUDA_ARCH__ >= 800 && sizeof(T) == 4 ? 1 : Tile::SlabChunks / 2)
    for (int step = 0; step < Tile::SlabChunks / 2; step++) multiply_step<T>(acc, rows, step * 2, b + step * Tile::TileN * 32, lane);
    stage = next_stage<Tile>(stage);
}

// One warp's sums of a tile whose places are in shared memory and shown to all, over all slabs of k.
template <class T, class Shape, class Tile, int MT, int NT, class Source>
__device__ __forceinline__ void sum_tile(
    float (&acc)[MT][NT][4], const Source& source, const void* weights, const Place* places, int phase, int column_tile, unsigned char* shared)
{
    constexpr int slab_bytes = Tile::slab_a + Tile::slab_b;
    typedef RowLoader<T, Shape, Tile, Source> Loader;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const AxisTaps rows = Shape::rows(phase), columns = Shape::columns(phase);
    const int steps = steps_of<Loader::tap_chunks>(rows, columns), slabs = (steps * 2 + Tile::SlabChunks - 1) / Tile::SlabChunks;

    // Phases lie one behind the other in the packed weights.
    const unsigned char* packed = static_cast<const unsigned char*>(weights);
    for (int before = 0; before < phase; before++)
        packed += steps_of<Loader::tap_chunks>(Shape::rows(before), Shape::columns(before)) * ceil_div(Shape::Written, 16) * 512;

    Loader loader(source, rows, columns, places);
    WeightLoader<Tile, Shape::Written, Loader::Cursor::together> weight_loader = { packed, steps, column_tile * (Tile::TileN / 16) };
    int stage = 0, read = 0;
    #pragma unroll 1
    for (int slab = 0; slab < Tile::Stages - 1; slab++)
    {
        if (slab < slabs) bring_slab<Tile>(shared, stage, loader, weight_loader);
        cp_async_commit();
    }
    int slab = 0;
    #pragma unroll 1
    for (; slab < slabs - (Tile::Stages - 1); slab++)
    {
        cp_async_wait<Tile::Stages - 2>();
        // Shows everybody's copies, and that nobody reads any more what the next slab overwrites.
        __syncthreads();
        bring_slab<Tile>(shared, stage, loader, weight_loader);
        cp_async_commit();
        multiply_slab<T, Tile>(acc, shared, read, lane, warp);
    }
    // The last ones are all there, and nothing comes any more.
    cp_async_wait<0>();
    __syncthreads();
    #pragma unroll 1
    for (; slab < slabs; slab++) multiply_slab<T, Tile>(acc, shared, read, lane, warp);
}

// One block. T is what the tile computes with, bf16 or float; images, height and width are those of the output. Tile::threads threads,
// Tile::shared_bytes of shared memory.
template <class T, class Shape, class Tile, class Source, class Body>
__device__ __forceinline__ void dense_convolution(
    const Source& source, const void* weights, Body& body, int images, int height, int width, int block, unsigned char* shared)
{
    constexpr int column_tiles = ceil_div(Shape::Written, Tile::TileN);
    const int column_tile = block % column_tiles, phase = block / column_tiles % Shape::phases, tile = block / (column_tiles * Shape::phases);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    Place* places = reinterpret_cast<Place*>(shared + Tile::Stages * (Tile::slab_a + Tile::slab_b));
    write_places<Shape, Tile>(places, tile, phase, images, height, width);
    __syncthreads();
    float acc[Tile::warp_rows / 16][Tile::warp_columns / 8][4] = {};
    sum_tile<T, Shape, Tile>(acc, source, weights, places, phase, column_tile, shared);
    const PlaceTable table = { places, warp % Tile::WarpsM * Tile::warp_rows };
    finish_tile<Shape::Written>(body, acc, table, column_tile * Tile::TileN + warp / Tile::WarpsM * Tile::warp_columns, lane);
}
