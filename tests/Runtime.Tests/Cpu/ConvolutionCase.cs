using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>Operands of one convolution; x and gy are channel ranges of wider pixels.</summary>
internal sealed unsafe class ConvolutionCase : IDisposable
{
    public ConvolutionCase(int[] n, bool depthwise, bool pitchChannels = true)
    {
        var random = new Random(n.Sum());
        Geometry = new ConvolutionGeometry(n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
        X = NativeTensor.Random(random, n[7], n[8], n[9], n[0], pitchChannels ? 3 : 0, pitchChannels ? 2 : 0);
        W = NativeTensor.Random(random, n[1], n[2], n[3], depthwise ? 1 : n[0]);
        Gy = NativeTensor.Random(random, n[7], Geometry.OutputHeight(n[8]), Geometry.OutputWidth(n[9]), n[1], pitchChannels ? 1 : 0, pitchChannels ? 4 : 0);
    }

    public ConvolutionGeometry Geometry { get; }

    public NativeTensor X { get; }

    public NativeTensor W { get; }

    public NativeTensor Gy { get; }

    public NativeTensor Like(NativeTensor t) => new(t.Images, t.Height, t.Width, t.Channels, before: 5, after: 1);

    public NativeTensor Pack(bool transposed, int chunks)
    {
        var packed = new NativeTensor(1, 1, 1, (int)WeightPacking.PackedFloats(Geometry, transposed));
        Launch.Run(packed, 1, 1, chunks, (in a, in s) =>
        {
            if (transposed)
                WeightPacking.PackTransposed(Geometry, W.Pointer, packed.Pointer, in s);
            else
                WeightPacking.PackForward(Geometry, W.Pointer, packed.Pointer, in s);
        });
        packed.AssertGuards();
        return packed;
    }

    public NativeTensor PackWinograd(bool transposed, int chunks, bool strict = false)
    {
        var packed = new NativeTensor(1, 1, 1, (int)WinogradPacking.PackedFloats(Geometry, transposed));
        Launch.Run(packed, 1, 1, chunks, (in a, in s) =>
        {
            if (transposed)
                WinogradPacking.PackTransposed(Geometry, W.Pointer, packed.Pointer, in a, in s);
            else
                WinogradPacking.PackForward(Geometry, W.Pointer, packed.Pointer, in a, in s);
        }, strict);
        packed.AssertGuards();
        return packed;
    }

    public void Dispose()
    {
        X.Dispose();
        W.Dispose();
        Gy.Dispose();
    }
}
