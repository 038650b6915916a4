using System.Runtime.Intrinsics;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// The fused part of a kernel, as generated: element-wise arithmetic on the anchor's value (or on loads alone), stores,
/// and reductions. Implemented by generated structs; the templates of this folder call it while the value is in registers.
/// </summary>
/// <remarks>
/// <c>pixel</c> counts over the whole domain: (image·H + y)·W + x. Element (pixel, channel) of a full operand lies at
/// <c>pointer[pixel * pitch + channel]</c>.
/// </remarks>
public interface IKernelBody
{
    /// <summary>Eight neighbouring channels of one pixel, from <paramref name="channel"/> on.</summary>
    void Apply(Vector256<float> value, nint pixel, int image, int y, int x, int channel);

    /// <summary>One channel of one pixel.</summary>
    void Apply(float value, nint pixel, int image, int y, int x, int channel);

    /// <summary>
    /// Asks for the cache line of every full operand at a pixel and channel, for templates that come to it later. Changes nothing.
    /// </summary>
    void Prefetch(nint pixel, int channel);

    /// <summary>Called by pixel loops after the last channel of a pixel: stores reductions over channels.</summary>
    void EndPixel(nint pixel, int image, int y, int x);

    /// <summary>Called by pixel loops at the end of a chunk: stores partial results held in fields.</summary>
    void EndChunk();
}
