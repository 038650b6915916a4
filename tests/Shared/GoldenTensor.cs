namespace FocalNet.Tests.Shared;

/// <summary>A reference tensor: NCHW or parameter layout, row-major, dequantised to float.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Shape">Extents; empty for a scalar.</param>
/// <param name="Values">Row-major elements. Shared by all tests of a run: copy before changing.</param>
/// <param name="Step">Quantisation step of the stored numbers (0 when stored exactly): values are off by at most half of it.</param>
public sealed record GoldenTensor(string Name, int[] Shape, float[] Values, double Step = 0)
{
    /// <summary>Number of elements.</summary>
    public int Count => Values.Length;

    /// <summary>The network input a byte picture (3×H×W, 0…255) stands for: 1×3×H×W, byte/255.</summary>
    public GoldenTensor ToNetworkInput()
    {
        var values = Array.ConvertAll(Values, value => value / 255f);
        return this with { Shape = Shape.Length == 3 ? [1, .. Shape] : Shape, Values = values };
    }

    /// <summary>Name and shape, for messages.</summary>
    public override string ToString() => $"{Name} [{string.Join("×", Shape)}]";
}
