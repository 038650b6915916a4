// needs: sources.cu
// What a convolution reads of a tensor of half the height and width: resampled bilinearly as it comes (align_corners = false), so that the
// large one is never in memory. `height` and `width` are the large one's. Of both axes a sample has 3/4 of the small one's that it lies in, and 1/4 of
// the next one on its side, which at the edge is the same.
template <int Pitch, int Alignment, class T>
struct UpsampledSource
{
    static constexpr bool direct = false;
    const T* pointer;
    int height, width;
    template <int V> __device__ __forceinline__ void load(float (&out)[V], int image, int y, int x, int channel) const
    {
        const int rows = height / 2, columns = width / 2, row = y >> 1, column = x >> 1;
        const int other_row = min(max(row + (y & 1) * 2 - 1, 0), rows - 1), other_column = min(max(column + (x & 1) * 2 - 1, 0), columns - 1);
        const int first = image * rows;
        const T* from = pointer + channel;
        float near[V], beside[V], below[V], across[V];
        load_channels<T, V, Alignment>(from + ((first + row) * columns + column) * Pitch, near);
        load_channels<T, V, Alignment>(from + ((first + row) * columns + other_column) * Pitch, beside);
        load_channels<T, V, Alignment>(from + ((first + other_row) * columns + column) * Pitch, below);
        load_channels<T, V, Alignment>(from + ((first + other_row) * columns + other_column) * Pitch, across);
        #pragma unroll
        for (int v = 0; v < V; v++) out[v] = fmaf(0.5625f, near[v], fmaf(0.1875f, beside[v] + below[v], 0.0625f * across[v]));
    }
};

// Each has four loads.
template <int Pitch, int Alignment, class T> struct LoadsAtOnce<UpsampledSource<Pitch, Alignment, T>> { static constexpr int most = 3; };
