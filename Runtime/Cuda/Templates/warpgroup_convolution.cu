// needs: halo_tile.cu
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

// What the body reads beside the sums, of the groups of 8 channels that a lane has, `at_once` on the way together. Where there are no more than that, they are
// asked for before the first product, else when the sums are there.
template <class Body, int MT, int NT>
struct GroupOperands
{
    static constexpr int row_groups = NT / 4, count = 2 * MT * row_groups, at_once = smaller_of(count, 4);
    static constexpr bool is_early = count == at_once;
    typename Body::template Operands<8> of[at_once];

    static __device__ __forceinline__ Place place(const GroupPlaces& places, int group, int lane) { return places.at(group / row_groups * 8 + (lane >> 2)); }
    static __device__ __forceinline__ int channel(int group, int lane) { return (group % row_groups * 4 + (lane & 3)) * 8; }

    // In place of pixels behind the picture's end its last ones are read.
    __device__ __forceinline__ void fetch(const Body& body, const GroupPlaces& places, int first_group, int first_channel, int height, int width, int lane)
    {
        #pragma unroll
        for (int i = 0; i < at_once; i++)
        {
            const Place at = place(places, first_group + i, lane);
            const int y = min(at.y, height - 1), x = min(at.x, width - 1);
            body.template fetch<8>(of[i], (at.image * height + y) * width + x, at.image, y, x, first_channel + channel(first_group + i, lane));
        }
    }

    __device__ __forceinline__ void finish(
        Body& body, const float (&acc)[MT][NT][4], const GroupPlaces& places, int first_channel, int height, int width, int lane)
    {
        #pragma unroll
        for (int first = 0; first < count; first += at_once)
        {
            if constexpr (!is_early) fetch(body, places, first, first_channel, height, width, lane);
            #pragma unroll
            for (int i = 0; i < at_once; i++)
            {
                const int group = first + i, row = group / row_groups;
                const Place at = place(places, group, lane);
                float v[8];
                channels_of_lane(v, acc[row / 2], group % row_groups * 4, row % 2);
                if (at.y < height && at.x < width)
                    body.template apply<8>(v, of[i], (at.image * height + at.y) * width + at.x, at.image, at.y, at.x, first_channel + channel(group, lane));
            }
        }
    }
};

// From halo_convolution.cu.
template <class Halo, class Source>
__device__ __forceinline__ void bring_part(unsigned char* tile, const Source& source, int part, int image, int y, int x);

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

    const GroupPlaces places = { image, y0 + warp % 4 * 2, x0 + group * 8 };
    GroupOperands<Body, MT, NT> operands;
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

#endif
