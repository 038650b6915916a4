// The taps of a convolution along one axis, and those of its adjoint: for each phase of the output (y mod stride) the taps whose
// products are no inserted zeros. Output y = OutStep·q + phase reads row InStep·q + offset + j·step for its j-th tap, j < count;
// first and period say which tap of the kernel that is: first + j·period.

struct AxisTaps { int count, offset, step, first, period; };

__host__ __device__ constexpr int stride_divisor(int a, int b) { return b == 0 ? a : stride_divisor(b, a % b); }

// Of a convolution: phase is 0.
__device__ __forceinline__ AxisTaps forward_taps(int kernel, int padding, int dilation)
{
    return { kernel, -padding, dilation, 0, 1 };
}

// Of its adjoint: y = stride·i − padding + dilation·k, solved for the row i that is read.
__device__ __forceinline__ AxisTaps adjoint_taps(int kernel, int stride, int padding, int dilation, int phase)
{
    const int divisor = stride_divisor(stride, dilation);
    AxisTaps taps = { 0, 0, -(dilation / divisor), 0, stride / divisor };
    for (int k = kernel - 1; k >= 0; k--)
        if ((phase + padding - k * dilation) % stride == 0)
        {
            taps.count++;
            taps.first = k;
            taps.offset = (phase + padding - k * dilation) / stride;
        }
    return taps;
}

// Steps of k (32 bytes) that a phase has; TapChunks chunks of channels belong to one tap.
template <int TapChunks> __device__ __forceinline__ int steps_of(const AxisTaps& rows, const AxisTaps& columns)
{
    return (rows.count * columns.count * TapChunks + 1) / 2;
}
