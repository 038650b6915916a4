// needs: reduction.cu
// Depthwise convolutions as sources: each element gathers its taps through the caches. Weights are [channel][ky][kx], float32.

template <int KH, int KW, int STRIDE, int PADDING, int DILATION, int PITCH, int ALIGN, class T> struct DepthwiseSource
{
    const T* x;
    const float* weight;
    int height, width;   // of x

    template <int V> __device__ __forceinline__ void load(float (&value)[V], int image, int y, int column, int channel) const
    {
        #pragma unroll
        for (int i = 0; i < V; i++) value[i] = 0.0f;
        #pragma unroll
        for (int ky = 0; ky < KH; ky++)
        {
            const int from_y = y * STRIDE - PADDING + ky * DILATION;
            if (from_y < 0 || from_y >= height) continue;
            #pragma unroll
            for (int kx = 0; kx < KW; kx++)
            {
                const int from_x = column * STRIDE - PADDING + kx * DILATION;
                if (from_x < 0 || from_x >= width) continue;
                float in[V];
                load_channels<T, V, ALIGN>(x + ((image * height + from_y) * width + from_x) * PITCH + channel, in);
                #pragma unroll
                for (int i = 0; i < V; i++) value[i] += in[i] * weight[((channel + i) * KH + ky) * KW + kx];
            }
        }
    }
};

// The adjoint with respect to the input: x is the gradient of the convolution's result.
template <int KH, int KW, int STRIDE, int PADDING, int DILATION, int PITCH, int ALIGN, class T> struct DepthwiseTransposedSource
{
    const T* x;
    const float* weight;
    int height, width;

    template <int V> __device__ __forceinline__ void load(float (&value)[V], int image, int y, int column, int channel) const
    {
        #pragma unroll
        for (int i = 0; i < V; i++) value[i] = 0.0f;
        #pragma unroll
        for (int ky = 0; ky < KH; ky++)
        {
            const int target_y = y + PADDING - ky * DILATION, from_y = target_y / STRIDE;
            if (target_y < 0 || target_y % STRIDE != 0 || from_y >= height) continue;
            #pragma unroll
            for (int kx = 0; kx < KW; kx++)
            {
                const int target_x = column + PADDING - kx * DILATION, from_x = target_x / STRIDE;
                if (target_x < 0 || target_x % STRIDE != 0 || from_x >= width) continue;
                float in[V];
                load_channels<T, V, ALIGN>(x + ((image * height + from_y) * width + from_x) * PITCH + channel, in);
                #pragma unroll
                for (int i = 0; i < V; i++) value[i] += in[i] * weight[((channel + i) * KH + ky) * KW + kx];
            }
        }
    }
};

// The adjoint with respect to the weight: Σ dy · x over the pixels of a chunk, [chunk][channel][ky][kx].
// A block has one row of taps and 32 channels: blocks: CHUNKS × KH × (CHANNELS over 32). Shared memory: 1024 bytes.
template <int CHANNELS, int KH, int KW, int STRIDE, int PADDING, int DILATION, int CHUNKS, int X_PITCH, int DY_PITCH, class X, class DY>
__device__ __forceinline__ void depthwise_weight_gradient(
    const X* x, const DY* dy, float* partial, int images, int in_height, int in_width, int height, int width, int block, unsigned char* memory)
{
    constexpr int lanes = CHANNELS >= 32 ? 32 : power_of_two_from(CHANNELS), slots = 256 / lanes, tiles = (CHANNELS + lanes - 1) / lanes;
    float* shared = reinterpret_cast<float*>(memory);
    const int tile = block % tiles, ky = block / tiles % KH, chunk = block / tiles / KH;
    const int lane = threadIdx.x % lanes, slot = threadIdx.x / lanes, channel = tile * lanes + lane;
    const int pixels = images * height * width, length = (pixels + CHUNKS - 1) / CHUNKS;
    const int last = min(chunk * length + length, pixels);
    float sums[KW];
    #pragma unroll
    for (int kx = 0; kx < KW; kx++) sums[kx] = 0.0f;
    if (channel < CHANNELS)
    {
        for (int pixel = chunk * length + slot; pixel < last; pixel += slots)
        {
            const int column = pixel % width, row = pixel / width, y = row % height, image = row / height;
            const int from_y = y * STRIDE - PADDING + ky * DILATION;
            if (from_y < 0 || from_y >= in_height) continue;
            const float gradient = load_at(dy + pixel * DY_PITCH + channel);
            #pragma unroll
            for (int kx = 0; kx < KW; kx++)
            {
                const int from_x = column * STRIDE - PADDING + kx * DILATION;
                if (from_x >= 0 && from_x < in_width)
                    sums[kx] += gradient * load_at(x + ((image * in_height + from_y) * in_width + from_x) * X_PITCH + channel);
            }
        }
    }
    #pragma unroll
    for (int kx = 0; kx < KW; kx++)
    {
        shared[threadIdx.x] = sums[kx];
        __syncthreads();
        if (slot == 0 && channel < CHANNELS)
        {
            float total = shared[lane];
            for (int from = 1; from < slots; from++) total += shared[from * lanes + lane];
            partial[((chunk * CHANNELS + channel) * KH + ky) * KW + kx] = total;
        }
        __syncthreads();
    }
}
