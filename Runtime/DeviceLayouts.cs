using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime;

/// <summary>Conversions between the public layout, NCHW and OIHW, and the physical one, NHWC and OHWI.</summary>
public static class DeviceLayouts
{
    /// <summary>Dense NCHW to NHWC with a pitch.</summary>
    /// <param name="nchw">Source, N·C·H·W floats.</param>
    /// <param name="images">N.</param>
    /// <param name="channels">C.</param>
    /// <param name="pixels">H·W.</param>
    /// <param name="nhwc">Target, from the first channel of the first pixel.</param>
    /// <param name="pitch">Floats from one pixel of the target to the next.</param>
    public static unsafe void ToChannelsLast(ReadOnlySpan<float> nchw, int images, int channels, long pixels, float* nhwc, int pitch)
    {
        fixed (float* source = nchw)
        {
            for (long n = 0; n < images; n++)
            {
                for (int c = 0; c < channels; c++)
                {
                    float* from = source + (((n * channels) + c) * pixels), to = nhwc + (n * pixels * pitch) + c;
                    for (long p = 0; p < pixels; p++, to += pitch)
                        *to = from[p];
                }
            }
        }
    }

    /// <summary>NHWC with a pitch to dense NCHW.</summary>
    /// <param name="nhwc">Source, from the first channel of the first pixel.</param>
    /// <param name="pitch">Floats from one pixel of the source to the next.</param>
    /// <param name="images">N.</param>
    /// <param name="channels">C.</param>
    /// <param name="pixels">H·W.</param>
    /// <param name="nchw">Target, N·C·H·W floats.</param>
    public static unsafe void ToChannelsFirst(float* nhwc, int pitch, int images, int channels, long pixels, Span<float> nchw)
    {
        fixed (float* target = nchw)
        {
            for (long n = 0; n < images; n++)
            {
                for (int c = 0; c < channels; c++)
                {
                    float* to = target + (((n * channels) + c) * pixels), from = nhwc + (n * pixels * pitch) + c;
                    for (long p = 0; p < pixels; p++, from += pitch)
                        to[p] = *from;
                }
            }
        }
    }

    /// <summary>Elements of all parameters together, without the gaps that the flat state may have.</summary>
    public static long CheckpointLength(IReadOnlyList<ParameterSpec> parameters) => parameters.Sum(p => (long)Elements(p));

    /// <summary>Elements of a parameter.</summary>
    public static int Elements(ParameterSpec parameter) => parameter.Shape.Aggregate(1, (product, extent) => checked(product * extent));

    /// <summary>
    /// From checkpoint order (parameters one after the other, each OIHW) to a flat state; also for moments, which are laid out
    /// as the parameters are.
    /// </summary>
    /// <param name="parameters">The plan's parameters.</param>
    /// <param name="checkpoint"><see cref="CheckpointLength"/> floats.</param>
    /// <param name="state">The flat state; gaps are left alone.</param>
    public static unsafe void FromCheckpoint(IReadOnlyList<ParameterSpec> parameters, ReadOnlySpan<float> checkpoint, Span<float> state)
    {
        int position = 0;
        for (int i = 0; i < parameters.Count; i++)
        {
            int[] shape = parameters[i].Shape;
            int count = Elements(parameters[i]);
            fixed (float* target = state.Slice(parameters[i].Offset, count))
                ToChannelsLast(checkpoint.Slice(position, count), shape[0], shape[1], (long)shape[2] * shape[3], target, shape[1]);
            position += count;
        }
    }

    /// <summary>From a flat state to checkpoint order; the inverse of <see cref="FromCheckpoint"/>.</summary>
    /// <param name="parameters">The plan's parameters.</param>
    /// <param name="state">The flat state.</param>
    /// <param name="checkpoint"><see cref="CheckpointLength"/> floats.</param>
    public static unsafe void ToCheckpoint(IReadOnlyList<ParameterSpec> parameters, ReadOnlySpan<float> state, Span<float> checkpoint)
    {
        int position = 0;
        for (int i = 0; i < parameters.Count; i++)
        {
            int[] shape = parameters[i].Shape;
            int count = Elements(parameters[i]);
            fixed (float* source = state.Slice(parameters[i].Offset, count))
                ToChannelsFirst(source, shape[1], shape[0], shape[1], (long)shape[2] * shape[3], checkpoint.Slice(position, count));
            position += count;
        }
    }
}
