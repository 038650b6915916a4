// needs: sources.cu resample.cu
// What a convolution reads of a tensor of half the height and width: resampled bilinearly as it comes (align_corners = false), so that the
// large one is never in memory. `height` and `width` are the large one's.
template <int Pitch, int Alignment, class T>
struct UpsampledSource
{
    static constexpr bool direct = false;
    const T* pointer;
    int height, width;
    template <int V> __device__ __forceinline__ void load(float (&out)[V], int image, int y, int x, int channel) const
    {
        const ResampleSource<3, Pitch, Alignment, T> small = { pointer, height / 2, width / 2 };
        small.load(out, image, y, x, channel);
    }
};
