// needs: arithmetic.cu
// Half of a Fourier transform along one axis of length L, as a matrix product: y[k] = Σ x[n] cos(2πkn/L), or sin. A block makes
// 64 k of 128 lines; a line is what varies along the axis while all else stays. Always in float32 without tensor cores: the loss takes
// absolute values and its gradient their signs, which fewer digits would flip.

// cos or sin of 2π phase / L, by way of the half turns between −1 and 1. The phase, kn modulo L, is an integer, of which nothing is lost.
template <bool SINE> __device__ __forceinline__ float wave_at(int phase, int length, float inverse)
{
    const float twice = (float)(2 * (phase > length - phase ? phase - length : phase)), near = twice * inverse;
    // The quotient as a division rounds it.
    const float turns = fmaf(fmaf(-near, (float)length, twice), inverse, near);
    return SINE ? sinpif(turns) : cospif(turns);
}

// Blocks: (L over 64) × (lines over 128), lines = elements of x / L. Shared memory: 16 · (64 + 128) · 4 bytes.
template <bool ALONG_HEIGHT, bool SINE, int CHANNELS, int PITCH, class T, class Body>
__device__ __forceinline__ void trig_transform(Body& body, const T* x, int images, int height, int width, int block, unsigned char* memory)
{
    float* wave = reinterpret_cast<float*>(memory);          // [n][k]
    float* lines = wave + 16 * 64;                           // [n][line]
    const int length = ALONG_HEIGHT ? height : width, across = ALONG_HEIGHT ? width : height, count = images * across * CHANNELS;
    const int tiles = (length + 63) / 64, k0 = block % tiles * 64, line0 = block / tiles * 128;
    // A thread makes 4 k of lines tl to tl + 3 and tl + 64 to tl + 67, and brings every fourth n of a k and every second n of a line.
    const int tk = threadIdx.x / 16 * 4, tl = threadIdx.x % 16 * 4;
    const int wave_n = threadIdx.x / 64, wave_k = threadIdx.x % 64, line_n = threadIdx.x / 128, my_line = threadIdx.x % 128, line = line0 + my_line;
    const float inverse = 1.0f / (float)length;
    const int step = (int)(16LL * (k0 + wave_k) % length);
    int phases[4];
    #pragma unroll
    for (int i = 0; i < 4; i++) phases[i] = (int)((long long)(wave_n + 4 * i) * (k0 + wave_k) % length);
    const T* from = x;
    if (line < count)
    {
        const int channel = line % CHANNELS, other = line / CHANNELS % across, image = line / CHANNELS / across;
        from += (ALONG_HEIGHT ? image * height * width + other : (image * height + other) * width) * PITCH + channel;
    }
    const int stride = ALONG_HEIGHT ? width * PITCH : PITCH;
    float sums[4][8];
    #pragma unroll
    for (int i = 0; i < 4; i++)
    {
        #pragma unroll
        for (int j = 0; j < 8; j++) sums[i][j] = 0.0f;
    }
    for (int n0 = 0; n0 < length; n0 += 16)
    {
        #pragma unroll
        for (int i = 0; i < 4; i++)
        {
            wave[(wave_n + 4 * i) * 64 + wave_k] = wave_at<SINE>(phases[i], length, inverse);
            phases[i] += step;
            if (phases[i] >= length) phases[i] -= length;
        }
        #pragma unroll
        for (int i = 0; i < 8; i++)
        {
            const int n = n0 + line_n + 2 * i;
            lines[(line_n + 2 * i) * 128 + my_line] = line < count && n < length ? load_at(from + n * stride) : 0.0f;
        }
        __syncthreads();
        #pragma unroll
        for (int n = 0; n < 16; n++)
        {
            const float4 w = *reinterpret_cast<const float4*>(wave + n * 64 + tk);
            const float4 v = *reinterpret_cast<const float4*>(lines + n * 128 + tl), u = *reinterpret_cast<const float4*>(lines + n * 128 + 64 + tl);
            const float ws[4] = { w.x, w.y, w.z, w.w }, vs[8] = { v.x, v.y, v.z, v.w, u.x, u.y, u.z, u.w };
            #pragma unroll
            for (int i = 0; i < 4; i++)
            {
                #pragma unroll
                for (int j = 0; j < 8; j++) sums[i][j] += ws[i] * vs[j];
            }
        }
        __syncthreads();
    }
    #pragma unroll
    for (int j = 0; j < 8; j++)
    {
        const int mine = line0 + j / 4 * 64 + tl + j % 4;
        if (mine >= count) continue;
        const int channel = mine % CHANNELS, other = mine / CHANNELS % across, image = mine / CHANNELS / across;
        #pragma unroll
        for (int i = 0; i < 4; i++)
        {
            const int k = k0 + tk + i;
            if (k >= length) continue;
            const int y = ALONG_HEIGHT ? k : other, column = ALONG_HEIGHT ? other : k;
            float value[1] = { sums[i][j] };
            body.apply(value, (image * height + y) * width + column, image, y, column, channel);
        }
    }
}
