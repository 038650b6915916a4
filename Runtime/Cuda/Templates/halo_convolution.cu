// needs: halo_tile.cu input_tile.cu warpgroup_convolution.cu
// Dense 3×3 convolution of stride 1, and its adjoint, for whole steps of channels: the input tile with its halo is brought once and read by
// all nine taps. dense_convolution.cu brings each pixel nine times, from L2: at 64 channels 147 KB of input and 72 KB of weights for
// 128 pixels × 64 channels, which is more than L2 delivers while the tensor cores compute them. Here it is 23 KB and 72 KB.
//
// Rows of 16 pixels are rows of A, so that a fragment of A serves the three taps of a column: for MT rows of a warp MT + 2 fragments are read in
// place of 3 · MT. The tile is linear, with an odd number of chunks a pixel: all that is read of it lies at constants from one address.
//
// Weights stream, or all of them lie in shared memory. A tile of many channels comes in parts, one after the other. Groups of four warps
// (warpgroup_convolution.cu) multiply what their shape allows, out of a tile in planes.

// TileH × 16 pixels × TileN channels; Part of the channels read at a time. A slab is one step of the three taps of a column of the kernel; Stages
// buffers of slabs, or 0 where all weights stay. A block has Turns such tiles, one below the other; groups of warps then keep all weights, and turn in rows of 8.
template <class T, int Read_, int Written_, bool Adjoint_, int TileH_, int TileN_, int Part_, int Stages_, int WarpsM_, int WarpsN_, int Turns_ = 1>
struct HaloConvolution
{
    typedef T Element;
    static constexpr int Read = Read_, Written = Written_, TileH = TileH_, TileW = 16, TileN = TileN_, Part = Part_, Stages = Stages_, Turns = Turns_;
    static constexpr bool Adjoint = Adjoint_, resident = Stages == 0;
    static constexpr int WarpsM = WarpsM_, WarpsN = WarpsN_, threads = 32 * WarpsM * WarpsN;
    static constexpr int warp_rows = TileH / WarpsM, warp_columns = TileN / WarpsN;
    // For groups of four warps the packed weights are in an order of their own: whoever packs them decides by channels read and written alone.
    static constexpr bool warpgroups = FOCALNET_WARPGROUPS && sizeof(T) == 2 && Read % 64 == 0 && Written % 64 == 0;
    static constexpr bool turns_of_groups = warpgroups && Turns > 1;
    typedef InputTile<T, Part, (turns_of_groups ? 8 : TileH) + 2, TileW + 2, warpgroups, false, (Turns > 1 && !warpgroups)> Input;
    static constexpr int parts = Read / Part, part_steps = Input::chunks / 2, tap_steps = parts * part_steps, slabs = parts * 3 * part_steps;
    // Packed weights: a step of a tap, and what lies between the taps of a column, there and in a slab.
    static constexpr int step_bytes = ceil_div(Written, 16) * 512, column_bytes = 3 * tap_steps * step_bytes, tap_bytes = resident ? column_bytes : TileN * 32;
    static constexpr int slab_bytes = 3 * TileN * 32, weight_bytes = resident ? 3 * column_bytes : Stages * slab_bytes;
    static constexpr int shared_bytes = Input::bytes + (turns_of_groups ? 3 * column_bytes : warpgroups ? GroupSlabs<TileN, Part>::bytes : weight_bytes);
    static_assert(Read % Part == 0 && ceil_div(Written, 16) * 16 % TileN == 0, "whole parts and column tiles");
    static_assert(!resident || (parts == 1 && TileN * 32 == step_bytes), "all weights stay for one part and all channels");
    static_assert(TileH % WarpsM == 0 && warp_columns % 16 == 0, "a warp computes rows of 16 pixels and multiples of 16 channels");
    static_assert(!warpgroups || (threads == 256 && TileH % 8 == 0 && Part % 64 == 0 && !resident), "two groups compute 8 × 8 pixels, slabs are of 64 channels");
    static_assert(!turns_of_groups || (parts == 1 && TileN == Written), "all weights stay for one part and all channels");
};

// Tiles over the pictures × tiles over the channels written, the last running fastest.
template <class Halo> __host__ __device__ constexpr int halo_convolution_blocks(int images, int height, int width)
{
    return images * ceil_div(height, Halo::TileH * Halo::Turns) * ceil_div(width, Halo::TileW) * ceil_div(Halo::Written, Halo::TileN);
}

// Of a part of the tile that begins at a source's `channel` all that comes by copies, or all that comes through registers, zeros outside of the picture. The tile's
// first pixel is (y, x); Channels are the source's.
template <class Halo, bool Copies, int Channels, class Source>
__device__ __forceinline__ void bring_piece(unsigned char* tile, const Source& source, int channel, int image, int y, int x)
{
    bring_chunks<typename Halo::Input, Halo::threads, Copies, 0, Halo::Input::chunks>(tile, source, image, y, x, channel);
}

template <class Halo, bool Copies, int Channels, class First, int Split, class Second>
__device__ __forceinline__ void bring_piece(unsigned char* tile, const PiecedSource<First, Split, Second>& source, int channel, int image, int y, int x)
{
    typedef typename Halo::Input Input;
    if constexpr (Channels == Halo::Part) bring_chunks<Input, Halo::threads, Copies, 0, Input::chunks>(tile, source, image, y, x, 0);
    else if constexpr (Split % Halo::Part == 0)
    {
        if (channel < Split) bring_piece<Halo, Copies, Split>(tile, source.first, channel, image, y, x);
        else bring_piece<Halo, Copies, Channels - Split>(tile, source.second, channel - Split, image, y, x);
    }
    else if constexpr (Copies)
    {
        // A part has some of several pieces: each chunk asks which it is of.
        constexpr int across = Halo::threads / Input::chunks;
        static_assert(Halo::threads % Input::chunks == 0, "every thread has a chunk");
        const int chunk = threadIdx.x % Input::chunks;
        for (TileCursor<Input, across> at(threadIdx.x / Input::chunks); at.pixel < Input::pixels; at.advance())
        {
            const int iy = y + at.y(), ix = x + at.x();
            bring_chunk<typename Halo::Element, Channels>(
                tile + Input::offset(at.pixel, chunk), source, is_inside(source, iy, ix), image, iy, ix, channel + chunk * Chunk<typename Halo::Element>::channels);
        }
    }
}

// What cp.async copies of one part. The caller commits and waits, and calls load_part for the rest.
template <class Halo, class Source>
__device__ __forceinline__ void bring_part(unsigned char* tile, const Source& source, int part, int image, int y, int x)
{
    bring_piece<Halo, true, Halo::Read>(tile, source, part * Halo::Part, image, y, x);
}

// What comes through registers, whatever is under way meanwhile.
template <class Halo, class Source>
__device__ __forceinline__ void load_part(unsigned char* tile, const Source& source, int part, int image, int y, int x)
{
    if constexpr (!Source::direct) bring_piece<Halo, false, Halo::Read>(tile, source, part * Halo::Part, image, y, x);
}

// Brings slab after slab of weights, in the order parts, columns of the kernel, steps.
template <class Halo>
struct SlabWeights
{
    static constexpr int units = Halo::slab_bytes / 16, tap_units = units / 3;
    const unsigned char* packed;
    int slab, stage;
    __device__ __forceinline__ void bring(unsigned char* stages)
    {
        if (slab < Halo::slabs)
        {
            #pragma unroll
            for (int i = 0; i < ceil_div(units, Halo::threads); i++)
            {
                const int unit = threadIdx.x + i * Halo::threads;
                if (units % Halo::threads == 0 || unit < units)
                    cp_async_16(stages + stage + unit * 16, packed + unit / tap_units * Halo::column_bytes + unit % tap_units * 16);
            }
            slab++;
            stage = stage == (Halo::Stages - 1) * Halo::slab_bytes ? 0 : stage + Halo::slab_bytes;
            packed += Halo::step_bytes;
            if constexpr (Halo::parts != 1)
            {
                // On to the part's next column, or back to the first column for the next part.
                if (slab % Halo::part_steps == 0) packed += (Halo::tap_steps - Halo::part_steps) * Halo::step_bytes;
                if (slab % (3 * Halo::part_steps) == 0) packed -= (3 * Halo::tap_steps - Halo::part_steps) * Halo::step_bytes;
            }
        }
        cp_async_commit();
    }
};

// Rows of A under one tap: `first` is the warp's first row of pixels there, at the chunk of the step.
template <class Halo>
struct TapRows
{
    const unsigned char* first;
    __device__ __forceinline__ const unsigned char* at(int row, int, int half) const
    {
        return first + row / Halo::TileW * Halo::Input::row_bytes + row % Halo::TileW * Halo::Input::pixel_bytes + half * 16;
    }
};

// acc += the three taps of a column, at one step of k. The rows begin under the column's first tap; the taps of b lie Halo::tap_bytes apart. Packed
// weights of the adjoint begin with the last row.
template <class Halo, int MT, int NT>
__device__ __forceinline__ void multiply_column_bf16(float (&acc)[MT][NT][4], const TapRows<Halo>& rows, const unsigned char* b, int lane)
{
#if __CUDA_ARCH__ >= 800
    unsigned fb[3 * NT][2];
    #pragma unroll
    for (int tap = 0; tap < 3; tap++) load_columns<NT>(fb, tap * NT, b + tap * Halo::tap_bytes, lane);
    #pragma unroll
    for (int row = 0; row < MT + 2; row++)
    {
        unsigned fa[4];
        ldmatrix_x4(fa[0], fa[1], fa[2], fa[3], rows.at(row * 16 + (lane & 15), 0, lane >> 4));
        #pragma unroll
        for (int tap = 0; tap < 3; tap++)
        {
            const int i = row - (Halo::Adjoint ? 2 - tap : tap);
            if (i < 0 || i >= MT) continue;
            #pragma unroll
            for (int j = 0; j < NT; j++) mma_m16n8k16_bf16(acc[i][j], fa[0], fa[1], fa[2], fa[3], fb[tap * NT + j][0], fb[tap * NT + j][1]);
        }
    }
#endif
}

template <class Halo, int MT, int NT>
__device__ __forceinline__ void multiply_column_tf32(float (&acc)[MT][NT][4], const TapRows<Halo>& rows, const unsigned char* b, int lane)
{
#if __CUDA_ARCH__ >= 800
    unsigned big_a[MT + 2][4], small_a[MT + 2][4];
    #pragma unroll
    for (int i = 0; i < MT + 2; i++)
    {
        unsigned fa[4];
        ldmatrix_x4(fa[0], fa[1], fa[2], fa[3], rows.at(i * 16 + (lane & 15), 0, lane >> 4));
        #pragma unroll
        for (int r = 0; r < 4; r++) split_tf32(fa[r], big_a[i][r], small_a[i][r]);
    }
    #pragma unroll
    for (int tap = 0; tap < 3; tap++)
    {
        unsigned big_b[NT][2], small_b[NT][2];
        load_split_columns(big_b, small_b, b + tap * Halo::tap_bytes, lane);
        #pragma unroll
        for (int i = 0; i < MT; i++)
        {
            const int under = i + (Halo::Adjoint ? 2 - tap : tap);
            multiply_split(acc, i, big_a[under], small_a[under], big_b, small_b);
        }
    }
#endif
}

template <class Halo, int MT, int NT>
__device__ __forceinline__ void multiply_column(float (&acc)[MT][NT][4], const unsigned char* first, const unsigned char* b, int lane)
{
    const TapRows<Halo> rows = { first };
    if constexpr (sizeof(typename Halo::Element) == 2) multiply_column_bf16<Halo>(acc, rows, b, lane);
#if FOCALNET_FFMA
    else
    {
        #pragma unroll
        for (int tap = 0; tap < 3; tap++)
        {
            const TapRows<Halo> under = { first + (Halo::Adjoint ? 2 - tap : tap) * Halo::Input::row_bytes };
            multiply_ffma(acc, under, 0, b + tap * Halo::tap_bytes, lane);
        }
    }
#else
    else multiply_column_tf32<Halo>(acc, rows, b, lane);
#endif
}

// One tile, from (y0, x0) on.
template <class Halo, class Source, class Body>
__device__ __forceinline__ void halo_tile_convolution(
    const Source& source, const unsigned char* packed, Body& body, int image, int y0, int x0, int height, int width, int column_tile, unsigned char* shared)
{
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, row = warp % Halo::WarpsM * Halo::warp_rows;
    unsigned char* stages = shared + Halo::Input::bytes;
    SlabWeights<Halo> weights = { packed + column_tile * Halo::TileN * 32, 0, 0 };

    // The first group is the input and the first slab, or all there is.
    bring_part<Halo>(shared, source, 0, image, y0 - 1, x0 - 1);
    if constexpr (Halo::resident)
    {
        bring_packed<Halo::weight_bytes, Halo::threads>(stages, packed);
        cp_async_commit();
        load_part<Halo>(shared, source, 0, image, y0 - 1, x0 - 1);
        cp_async_wait<0>();
        __syncthreads();
    }
    #pragma unroll
    for (int slab = 0; slab < Halo::Stages - 1; slab++) weights.bring(stages);
    if constexpr (!Halo::resident) load_part<Halo>(shared, source, 0, image, y0 - 1, x0 - 1);

    float acc[Halo::warp_rows][Halo::warp_columns / 8][4] = {};
    const unsigned char* b = stages + warp / Halo::WarpsM * Halo::warp_columns * 32;
    int stage = 0;
    #pragma unroll 1
    for (int part = 0; part < Halo::parts; part++)
    {
        if (part > 0)
        {
            __syncthreads();
            bring_part<Halo>(shared, source, part, image, y0 - 1, x0 - 1);
            cp_async_commit();
            load_part<Halo>(shared, source, part, image, y0 - 1, x0 - 1);
            cp_async_wait<0>();
        }
        #pragma unroll (Halo::part_steps <= 2 ? 3 : 1)
        for (int kx = 0; kx < 3; kx++)
        {
            const unsigned char* first = shared + row * Halo::Input::row_bytes + (Halo::Adjoint ? 2 - kx : kx) * Halo::Input::pixel_bytes;
            // Strict on newer cards: see dense_convolution.cu.
            #pragma unroll (FOCALNET_FFMA && __CUDA_ARCH__ >= 800 && sizeof(typename Halo::Element) == 4 ? 1 : smaller_of(Halo::part_steps, 4))
            for (int step = 0; step < Halo::part_steps; step++)
            {
                if constexpr (Halo::resident)
                    multiply_column<Halo>(acc, first + step * 32, b + (kx * Halo::tap_steps + step) * Halo::step_bytes, lane);
                else
                {
                    cp_async_wait<Halo::Stages - 2>();
                    // Shows everybody's copies, and that nobody reads any more what the next slab overwrites.
                    __syncthreads();
                    weights.bring(stages);
                    multiply_column<Halo>(acc, first + step * 32, b + stage, lane);
                    stage = stage == (Halo::Stages - 1) * Halo::slab_bytes ? 0 : stage + Halo::slab_bytes;
                }
            }
        }
    }
    InsidePicture<Body> inside = { body, height, width };
    const TilePlaces<Halo::TileW> places = { row * Halo::TileW, Halo::TileH * Halo::TileW, image, y0, x0 };
    finish_tile<Halo::Written>(inside, acc, places, column_tile * Halo::TileN + warp / Halo::WarpsM * Halo::warp_columns, lane);
}

// One block. Weights are packed as for dense_convolution.cu; images, height and width are those of input and output.
template <class Halo, class Source, class Body>
__device__ __forceinline__ void halo_convolution(
    const Source& source, const void* packed, Body& body, int images, int height, int width, int block, unsigned char* shared)
{
    constexpr int column_tiles = ceil_div(Halo::Written, Halo::TileN), rows = Halo::TileH * Halo::Turns;
    const int column_tile = (unsigned)block % column_tiles;
    const TileOrigin tile = tile_origin<rows, Halo::TileW>((unsigned)block / column_tiles, height, width);
    const int image = tile.image, y0 = tile.y, x0 = tile.x;
    const unsigned char* weights = static_cast<const unsigned char*>(packed);
#if FOCALNET_WARPGROUPS
    if constexpr (Halo::turns_of_groups) warpgroup_turns<Halo>(source, weights, body, image, y0, x0, height, width, shared);
    else if constexpr (Halo::warpgroups) warpgroup_convolution<Halo>(source, weights, body, image, y0, x0, height, width, column_tile * Halo::TileN, shared);
    else
#endif
    {
        if constexpr (Halo::Turns == 1) halo_tile_convolution<Halo>(source, weights, body, image, y0, x0, height, width, column_tile, shared);
        else
        {
            int y = y0;
            #pragma unroll 1
            for (int turn = 0; turn < Halo::Turns && y < height; turn++, y += Halo::TileH)
            {
                halo_tile_convolution<Halo>(source, weights, body, image, y, x0, height, width, column_tile, shared);
                // Nobody reads these pixels any more.
                __syncthreads();
            }
        }
    }
}
