// needs: gemm_tile.cu sources.cu convolution_taps.cu
// Packs weights (float masters, OHWI) into the order in which dense_convolution.cu reads them: by phase, then steps of 32 bytes of k, then
// blocks of 16 channels written, 512 bytes each, in the fragment order of gemm_tile.cu. k runs over the taps of the phase and, within
// a tap, over the channels read, filled up to whole chunks. What is missing is zero. For warpgroup_convolution.cu a step is two rows of
// chunks, k 0 to 7 and 8 to 15, of all channels written.

// One tensor of weights. Outputs and inputs are O and I of OHWI; the adjoint writes I channels and reads O. warpgroups: it is read by groups of
// four warps where there are such.
struct PackShape { int outputs, inputs, kernel_h, kernel_w, stride, padding, dilation, adjoint, warpgroups; };

__device__ __forceinline__ AxisTaps pack_taps(const PackShape& shape, int kernel, int phase)
{
    return shape.adjoint ? adjoint_taps(kernel, shape.stride, shape.padding, shape.dilation, phase) : forward_taps(kernel, shape.padding, shape.dilation);
}

// The weight of (k, written channel) in a phase; 0 outside.
template <class T>
__device__ __forceinline__ float packed_weight(const PackShape& shape, const float* weights, const AxisTaps& rows, const AxisTaps& columns, int k, int written)
{
    const int reads = shape.adjoint ? shape.outputs : shape.inputs, writes = shape.adjoint ? shape.inputs : shape.outputs;
    const int tap_k = (reads + Chunk<T>::channels - 1) / Chunk<T>::channels * Chunk<T>::channels;
    const int tap = k / tap_k, read = k - tap * tap_k;
    if (tap >= rows.count * columns.count || read >= reads || written >= writes) return 0.0f;
    const int kh = rows.first + tap / columns.count * rows.period, kw = columns.first + tap % columns.count * columns.period;
    const int o = shape.adjoint ? read : written, i = shape.adjoint ? written : read;
    return weights[((o * shape.kernel_h + kh) * shape.kernel_w + kw) * shape.inputs + i];
}

// The channel in column g of a block's first or second group of 8: as gemm_tile.cu has it.
__device__ __forceinline__ int written_channel(int block, int blocks, int g, int group)
{
    return (block | 1) < blocks ? block / 2 * 32 + g / 2 * 8 + block % 2 * 4 + group * 2 + g % 2 : block * 16 + g / 2 * 4 + group * 2 + g % 2;
}

// One chunk of 16 bytes of the packed weights, counted from their start. T is the tile's element.
template <class T>
__device__ __forceinline__ void pack_chunk(const PackShape& shape, const float* weights, unsigned char* packed, int chunk)
{
    constexpr int channels = Chunk<T>::channels;
    const int reads = shape.adjoint ? shape.outputs : shape.inputs, writes = shape.adjoint ? shape.inputs : shape.outputs;
    const int blocks = (writes + 15) / 16, tap_chunks = (reads + channels - 1) / channels, out_step = shape.adjoint ? shape.stride : 1;
    int step = chunk / (blocks * 32), phase = 0;
    AxisTaps rows, columns;
    for (;; phase++)
    {
        rows = pack_taps(shape, shape.kernel_h, phase / out_step);
        columns = pack_taps(shape, shape.kernel_w, phase % out_step);
        const int steps = (rows.count * columns.count * tap_chunks + 1) / 2;
        if (step < steps) break;
        if (phase == out_step * out_step - 1) return;
        step -= steps;
    }
    if constexpr (sizeof(T) == 2 && FOCALNET_WARPGROUPS)
    {
        if (shape.warpgroups)
        {
            const int row = chunk / (blocks * 16) % 2, column = chunk % (blocks * 16), written = written_channel(column / 16, blocks, column % 8, column / 8 % 2);
            float v[8];
            #pragma unroll
            for (int e = 0; e < 8; e++) v[e] = packed_weight<T>(shape, weights, rows, columns, step * 16 + row * 8 + e, written);
            store_chunk(packed + chunk * 16, v);
            return;
        }
    }
    const int unit = chunk % 32, lane = unit ^ (unit >> 3), g = lane >> 2, t = lane & 3;
    float v[channels];
    #pragma unroll
    for (int r = 0; r < 4; r++)
        #pragma unroll
        for (int e = 0; e < channels / 4; e++)
        {
            // Register r: column g of group r / 2; bf16 pairs at k = 2t and 2t + 8, floats at k = t and t + 4.
            const int k = step * (2 * channels) + t * (channels / 4) + e + r % 2 * channels;
            const int written = written_channel(chunk / 32 % blocks, blocks, g, r / 2);
            v[r * (channels / 4) + e] = packed_weight<T>(shape, weights, rows, columns, k, written);
        }
    store_chunk(packed + chunk * 16, v);
}

// One tensor of many: `first` is the number of chunks of all tensors before it.
struct PackJob { PackShape shape; int first; };

// Packs many tensors in one launch, a thread a chunk: ⌈Jobs::chunks / 256⌉ blocks of 256 threads. Jobs::count tensors; jobs.job(i),
// jobs.weights(i), jobs.packed(i) describe them, and Jobs::chunks is the number of chunks of all together: 32 for each block of each step of
// each phase.
template <class T, class Jobs>
__device__ __forceinline__ void pack_convolutions(const Jobs& jobs, int block)
{
    const int chunk = block * 256 + threadIdx.x;
    if (chunk >= Jobs::chunks) return;
    // The last job that begins at or before the chunk.
    int low = 0, high = Jobs::count - 1;
    while (low < high)
    {
        const int middle = (low + high + 1) / 2;
        if (jobs.job(middle).first <= chunk) low = middle;
        else high = middle - 1;
    }
    const PackJob job = jobs.job(low);
    pack_chunk<T>(job.shape, jobs.weights(low), static_cast<unsigned char*>(jobs.packed(low)), chunk - job.first);
}
