// needs: halo_tile.cu tile_operands.cu
// The 3×3 convolution of halo_convolution.cu on sm_90a: a group of four warps multiplies 64 pixels with up to 128 channels at once, both straight out
// of shared memory (wgmma). Nothing is loaded into registers but sums, so that neither address arithmetic nor the port of shared memory is in
// the way of the tensor cores, which go on while the warps bring what comes next.
//
// The 64 pixels are 8 × 8 of a picture, for the hardware wants 8 rows of a matrix 16 bytes apart (8 neighbouring pixels of a plane, anywhere: under
// each tap of the kernel they begin one pixel on) and a constant between one 8 and the next (a row of the tile). A block has two groups, side by side.

// Weights of one tap × 32 to 128 channels read × TileN written, 8 KB where there are as many: two rows of chunks a step. With the tile they leave the room that
// cards with 99 KB a block have.
template <int TileN, int Part>
struct GroupSlabs
{
    static constexpr int channels = TileN < 64 && Part % 128 == 0 ? 128 : TileN < 128 ? 64 : 32, steps = channels / 16, stages = 6, row_bytes = TileN * 16, slab_bytes = 2 * steps * row_bytes;
    static constexpr int bytes = stages * slab_bytes;
};

#if FOCALNET_WARPGROUPS

// Brings slab after slab, in the order parts, taps, channels.
template <class Halo>
struct GroupWeights
{
    typedef GroupSlabs<Halo::TileN, Halo::Part> Slabs;
    static constexpr int count = Halo::parts * 9 * (Halo::Part / Slabs::channels), units = Slabs::slab_bytes / 16, row_bytes = Halo::step_bytes / 2;
    static_assert(units % Halo::threads == 0, "every thread brings as much");
    const unsigned char* packed;
    int slab, stage;

    __device__ __forceinline__ void bring(unsigned char* stages)
    {
        if (slab < count)
        {
            constexpr int inner = Halo::Part / Slabs::channels;
            const int tap = slab / inner % 9, part = slab / (9 * inner);
            const unsigned char* from = packed + (tap * Halo::tap_steps + part * Halo::part_steps + slab % inner * Slabs::steps) * Halo::step_bytes;
            #pragma unroll
            for (int i = 0; i < units / Halo::threads; i++)
            {
                const int unit = threadIdx.x + i * Halo::threads;
                cp_async_16(stages + stage + unit * 16, from + unit / Halo::TileN * row_bytes + unit % Halo::TileN * 16);
            }
            slab++;
            stage = stage == Slabs::bytes - Slabs::slab_bytes ? 0 : stage + Slabs::slab_bytes;
        }
        cp_async_commit();
    }
};

// A warp's pixels: of each 8 × 8 two rows of 8.
struct GroupPlaces
{
    int image, y, x;
    __device__ __forceinline__ Place at(int row) const { return { 0, image, y + row / 16 * 8 + row % 16 / 8, x + row % 8 }; }
};

// From halo_convolution.cu.
template <class Halo, class Source>
__device__ __forceinline__ void bring_part(unsigned char* tile, const Source& source, int part, int image, int y, int x);
template <class Halo, class Source>
__device__ __forceinline__ void load_part(unsigned char* tile, const Source& source, int part, int image, int y, int x);

// The tile of TileH × 16 pixels from (y0, x0) on, and TileN channels from `first_channel` on.
template <class Halo, class Source, class Body>
__device__ __forceinline__ void warpgroup_convolution(
    const Source& source, const unsigned char* packed, Body& body, int image, int y0, int x0, int height, int width, int first_channel, unsigned char* shared)
{
    typedef typename Halo::Input Input;
    typedef GroupSlabs<Halo::TileN, Halo::Part> Slabs;
    constexpr int MT = Halo::TileH / 8, NT = Halo::TileN / 8, ahead = Slabs::stages - 2;
    // The same in all lanes, as the descriptors of matrices have to be: so the compiler knows it.
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, group = __shfl_sync(0xffffffffu, warp >> 2, 0);
    unsigned char* stages = shared + Input::bytes;
    GroupWeights<Halo> weights = { packed + first_channel * 16, 0, 0 };

    // The first group of copies is the input and the first slab.
    bring_part<Halo>(shared, source, 0, image, y0 - 1, x0 - 1);
    #pragma unroll
    for (int slab = 0; slab < ahead; slab++) weights.bring(stages);
    load_part<Halo>(shared, source, 0, image, y0 - 1, x0 - 1);

    const GroupPlaces places = { image, y0 + warp % 4 * 2, x0 + group * 8 };
    TileOperands<Body, MT, NT> operands;
    if constexpr (operands.is_early) operands.fetch(body, places, 0, first_channel, height, width, lane);

    float acc[MT][NT][4] = {};
    const SharedMatrix pixels = shared_matrix(shared + group * 128, Input::chunk_bytes, Input::row_bytes), columns = shared_matrix(stages, Slabs::row_bytes, 128);
    int stage = 0;
    #pragma unroll 1
    for (int part = 0; part < Halo::parts; part++)
    {
        if (part > 0)
        {
            wgmma_wait<0>();
            __syncthreads();
            bring_part<Halo>(shared, source, part, image, y0 - 1, x0 - 1);
            cp_async_commit();
            load_part<Halo>(shared, source, part, image, y0 - 1, x0 - 1);
            cp_async_wait<0>();
        }
        #pragma unroll 1
        for (int tap = 0; tap < 9; tap++)
        {
            const int ky = tap / 3, kx = tap - ky * 3;
            const SharedMatrix under = pixels.at(((Halo::Adjoint ? 2 - ky : ky) * Input::Width + (Halo::Adjoint ? 2 - kx : kx)) * 16);
            #pragma unroll
            for (int inner = 0; inner < Halo::Part / Slabs::channels; inner++)
            {
                cp_async_wait<ahead - 1>();
                // Of an input that came through registers. What cp.async brings wgmma sees behind a barrier, and the fence would wait for all copies that are under way.
                if (!Source::direct && tap == 0 && inner == 0) fence_shared_for_wgmma();
                // Shows everybody's copies, and that the products before the last ones are done: the next slab overwrites what they read.
                __syncthreads();
                weights.bring(stages);
                const SharedMatrix slab = columns.at(stage);
                wgmma_sums(acc);
                wgmma_fence();
                #pragma unroll
                for (int step = 0; step < Slabs::steps; step++)
                    #pragma unroll
                    for (int i = 0; i < MT; i++)
                        wgmma_m64k16_bf16(
                            acc[i], under.at((inner * Slabs::channels / 8 + step * 2) * Input::chunk_bytes + i * 8 * Input::row_bytes), slab.at(step * 2 * Slabs::row_bytes));
                wgmma_commit();
                wgmma_wait<1>();
                stage = stage == Slabs::bytes - Slabs::slab_bytes ? 0 : stage + Slabs::slab_bytes;
            }
        }
    }
    wgmma_wait<0>();
    wgmma_sums(acc);
    operands.finish(body, acc, places, first_channel, height, width, lane);
}

// A block that keeps all weights, and turns from 8 × 16 pixels to those below: the next ones' copies are under way while the body has these, and nobody waits
// between the products of a turn. What waits, another block's products fill.
template <class Halo, class Source, class Body>
__device__ __forceinline__ void warpgroup_turns(
    const Source& source, const unsigned char* packed, Body& body, int image, int y0, int x0, int height, int width, unsigned char* shared)
{
    typedef typename Halo::Input Input;
    constexpr int NT = Halo::TileN / 8, row_bytes = Halo::TileN * 16;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, group = __shfl_sync(0xffffffffu, warp >> 2, 0);
    unsigned char* weights = shared + Input::bytes;
    bring_part<Halo>(shared, source, 0, image, y0 - 1, x0 - 1);
    bring_packed<3 * Halo::column_bytes, Halo::threads>(weights, packed);
    cp_async_commit();
    load_part<Halo>(shared, source, 0, image, y0 - 1, x0 - 1);

    const SharedMatrix pixels = shared_matrix(shared + group * 128, Input::chunk_bytes, Input::row_bytes), columns = shared_matrix(weights, row_bytes, 128);
    const int end = min(y0 + Halo::TileH * Halo::Turns, height);
    #pragma unroll 1
    for (int y = y0; y < end; y += 8)
    {
        const GroupPlaces places = { image, y + warp % 4 * 2, x0 + group * 8 };
        TileOperands<Body, 1, NT> operands;
        if constexpr (operands.is_early) operands.fetch(body, places, 0, 0, height, width, lane);
        cp_async_wait<0>();
        if (!Source::direct) fence_shared_for_wgmma();
        __syncthreads();
        float acc[1][NT][4] = {};
        wgmma_sums(acc);
        wgmma_fence();
        #pragma unroll
        for (int tap = 0; tap < 9; tap++)
        {
            const int ky = tap / 3, kx = tap - ky * 3;
            const SharedMatrix under = pixels.at(((Halo::Adjoint ? 2 - ky : ky) * Input::Width + (Halo::Adjoint ? 2 - kx : kx)) * 16);
            #pragma unroll
            for (int step = 0; step < Halo::tap_steps; step++)
                wgmma_m64k16_bf16(acc[0], under.at(step * 2 * Input::chunk_bytes), columns.at((tap * Halo::tap_steps + step) * 2 * row_bytes));
        }
        wgmma_commit();
        wgmma_wait<0>();
        wgmma_sums(acc);
        if (y + 8 < end)
        {
            // Nobody reads these pixels any more.
            __syncthreads();
            bring_part<Halo>(shared, source, 0, image, y + 7, x0 - 1);
            cp_async_commit();
            load_part<Halo>(shared, source, 0, image, y + 7, x0 - 1);
        }
        operands.finish(body, acc, places, 0, height, width, lane);
    }
}

#endif
