// needs: arithmetic.cu
// Kernels that make each element of their domain for itself: arithmetic, and sources that gather it.
// A Source has `template <int V> load(float (&value)[V], image, y, x, channel)`, a Body `apply` over the same.

struct NoSource
{
    template <int V> __device__ __forceinline__ void load(float (&value)[V], int, int, int, int)
    {
        #pragma unroll
        for (int i = 0; i < V; i++) value[i] = 0.0f;
    }
};

// Blocks: pixels of the domain over 256 / (CHANNELS / V), at least 1.
template <int V, int CHANNELS, class Source, class Body>
__device__ __forceinline__ void pixel_map(Source& source, Body& body, int images, int height, int width, int block)
{
    constexpr int groups = CHANNELS / V, pixels_of_block = groups >= 256 ? 1 : 256 / groups;
    const int pixels = images * height * width;
    for (int item = threadIdx.x; item < pixels_of_block * groups; item += 256)
    {
        const int pixel = block * pixels_of_block + item / groups, channel = item % groups * V;
        if (pixel < pixels)
        {
            const int x = pixel % width, row = pixel / width, y = row % height, image = row / height;
            float value[V];
            source.load(value, image, y, x, channel);
            body.apply(value, pixel, image, y, x, channel);
        }
    }
}

// Domains of single pixels, such as flat vectors of parameters. Blocks: images × (CHANNELS / V over 256).
template <int V, int CHANNELS, class Body>
__device__ __forceinline__ void channel_map(Body& body, int block)
{
    constexpr int groups = CHANNELS / V, blocks_of_image = (groups + 255) / 256;
    const int image = block / blocks_of_image, group = block % blocks_of_image * 256 + threadIdx.x;
    if (group < groups)
    {
        float value[V];
        NoSource().load(value, image, 0, 0, 0);
        body.apply(value, image, image, 0, 0, group * V);
    }
}
