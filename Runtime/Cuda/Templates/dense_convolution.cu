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

// Where in k a thread is: its chunk of channels and its tap. Chunks of one tap follow each other, then the taps of a row of the kernel.
template <int TapChunks>
struct TapCursor
{
    int chunk, row, column;
    __device__ __forceinline__ void advance(int chunks, int columns)
    {
        chunk += chunks;
        while (chunk >= TapChunks)
        {
            chunk -= TapChunks;
            column++;
            if (column == columns) { column = 0; row++; }
        }
    }
};

// The rows of A that one thread brings: one chunk of every row_step-th row of the tile.
template <class T, class Shape, class Tile, class Source>
struct RowLoader
{
    static constexpr int tap_chunks = ceil_div(Shape::Read, Chunk<T>::channels);
    static constexpr int row_step = Tile::threads / Tile::SlabChunks, count = Tile::TileM / row_step;
    Source source;
    AxisTaps rows, columns;
    TapCursor<tap_chunks> cursor;
    int image[count], y[count], x[count];

    __device__ __forceinline__ RowLoader(const Source& source, const AxisTaps& rows, const AxisTaps& columns, const Place* places)
        : source(source), rows(rows), columns(columns)
    {
        cursor = { 0, 0, 0 };
        cursor.advance(threadIdx.x % Tile::SlabChunks, columns.count);
        #pragma unroll
        for (int i = 0; i < count; i++)
        {
            const Place place = places[threadIdx.x / Tile::SlabChunks + i * row_step];
            image[i] = place.image;
            // Rows without a pixel lie far above the picture: all their taps are outside.
            y[i] = place.pixel >= 0 ? place.y / Shape::OutStep * Shape::InStep + rows.offset : -(1 << 28);
            x[i] = place.x / Shape::OutStep * Shape::InStep + columns.offset;
        }
    }

    __device__ __forceinline__ void bring(unsigned char* slab)
    {
        #pragma unroll
        for (int i = 0; i < count; i++)
        {
            const int iy = y[i] + cursor.row * rows.step, ix = x[i] + cursor.column * columns.step;
            // Unsigned: what lies before the picture is far behind it. Behind the last tap there is nothing either.
            const bool inside = (unsigned)iy < (unsigned)source.height && (unsigned)ix < (unsigned)source.width && cursor.row < rows.count;
            void* shared = slab + swizzled<Tile::SlabChunks>(threadIdx.x / Tile::SlabChunks + i * row_step, threadIdx.x % Tile::SlabChunks);
            bring_chunk<T, Shape::Read>(shared, source, inside, image[i], iy, ix, cursor.chunk * Chunk<T>::channels);
        }
        cursor.advance(Tile::SlabChunks, columns.count);
    }
};

// Blocks of 512 bytes: [step][16 columns]. Of the columns behind the last block and the steps behind the last one zeros are brought.
template <class Tile, int Written>
__device__ __forceinline__ void bring_weights(unsigned char* slab, const unsigned char* packed, int first_step, int steps, int first_block)
{
    constexpr int blocks = ceil_div(Written, 16), tile_blocks = Tile::TileN / 16, units = Tile::slab_b / 16;
    #pragma unroll
    for (int i = 0; i < ceil_div(units, Tile::threads); i++)
    {
        const int unit = threadIdx.x + i * Tile::threads;
        if (unit >= units) continue;
        const int step = first_step + unit / (tile_blocks * 32), block = first_block + unit / 32 % tile_blocks;
        const bool inside = step < steps && block < blocks;
        cp_async_16_zfill(slab + unit * 16, inside ? packed + ((step * blocks + block) * 32 + unit % 32) * 16 : packed, inside ? 16u : 0u);
    }
}

// One slab into its stage, as one group of copies; an empty group behind the last slab.
template <class Shape, class Tile, class Loader>
__device__ __forceinline__ void bring_slab(unsigned char* stages, Loader& loader, const unsigned char* packed, int slab, int slabs, int steps, int column_tile)
{
    unsigned char* stage = stages + slab % Tile::Stages * (Tile::slab_a + Tile::slab_b);
    if (slab < slabs)
    {
        loader.bring(stage);
        bring_weights<Tile, Shape::Written>(stage + Tile::slab_a, packed, slab * (Tile::SlabChunks / 2), steps, column_tile * (Tile::TileN / 16));
    }
    cp_async_commit();
}

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
    #pragma unroll 1
    for (int slab = 0; slab < Tile::Stages - 1; slab++) bring_slab<Shape, Tile>(shared, loader, packed, slab, slabs, steps, column_tile);

    for (int slab = 0; slab < slabs; slab++)
    {
        cp_async_wait<Tile::Stages - 2>();
        // Shows everybody's copies, and that nobody reads any more what the next slab overwrites.
        __syncthreads();
        bring_slab<Shape, Tile>(shared, loader, packed, slab + Tile::Stages - 1, slabs, steps, column_tile);
        const unsigned char* stage = shared + slab % Tile::Stages * slab_bytes;
        const TileRows<Tile::SlabChunks> tile_rows = { stage, warp % Tile::WarpsM * Tile::warp_rows };
        #pragma unroll
        for (int step = 0; step < Tile::SlabChunks / 2; step++)
            multiply_step<T>(acc, tile_rows, step * 2, stage + Tile::slab_a + (step * Tile::TileN + warp / Tile::WarpsM * Tile::warp_columns) * 32, lane);
    }
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
