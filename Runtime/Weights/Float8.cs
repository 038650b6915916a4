namespace FocalNet.Runtime.Weights;

/// <summary>
/// Numbers of 8 bits (Micikevicius et al., "FP8 formats for deep learning", 2022; the OCP's OFP8). E4M3 has a sign, 4 bits of exponent and 3 of
/// mantissa, no infinities, one NaN of either sign, and 448 as its largest number; E5M2 is the upper half of a 16-bit one.
/// </summary>
internal static class Float8
{
    internal const float LargestE4M3 = 448f;

    private const int Bias = 7;
    private const int MantissaBits = 3;
    private const byte NaN = 0x7F;

    internal static float FromE4M3(byte bits)
    {
        var (exponent, mantissa) = ((bits >> MantissaBits) & 15, bits & 7);
        if ((bits & NaN) == NaN) return float.NaN;
        var value = exponent == 0
            ? MathF.ScaleB(mantissa, 1 - Bias - MantissaBits)
            : MathF.ScaleB(mantissa + 8, exponent - Bias - MantissaBits);
        return (bits & 0x80) == 0 ? value : -value;
    }

    internal static float FromE5M2(byte bits) => (float)BitConverter.UInt16BitsToHalf((ushort)(bits << 8));

    /// <summary>The nearest number, the even one of two; those beyond the largest become it.</summary>
    internal static byte ToE4M3(float value)
    {
        if (float.IsNaN(value)) return NaN;
        var sign = float.IsNegative(value) ? 0x80 : 0;
        var size = MathF.Min(MathF.Abs(value), LargestE4M3);
        // Below the smallest normal number, 2^-6, steps stay as they are there.
        var exponent = size == 0 ? 1 - Bias : Math.Max(MathF.ILogB(size), 1 - Bias);
        var steps = (int)MathF.Round(MathF.ScaleB(size, MantissaBits - exponent), MidpointRounding.ToEven);
        // 16 steps are 8 of the next exponent: the carry runs into it by itself.
        return (byte)(sign | (((exponent + Bias) << MantissaBits) + steps - 8));
    }
}
