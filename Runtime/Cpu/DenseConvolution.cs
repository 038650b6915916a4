using System.Runtime.CompilerServices;

namespace FocalNet.Runtime.Cpu;

/// <summary>Convolution with dense channels, as an implicit GEMM in register tiles (<see cref="GemmTile"/>).</summary>
public static unsafe class DenseConvolution
{
    /// <summary>
    /// y[n, oy, ox, o] = Σ x[n, oy·s − p + kh·d, ox·s − p + kw·d, i] · w[o, kh, kw, i], for this chunk's rows of y. The domain
    /// is y's shape, <see cref="KernelArguments.InputHeight"/> and <see cref="KernelArguments.InputWidth"/> are x's.
    /// </summary>
    /// <remarks>
    /// The body sees each element once, 16 channels of neighbouring pixels at a time, not pixel by pixel:
    /// <see cref="IKernelBody.EndPixel"/> is not called. <see cref="IKernelBody.EndChunk"/> is.
    /// </remarks>
    /// <param name="geometry">The convolution.</param>
    /// <param name="x">Input, NHWC.</param>
    /// <param name="xPitch">Floats from one pixel of x to the next.</param>
    /// <param name="packed">Weights from <see cref="WeightPacking.PackForward"/>.</param>
    /// <param name="body">The epilogue.</param>
    /// <param name="a">The launch.</param>
    /// <param name="s">The chunk; rows N·H of the domain are shared.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TBody>(
        in ConvolutionGeometry geometry, float* x, int xPitch, float* packed, ref TBody body, in KernelArguments a, in WorkSlice s)
        where TBody : struct, IKernelBody
    {
        var (start, end) = s.Range((long)a.Images * a.Height);
        var block = new PixelBlock(geometry.Taps, geometry.InputChannels, x, xPitch, a.InputHeight, a.InputWidth, geometry.Stride, s.Scratch);
        for (int kh = 0; kh < geometry.KernelHeight; kh++)
        {
            for (int kw = 0; kw < geometry.KernelWidth; kw++)
                block.AddTap((kh * geometry.KernelWidth) + kw, (kh * geometry.Dilation) - geometry.Padding, (kw * geometry.Dilation) - geometry.Padding);
        }

        block.EndTaps();

        for (long row = start; row < end; row++)
        {
            int image = (int)(row / a.Height), y = (int)(row % a.Height);
            nint pixel = (nint)row * a.Width;
            for (int column = 0; column < a.Width; column++)
            {
                block.Add(pixel + column, image, y, column, y * geometry.Stride, column * geometry.Stride);
                if (block.IsFull)
                    block.Multiply(packed, geometry.Taps, geometry.OutputChannels, ref body);
            }
        }

        block.Multiply(packed, geometry.Taps, geometry.OutputChannels, ref body);
        body.EndChunk();
    }
}
