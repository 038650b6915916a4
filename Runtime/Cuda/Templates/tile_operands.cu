// needs: gemm_tile.cu
// Operands of a body that are on their way before its sums are there.

// What the body reads beside the sums, of the groups of 8 channels that a lane has, `at_once` on the way together. Where there are no more than that, they are
// asked for before the first product, else when the sums are there.
template <class Body, int MT, int NT>
struct TileOperands
{
    // Of bodies with many operands, as gradients' have, those of one group may fill the registers.
    static constexpr int words = (int)sizeof(typename Body::template Operands<8>) / 4, most = words <= 16 ? 4 : words <= 32 ? 2 : 1;
    static constexpr int row_groups = NT / 4, count = 2 * MT * row_groups, at_once = smaller_of(count, most);
    static constexpr bool is_early = count == at_once;
    typename Body::template Operands<8> of[at_once];

    template <class Places> static __device__ __forceinline__ Place place(const Places& places, int group, int lane) { return places.at(group / row_groups * 8 + (lane >> 2)); }
    static __device__ __forceinline__ int channel(int group, int lane) { return (group % row_groups * 4 + (lane & 3)) * 8; }

    // In place of pixels behind the picture's end its last ones are read.
    template <class Places> __device__ __forceinline__ void fetch(
        const Body& body, const Places& places, int first_group, int first_channel, int height, int width, int lane)
    {
        #pragma unroll
        for (int i = 0; i < at_once; i++)
        {
            const Place at = place(places, first_group + i, lane);
            const int y = min(at.y, height - 1), x = min(at.x, width - 1);
            body.template fetch<8>(of[i], (at.image * height + y) * width + x, at.image, y, x, first_channel + channel(first_group + i, lane));
        }
    }

    template <class Places> __device__ __forceinline__ void finish(
        Body& body, const float (&acc)[MT][NT][4], const Places& places, int first_channel, int height, int width, int lane)
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
