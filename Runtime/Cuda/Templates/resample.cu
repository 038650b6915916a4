// needs: reduction.cu
// Resampling by a fixed ratio, and its adjoint, as sources that gather: every element is written once, in a fixed order of additions.
// KIND: 0 nearest to a half, 1 bilinear to a half, 2 bilinear to a quarter, 3 bilinear to twice the size (align_corners = false).

template <int KIND> struct ResampleFilter
{
    static constexpr int results = KIND == 3 ? 2 : 1, sources = KIND == 3 ? 1 : KIND == 2 ? 4 : 2, taps = KIND == 0 ? 1 : 2;

    // Sample that tap t of result i reads, before it is clamped to the edge.
    static __device__ __forceinline__ int sample(int i, int t)
    {
        return i / results * sources + (KIND == 3 ? t + i % 2 - 1 : KIND == 2 ? t + 1 : t);
    }

    static __device__ __forceinline__ float weight(int i, int t) { return KIND == 0 ? 1.0f : KIND == 3 ? (t == i % 2 ? 0.25f : 0.75f) : 0.5f; }
};

template <int KIND, int PITCH, int ALIGN, class T> struct ResampleSource
{
    const T* x;
    int height, width;   // of x

    template <int V> __device__ __forceinline__ void load(float (&value)[V], int image, int y, int column, int channel) const
    {
        using Filter = ResampleFilter<KIND>;
        #pragma unroll
        for (int i = 0; i < V; i++) value[i] = 0.0f;
        #pragma unroll
        for (int ty = 0; ty < Filter::taps; ty++)
        {
            const int from_y = min(max(Filter::sample(y, ty), 0), height - 1);
            #pragma unroll
            for (int tx = 0; tx < Filter::taps; tx++)
            {
                const int from_x = min(max(Filter::sample(column, tx), 0), width - 1);
                const float weight = Filter::weight(y, ty) * Filter::weight(column, tx);
                float in[V];
                load_channels<T, V, ALIGN>(x + ((image * height + from_y) * width + from_x) * PITCH + channel, in);
                #pragma unroll
                for (int i = 0; i < V; i++) value[i] += weight * in[i];
            }
        }
    }
};

// x has the resampling's results; the domain, of large_height × large_width, is what it read.
template <int KIND, int PITCH, int ALIGN, class T> struct ResampleAdjointSource
{
    const T* x;
    int height, width, large_height, large_width;

    // With which weight a result reads a position, at the edges also by clamping.
    static __device__ __forceinline__ float weight(int result, int position, int extent)
    {
        using Filter = ResampleFilter<KIND>;
        float sum = 0.0f;
        #pragma unroll
        for (int t = 0; t < Filter::taps; t++)
            if (min(max(Filter::sample(result, t), 0), extent - 1) == position) sum += Filter::weight(result, t);
        return sum;
    }

    // Twice the size: four results along each axis read a position, 2p − 1 to 2p + 2; in place of those that are missing at an edge, the nearest
    // one reads it so much the more.
    template <int V> __device__ __forceinline__ void load_doubled(float (&value)[V], int image, int y, int column, int channel) const
    {
        #pragma unroll
        for (int i = 0; i < V; i++) value[i] = 0.0f;
        int columns[4];
        #pragma unroll
        for (int tx = 0; tx < 4; tx++) columns[tx] = min(max(2 * column + tx - 1, 0), width - 1);
        #pragma unroll
        for (int ty = 0; ty < 4; ty++)
        {
            const T* row = x + (image * height + min(max(2 * y + ty - 1, 0), height - 1)) * width * PITCH + channel;
            const float weight = ty == 0 || ty == 3 ? 0.25f : 0.75f;
            float in[4][V];
            #pragma unroll
            for (int tx = 0; tx < 4; tx++) load_channels<T, V, ALIGN>(row + columns[tx] * PITCH, in[tx]);
            #pragma unroll
            for (int i = 0; i < V; i++) value[i] += weight * (0.25f * (in[0][i] + in[3][i]) + 0.75f * (in[1][i] + in[2][i]));
        }
    }

    template <int V> __device__ __forceinline__ void load(float (&value)[V], int image, int y, int column, int channel) const
    {
        if constexpr (KIND == 3) load_doubled(value, image, y, column, channel);
        else gather(value, image, y, column, channel);
    }

    template <int V> __device__ __forceinline__ void gather(float (&value)[V], int image, int y, int column, int channel) const
    {
        using Filter = ResampleFilter<KIND>;
        #pragma unroll
        for (int i = 0; i < V; i++) value[i] = 0.0f;
        // Readers of a position lie in its own period and the two beside it.
        const int first_y = max(0, (y / Filter::sources - 1) * Filter::results), end_y = min(height, (y / Filter::sources + 2) * Filter::results);
        const int first_x = max(0, (column / Filter::sources - 1) * Filter::results), end_x = min(width, (column / Filter::sources + 2) * Filter::results);
        for (int from_y = first_y; from_y < end_y; from_y++)
        {
            const float weight_y = weight(from_y, y, large_height);
            if (weight_y == 0.0f) continue;
            for (int from_x = first_x; from_x < end_x; from_x++)
            {
                const float both = weight_y * weight(from_x, column, large_width);
                if (both == 0.0f) continue;
                float in[V];
                load_channels<T, V, ALIGN>(x + ((image * height + from_y) * width + from_x) * PITCH + channel, in);
                #pragma unroll
                for (int i = 0; i < V; i++) value[i] += both * in[i];
            }
        }
    }
};
