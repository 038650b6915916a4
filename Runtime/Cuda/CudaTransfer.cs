using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda;

/// <summary>
/// Tensors between the caller's spans, dense NCHW floats, and the device's buffers, NHWC with a pitch, floats or bfloat16. Through pinned
/// host memory: one buffer for each input, which may still be on its way, and one for all that is read. The context must be entered.
/// </summary>
internal sealed unsafe class CudaTransfer(CudaContext context, CudaMemory memory, PlanLayout plan, nint stream)
{
    private readonly Dictionary<string, PinnedBuffer> inputs = [];
    private readonly PinnedBuffer readings = new(context);
    private bool pending;

    /// <summary>Puts the copy of an input into the stream.</summary>
    public void Write(BindingSpec binding, RunSize size, ReadOnlySpan<float> nchw)
    {
        // A copy out of the same memory may not have been made yet.
        if (pending)
            Synchronise($"copy '{binding.Name}' of {plan.Name}", size);
        if (!inputs.TryGetValue(binding.Name, out PinnedBuffer? buffer))
            inputs.Add(binding.Name, buffer = new PinnedBuffer(context));
        (int images, long pixels, int channels, BufferSpec target) = Extents(binding, size);
        byte* staging = buffer.Reserve(images * pixels * channels * sizeof(float));
        DeviceLayouts.ToChannelsLast(nchw, images, channels, pixels, (float*)staging, channels);
        if (target.Element == ElementType.BFloat16)
            ToBFloat16((float*)staging, images * pixels * channels);
        Copy(binding, size, (nint)staging, toDevice: true);
        pending = true;
    }

    /// <summary>Copies an output, and waits for it.</summary>
    public void Read(BindingSpec binding, RunSize size, Span<float> nchw)
    {
        (int images, long pixels, int channels, BufferSpec source) = Extents(binding, size);
        byte* staging = readings.Reserve(images * pixels * channels * sizeof(float));
        Copy(binding, size, (nint)staging, toDevice: false);
        Synchronise($"copy '{binding.Name}' of {plan.Name}", size);
        if (source.Element == ElementType.BFloat16)
            FromBFloat16((float*)staging, images * pixels * channels);
        DeviceLayouts.ToChannelsFirst((float*)staging, channels, images, channels, pixels, nchw);
    }

    /// <summary>Replaces a state, and waits until that is done.</summary>
    public void WriteState(StateSpec state, ReadOnlySpan<float> values)
    {
        long bytes = (long)values.Length * sizeof(float);
        byte* staging = readings.Reserve(bytes);
        values.CopyTo(new Span<float>(staging, values.Length));
        context.Check(DriverApi.CopyToDevice(memory.Address(state.View, default), (nint)staging, (nuint)bytes, stream), $"write state '{state.Name}' of {plan.Name}");
        Synchronise($"write state '{state.Name}' of {plan.Name}", default);
    }

    /// <summary>Copies a state.</summary>
    public void ReadState(StateSpec state, Span<float> values)
    {
        long bytes = (long)values.Length * sizeof(float);
        byte* staging = readings.Reserve(bytes);
        context.Check(DriverApi.CopyToHost((nint)staging, memory.Address(state.View, default), (nuint)bytes, stream), $"read state '{state.Name}' of {plan.Name}");
        Synchronise($"read state '{state.Name}' of {plan.Name}", default);
        new Span<float>(staging, values.Length).CopyTo(values);
    }

    /// <summary>Waits for all that is in the stream; what failed there is said here.</summary>
    public void Synchronise(string operation, RunSize size)
    {
        pending = false;
        context.Check(DriverApi.StreamSynchronize(stream), operation, PlanBindings.Text(size));
    }

    public void Free()
    {
        foreach (PinnedBuffer buffer in inputs.Values)
            buffer.Free();
        readings.Free();
    }

    private (int Images, long Pixels, int Channels, BufferSpec Buffer) Extents(BindingSpec binding, RunSize size) => (
        binding.Shape.N.At(size), (long)binding.Shape.H.At(size) * binding.Shape.W.At(size), binding.Shape.C, plan.Buffers[binding.View.Buffer]);

    private void Copy(BindingSpec binding, RunSize size, nint host, bool toDevice)
    {
        (int images, long pixels, int channels, BufferSpec buffer) = Extents(binding, size);
        nint device = memory.Address(binding.View, size);
        nuint row = (nuint)(channels * buffer.ElementBytes), pitch = (nuint)(buffer.Shape.C * buffer.ElementBytes), rows = (nuint)(images * pixels);
        int result;
        if (row == pitch)
        {
            result = toDevice ? DriverApi.CopyToDevice(device, host, row * rows, stream) : DriverApi.CopyToHost(host, device, row * rows, stream);
        }
        else
        {
            // Channels of a wider buffer: a pixel is a row of the copy.
            var copy = new DriverApi.Copy2DParameters { WidthBytes = row, Height = rows };
            if (toDevice)
            {
                (copy.SourceType, copy.SourceHost, copy.SourcePitch) = (DriverApi.Copy2DParameters.Host, host, row);
                (copy.TargetType, copy.TargetDevice, copy.TargetPitch) = (DriverApi.Copy2DParameters.Device, device, pitch);
            }
            else
            {
                (copy.SourceType, copy.SourceDevice, copy.SourcePitch) = (DriverApi.Copy2DParameters.Device, device, pitch);
                (copy.TargetType, copy.TargetHost, copy.TargetPitch) = (DriverApi.Copy2DParameters.Host, host, row);
            }
            result = DriverApi.Copy2D(&copy, stream);
        }
        context.Check(result, $"copy '{binding.Name}' of {plan.Name}", PlanBindings.Text(size));
    }

    // In place, forwards: element i is written where 2i and 2i + 1 have been read.
    private static void ToBFloat16(float* values, long count)
    {
        var narrow = (ushort*)values;
        for (long i = 0; i < count; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(values[i]);
            // To nearest, ties to even, as the device rounds; what is no number stays none.
            narrow[i] = float.IsNaN(values[i]) ? (ushort)0x7fff : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
        }
    }

    // In place, backwards.
    private static void FromBFloat16(float* values, long count)
    {
        var narrow = (ushort*)values;
        for (long i = count - 1; i >= 0; i--)
            values[i] = BitConverter.UInt32BitsToSingle((uint)narrow[i] << 16);
    }
}
