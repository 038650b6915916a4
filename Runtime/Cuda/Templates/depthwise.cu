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
        if constexpr (KH == STRIDE && KW == STRIDE && PADDING == 0 && DILATION == 1)
        {
            // Filters side by side: all taps lie in the picture, and come together.
            float in[KH * KW][V];
            #pragma unroll
            for (int tap = 0; tap < KH * KW; tap++)
                load_channels<T, V, ALIGN>(x + ((image * height + y * STRIDE + tap / KW) * width + column * STRIDE + tap % KW) * PITCH + channel, in[tap]);
            #pragma unroll
            for (int tap = 0; tap < KH * KW; tap++)
                #pragma unroll
                for (int i = 0; i < V; i++) value[i] += in[tap][i] * weight[(channel + i) * KH * KW + tap];
            return;
        }
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
        if constexpr (KH == STRIDE && KW == STRIDE && PADDING == 0 && DILATION == 1)
        {
            // Filters side by side: each pixel is of one tap.
            const int from_y = y / STRIDE, from_x = column / STRIDE, tap = y % STRIDE * KW + column % STRIDE;
            if (from_y < height && from_x < width)
            {
                load_channels<T, V, ALIGN>(x + ((image * height + from_y) * width + from_x) * PITCH + channel, value);
                #pragma unroll
                for (int i = 0; i < V; i++) value[i] *= weight[(channel + i) * KH * KW + tap];
            }
            return;
        }
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

// What the threads of a block have summed of V channels each, VECTORS threads side by side all channels: thread c < V · VECTORS gets the total of channel c.
// Shared memory: 8 · V · VECTORS floats; a barrier has to follow before it is written again.
template <int V, int VECTORS> __device__ __forceinline__ float combine_block(float (&sums)[V], bool maximum, float* shared)
{
    #pragma unroll
    for (int step = 16; step >= VECTORS; step /= 2)
    {
        #pragma unroll
        for (int i = 0; i < V; i++) sums[i] = combine(maximum, sums[i], __shfl_xor_sync(0xffffffffu, sums[i], step));
    }
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    if (lane < VECTORS) store_vector<V, V>(shared + (warp * VECTORS + lane) * V, sums);
    __syncthreads();
    float total = 0.0f;
    if (threadIdx.x < V * VECTORS)
    {
        total = shared[threadIdx.x];
        #pragma unroll
        for (int from = 1; from < 8; from++) total = combine(maximum, total, shared[from * V * VECTORS + threadIdx.x]);
    }
    return total;
}

// The adjoint with respect to the weight: Σ dy · x over the pixels of a chunk, [chunk][channel][ky][kx].
// A block has one row of taps and up to 32 · V channels: blocks: CHUNKS × KH × (CHANNELS over lanes · V). Shared memory: 1024 · V bytes.
template <int V, int CHANNELS, int KH, int KW, int STRIDE, int PADDING, int DILATION, int CHUNKS, int X_PITCH, int X_ALIGN, int DY_PITCH, int DY_ALIGN, class X, class DY>
__device__ __forceinline__ void depthwise_weight_gradient(
    const X* x, const DY* dy, float* partial, int images, int in_height, int in_width, int height, int width, int block, unsigned char* memory)
{
    constexpr int groups = CHANNELS / V, lanes = groups >= 32 ? 32 : power_of_two_from(groups), slots = 256 / lanes, tiles = (groups + lanes - 1) / lanes;
    // Pixels that a thread reads at a time.
    constexpr int at_once = KW * V <= 16 ? 2 : 1;
    float* shared = reinterpret_cast<float*>(memory);
    const int group = block % tiles * lanes + threadIdx.x % lanes, ky = block / tiles % KH, chunk = block / tiles / KH;
    const int pixels = images * height * width, length = (pixels + CHUNKS - 1) / CHUNKS;
    const int last = group < groups ? min(chunk * length + length, pixels) : 0;
    float sums[KW][V] = {};
    for (int first = chunk * length + threadIdx.x / lanes; first < last; first += slots * at_once)
    {
        float gradient[at_once][V] = {}, in[at_once][KW][V] = {};
        #pragma unroll
        for (int p = 0; p < at_once; p++)
        {
            const int pixel = first + p * slots, column = pixel % width, row = pixel / width, y = row % height, image = row / height;
            const int from_y = y * STRIDE - PADDING + ky * DILATION;
            const bool inside = pixel < last && (unsigned)from_y < (unsigned)in_height;
            if (inside) load_channels<DY, V, DY_ALIGN>(dy + pixel * DY_PITCH + group * V, gradient[p]);
            #pragma unroll
            for (int kx = 0; kx < KW; kx++)
            {
                const int from_x = column * STRIDE - PADDING + kx * DILATION;
                if (inside && (unsigned)from_x < (unsigned)in_width)
                    load_channels<X, V, X_ALIGN>(x + ((image * in_height + from_y) * in_width + from_x) * X_PITCH + group * V, in[p][kx]);
            }
        }
        #pragma unroll
        for (int p = 0; p < at_once; p++)
        {
            #pragma unroll
            for (int kx = 0; kx < KW; kx++)
            {
                #pragma unroll
                for (int i = 0; i < V; i++) sums[kx][i] += gradient[p][i] * in[p][kx][i];
            }
        }
    }
    #pragma unroll
    for (int kx = 0; kx < KW; kx++)
    {
        const float total = combine_block<V, lanes>(sums[kx], false, shared);
        const int channel = block % tiles * lanes * V + threadIdx.x;
        if (threadIdx.x < lanes * V && channel < CHANNELS) partial[((chunk * CHANNELS + channel) * KH + ky) * KW + kx] = total;
        __syncthreads();
    }
}
