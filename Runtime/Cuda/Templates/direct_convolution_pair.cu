// needs: arithmetic.cu
// Two 3×3 convolutions of few channels one after another, x + conv(GELU(conv(x))) for the most part, with FFMA: what is between them stays in
// shared memory, computed again by neighbours at the border of a tile.

// What one thread makes: four channels of one pixel of a tile of WIDTH pixels a row, from FROM, which has a border of one more pixel.
template <int CHANNELS, int WIDTH>
__device__ __forceinline__ void pair_taps(const float* from, const float* weights, int y, int x, int channel, float (&sums)[4])
{
    #pragma unroll
    for (int i = 0; i < 4; i++) sums[i] = 0.0f;
    for (int tap = 0; tap < 9; tap++)
    {
        const float* pixel = from + ((y + tap / 3) * (WIDTH + 2) + x + tap % 3) * CHANNELS;
        const float* weight = weights + tap * CHANNELS * CHANNELS + channel;
        #pragma unroll
        for (int k = 0; k < CHANNELS; k++)
        {
            const float4 w = *reinterpret_cast<const float4*>(weight + k * CHANNELS);
            sums[0] += pixel[k] * w.x;
            sums[1] += pixel[k] * w.y;
            sums[2] += pixel[k] * w.z;
            sums[3] += pixel[k] * w.w;
        }
    }
}

// [O][tap][I] to [tap][I][O].
template <int CHANNELS> __device__ __forceinline__ void pair_weights(const float* weight, float* shared)
{
    for (int item = threadIdx.x; item < 9 * CHANNELS * CHANNELS; item += 256)
    {
        const int k = item % CHANNELS, tap = item / CHANNELS % 9, output = item / CHANNELS / 9;
        shared[(tap * CHANNELS + k) * CHANNELS + output] = weight[item];
    }
}

// First: `activate` hands back what the second convolution reads, and stores what others need where it is told to. Second: `apply`.
// Blocks: pictures × (height over 8) × (width over 16). Shared memory: (CHANNELS · (12 · 20 + 10 · 18) + 9 · CHANNELS²) · 4 bytes.
template <int CHANNELS, int PITCH, class T, class First, class Second>
__device__ __forceinline__ void direct_convolution_pair(
    First& first, Second& second, const T* x, const float* weight1, const float* weight2, int images, int height, int width, int block, unsigned char* memory)
{
    constexpr int rows = 8, columns = 16, groups = CHANNELS / 4;
    float* input = reinterpret_cast<float*>(memory);                         // 12×20 pixels
    float* middle = input + (rows + 4) * (columns + 4) * CHANNELS;           // 10×18 pixels
    float* weights = middle + (rows + 2) * (columns + 2) * CHANNELS;
    const int tiles_x = (width + columns - 1) / columns, tiles_y = (height + rows - 1) / rows;
    const int x0 = block % tiles_x * columns, y0 = block / tiles_x % tiles_y * rows, image = block / tiles_x / tiles_y;

    for (int item = threadIdx.x; item < (rows + 4) * (columns + 4) * CHANNELS; item += 256)
    {
        const int channel = item % CHANNELS, column = x0 + item / CHANNELS % (columns + 4) - 2, y = y0 + item / CHANNELS / (columns + 4) - 2;
        const bool inside = y >= 0 && y < height && column >= 0 && column < width;
        input[item] = inside ? load_at(x + ((image * height + y) * width + column) * PITCH + channel) : 0.0f;
    }
    pair_weights<CHANNELS>(weight1, weights);
    __syncthreads();
    for (int item = threadIdx.x; item < (rows + 2) * (columns + 2) * groups; item += 256)
    {
        const int channel = item % groups * 4, tx = item / groups % (columns + 2), ty = item / groups / (columns + 2);
        const int y = y0 + ty - 1, column = x0 + tx - 1;
        float sums[4];
        pair_taps<CHANNELS, columns + 2>(input, weights, ty, tx, channel, sums);
        // The second convolution reads zeros outside of the picture, whatever the first would give there.
        if (y >= 0 && y < height && column >= 0 && column < width)
            first.activate(sums, (image * height + y) * width + column, image, y, column, channel, ty > 0 && ty <= rows && tx > 0 && tx <= columns);
        else sums[0] = sums[1] = sums[2] = sums[3] = 0.0f;
        *reinterpret_cast<float4*>(middle + (ty * (columns + 2) + tx) * CHANNELS + channel) = make_float4(sums[0], sums[1], sums[2], sums[3]);
    }
    __syncthreads();
    pair_weights<CHANNELS>(weight2, weights);
    __syncthreads();
    for (int item = threadIdx.x; item < rows * columns * groups; item += 256)
    {
        const int channel = item % groups * 4, tx = item / groups % columns, ty = item / groups / columns;
        const int y = y0 + ty, column = x0 + tx;
        if (y < height && column < width)
        {
            float sums[4];
            pair_taps<CHANNELS, columns>(middle, weights, ty, tx, channel, sums);
            second.apply(sums, (image * height + y) * width + column, image, y, column, channel);
        }
    }
}
