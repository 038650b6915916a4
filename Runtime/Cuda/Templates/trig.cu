// needs: arithmetic.cu
// Half of a Fourier transform along one axis of length L, as a matrix product: y[k] = Σ x[n] cos(2πkn/L), or sin. A block makes
// 64 k of 64 lines; a line is what varies along the axis while all else stays. Always in float32 without tensor cores: the loss takes
// absolute values and its gradient their signs, which fewer digits would flip.

// Blocks: (L over 64) × (lines over 64), lines = elements of x / L. Shared memory: (16 · 64 + 16 · 68) · 4 bytes.
template <bool ALONG_HEIGHT, bool SINE, int CHANNELS, int PITCH, class T, class Body>
__device__ __forceinline__ void trig_transform(Body& body, const T* x, int images, int height, int width, int block, unsigned char* memory)
{
    float* wave = reinterpret_cast<float*>(memory);          // [n][k]
    float* lines = wave + 16 * 64;                           // [n][line], padded
    const int length = ALONG_HEIGHT ? height : width, across = ALONG_HEIGHT ? width : height, count = images * across * CHANNELS;
    const int tiles = (length + 63) / 64, k0 = block % tiles * 64, line0 = block / tiles * 64;
    const int tk = threadIdx.x / 16 * 4, tl = threadIdx.x % 16 * 4;
    float sums[4][4];
    #pragma unroll
    for (int i = 0; i < 4; i++)
    {
        #pragma unroll
        for (int j = 0; j < 4; j++) sums[i][j] = 0.0f;
    }
    for (int n0 = 0; n0 < length; n0 += 16)
    {
        for (int item = threadIdx.x; item < 16 * 64; item += 256)
        {
            const int n = item / 64, k = item % 64;
            // k·n/L is reduced to one period in integers, where nothing is lost.
            const int phase = (int)(((long long)(n0 + n) * (k0 + k)) % length);
            const float turns = 2.0f * (float)phase / (float)length;
            wave[n * 64 + k] = SINE ? sinpif(turns) : cospif(turns);
            const int line = line0 + k;
            float value = 0.0f;
            if (line < count && n0 + n < length)
            {
                const int channel = line % CHANNELS, other = line / CHANNELS % across, image = line / CHANNELS / across;
                const int y = ALONG_HEIGHT ? n0 + n : other, column = ALONG_HEIGHT ? other : n0 + n;
                value = load_at(x + ((image * height + y) * width + column) * PITCH + channel);
            }
            lines[n * 68 + k] = value;
        }
        __syncthreads();
        #pragma unroll
        for (int n = 0; n < 16; n++)
        {
            const float4 w = *reinterpret_cast<const float4*>(wave + n * 64 + tk), v = *reinterpret_cast<const float4*>(lines + n * 68 + tl);
            const float ws[4] = { w.x, w.y, w.z, w.w }, vs[4] = { v.x, v.y, v.z, v.w };
            #pragma unroll
            for (int i = 0; i < 4; i++)
            {
                #pragma unroll
                for (int j = 0; j < 4; j++) sums[i][j] += ws[i] * vs[j];
            }
        }
        __syncthreads();
    }
    #pragma unroll
    for (int i = 0; i < 4; i++)
    {
        #pragma unroll
        for (int j = 0; j < 4; j++)
        {
            const int k = k0 + tk + i, line = line0 + tl + j;
            if (k < length && line < count)
            {
                const int channel = line % CHANNELS, other = line / CHANNELS % across, image = line / CHANNELS / across;
                const int y = ALONG_HEIGHT ? k : other, column = ALONG_HEIGHT ? other : k;
                float value[1] = { sums[i][j] };
                body.apply(value, (image * height + y) * width + column, image, y, column, channel);
            }
        }
    }
}
