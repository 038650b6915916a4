// needs: arithmetic.cu
// Half of a Fourier transform along one axis of length L, as a matrix product: y[k] = Σ x[n] cos(2πkn/L), or sin. A line is what varies along the axis
// while all else stays. Always in float32 without tensor cores: the loss takes absolute values and its gradient their signs, which fewer digits
// would flip. A cosine is the same at n and L − n, and at k and L − k, a sine the opposite: x[n] ± x[L − n] are multiplied for n up to L / 2, for k up to L / 2
// alone, and a quarter of the products is left. n = 0 adds the same to all k of a line, and y[0] is a sum.

// cos or sin of 2π phase / L, by way of the half turns between −1 and 1. The phase, kn modulo L, is an integer, of which nothing is lost.
template <bool SINE> __device__ __forceinline__ float wave_at(int phase, int length, float inverse)
{
    const float twice = (float)(2 * (phase > length - phase ? phase - length : phase)), near = twice * inverse;
    // The quotient as a division rounds it.
    const float turns = fmaf(fmaf(-near, (float)length, twice), inverse, near);
    return SINE ? sinpif(turns) : cospif(turns);
}

// Up to 128 lines of a block, and the order in which its threads bring and store what they have of them. Of few channels along the width n follows n in
// memory: neighbouring threads have all channels of a pixel, then the next one, and a block whole rows. Else lines lie side by side.
template <bool ALONG_HEIGHT, int CHANNELS> struct TrigLines
{
    static constexpr bool by_rows = !ALONG_HEIGHT && CHANNELS < 32;
    static constexpr int count = by_rows ? 128 / CHANNELS * CHANNELS : 128, pitch = 132;
    static __device__ __forceinline__ int line_of(int element, int items)
    {
        return by_rows ? element / (items * CHANNELS) * CHANNELS + element % CHANNELS : element % count;
    }
    static __device__ __forceinline__ int item_of(int element, int items) { return by_rows ? element / CHANNELS % items : element / count; }
};

// Where a line begins, in elements of x; −1: there is none.
struct __align__(16) TrigLine { int start, image, other, channel; };

// y[k], and its mirror image y[L − k].
template <bool ALONG_HEIGHT, bool SINE, class Body>
__device__ __forceinline__ void store_pair(Body& body, const TrigLine& line, int k, float sum, int height, int width)
{
    const int length = ALONG_HEIGHT ? height : width;
    #pragma unroll
    for (int mirrored = 0; mirrored < 2; mirrored++)
    {
        const int at = mirrored == 0 ? k : length - k, y = ALONG_HEIGHT ? at : line.other, column = ALONG_HEIGHT ? line.other : at;
        float value[1] = { SINE && mirrored == 1 ? -sum : sum };
        if (mirrored == 0 || (k != 0 && k != length - k)) body.apply(value, (line.image * height + y) * width + column, line.image, y, column, line.channel);
    }
}

// A block makes 64 k, and their mirror images, of its lines. Blocks: (L over 128) × (lines over TrigLines::count), lines = elements of x / L.
// Shared memory: (64 · 132 + 4 · 128 + 3 · 128) · 4 bytes.
template <bool ALONG_HEIGHT, bool SINE, int CHANNELS, int PITCH, class T, class Body>
__device__ __forceinline__ void trig_transform(Body& body, const T* x, int images, int height, int width, int block, unsigned char* memory)
{
    typedef TrigLines<ALONG_HEIGHT, CHANNELS> Lines;
    constexpr int pitch = Lines::pitch, turns = 16 * 128 / 256;
    float* results = reinterpret_cast<float*>(memory);       // [k][line]
    float* wave = results;                                   // [n][k]; with what follows it is read before there are results
    float* lines = wave + 16 * 64;                           // [n][line]
    TrigLine* places = reinterpret_cast<TrigLine*>(results + 64 * pitch);
    float* first = reinterpret_cast<float*>(places + 128);   // x[0]
    float* totals = first + 128;                             // of halves of each slab
    const int length = ALONG_HEIGHT ? height : width, across = ALONG_HEIGHT ? width : height, count = images * across * CHANNELS;
    const int tiles = (length + 127) / 128, half = length / 2, k0 = block % tiles * 64 + 1, line0 = block / tiles * Lines::count;
    const int stride = ALONG_HEIGHT ? width * PITCH : PITCH;
    if (threadIdx.x < 128)
    {
        const int line = line0 + threadIdx.x, channel = line % CHANNELS, other = line / CHANNELS % across, image = line / CHANNELS / across;
        const int start = (ALONG_HEIGHT ? image * height * width + other : (image * height + other) * width) * PITCH + channel;
        const bool there = threadIdx.x < Lines::count && line < count;
        places[threadIdx.x] = { there ? start : -1, image, other, channel };
        first[threadIdx.x] = there ? load_at(x + start) : 0.0f;
    }
    for (int i = threadIdx.x; i < 16 * (128 - Lines::count); i += 256) lines[i % 16 * pitch + Lines::count + i / 16] = 0.0f;
    __syncthreads();

    // A thread makes 4 k of lines tl to tl + 3 and tl + 64 to tl + 67, and brings every fourth n of a k, and of the lines eight elements, from where n is 0 on.
    const int tk = threadIdx.x / 16 * 4, tl = threadIdx.x % 16 * 4, wave_n = threadIdx.x / 64, wave_k = threadIdx.x % 64;
    const float inverse = 1.0f / (float)length;
    const int step = 16 * (k0 + wave_k) % length;
    int phases[4], from[turns];
    #pragma unroll
    for (int i = 0; i < 4; i++) phases[i] = (wave_n + 4 * i + 1) * (k0 + wave_k) % length;
    #pragma unroll
    for (int i = 0; i < turns; i++)
    {
        const int element = i * 256 + threadIdx.x;
        from[i] = element < 16 * Lines::count ? places[Lines::line_of(element, 16)].start : -1;
    }
    float sums[4][8];
    #pragma unroll
    for (int i = 0; i < 4; i++)
    {
        #pragma unroll
        for (int j = 0; j < 8; j++) sums[i][j] = SINE ? 0.0f : first[j / 4 * 64 + tl + j % 4];
    }
    float total = 0.0f;
    for (int n0 = 1; n0 <= half; n0 += 16)
    {
        float near[turns], far[turns];
        #pragma unroll
        for (int i = 0; i < turns; i++)
        {
            const int n = n0 + Lines::item_of(i * 256 + threadIdx.x, 16);
            const bool there = from[i] >= 0 && n <= half;
            near[i] = there ? load_at(x + from[i] + n * stride) : 0.0f;
            far[i] = there && n != length - n ? load_at(x + from[i] + (length - n) * stride) : 0.0f;
        }
        #pragma unroll
        for (int i = 0; i < 4; i++)
        {
            wave[(wave_n + 4 * i) * 64 + wave_k] = wave_at<SINE>(phases[i], length, inverse);
            phases[i] += step;
            if (phases[i] >= length) phases[i] -= length;
        }
        #pragma unroll
        for (int brought = 0; brought < turns; brought++)
        {
            const int element = brought * 256 + threadIdx.x;
            if (element < 16 * Lines::count) lines[Lines::item_of(element, 16) * pitch + Lines::line_of(element, 16)] = SINE ? near[brought] - far[brought] : near[brought] + far[brought];
        }
        __syncthreads();
        #pragma unroll
        for (int n = 0; n < 16; n++)
        {
            const float4 w = *reinterpret_cast<const float4*>(wave + n * 64 + tk);
            const float4 v = *reinterpret_cast<const float4*>(lines + n * pitch + tl), u = *reinterpret_cast<const float4*>(lines + n * pitch + 64 + tl);
            const float ws[4] = { w.x, w.y, w.z, w.w }, vs[8] = { v.x, v.y, v.z, v.w, u.x, u.y, u.z, u.w };
            #pragma unroll
            for (int i = 0; i < 4; i++)
            {
                #pragma unroll
                for (int j = 0; j < 8; j++) sums[i][j] += ws[i] * vs[j];
            }
        }
        if (!SINE && k0 == 1)
        {
            #pragma unroll
            for (int n = 0; n < 8; n++) total += lines[(threadIdx.x / 128 * 8 + n) * pitch + threadIdx.x % 128];
        }
        __syncthreads();
    }
    #pragma unroll
    for (int i = 0; i < 4; i++)
    {
        *reinterpret_cast<float4*>(results + (tk + i) * pitch + tl) = make_float4(sums[i][0], sums[i][1], sums[i][2], sums[i][3]);
        *reinterpret_cast<float4*>(results + (tk + i) * pitch + 64 + tl) = make_float4(sums[i][4], sums[i][5], sums[i][6], sums[i][7]);
    }
    totals[threadIdx.x] = total;
    __syncthreads();
    if (k0 == 1 && threadIdx.x < 128 && places[threadIdx.x].start >= 0)
        store_pair<ALONG_HEIGHT, SINE>(body, places[threadIdx.x], 0, SINE ? 0.0f : first[threadIdx.x] + totals[threadIdx.x] + totals[128 + threadIdx.x], height, width);
    #pragma unroll 4
    for (int element = threadIdx.x; element < 64 * Lines::count; element += 256)
    {
        const int item = Lines::item_of(element, 64), line = Lines::line_of(element, 64);
        if (places[line].start >= 0 && k0 + item <= half) store_pair<ALONG_HEIGHT, SINE>(body, places[line], k0 + item, results[item * pitch + line], height, width);
    }
}
