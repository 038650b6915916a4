namespace FocalNet.Cuda.Tests.Support;

/// <summary>bf16 and fp16 by .NET's own rounding, which knows nothing of the emulator's.</summary>
internal static class Bits
{
    /// <summary>Round to nearest even, done in double over the two neighbours.</summary>
    internal static ushort ToBrain(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return 0x7fff;
        var down = bits & 0xffff0000u;
        if (down == bits || float.IsInfinity(value)) return (ushort)(down >> 16);
        var below = Magnitude(down);
        // The value behind the largest finite bf16 is 2^128, where the bit pattern says infinity.
        var above = Magnitude(down + 0x10000u) is var next && double.IsInfinity(next) ? Math.Pow(2, 128) : next;
        double toBelow = Math.Abs(value) - below, toAbove = above - Math.Abs(value);
        var up = toAbove < toBelow || (toAbove == toBelow && (down >> 16 & 1) == 1);
        return (ushort)((down >> 16) + (up ? 1u : 0u));
    }

    internal static float FromBrain(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    internal static ushort ToHalf(float value) => float.IsNaN(value) ? (ushort)0x7fff : BitConverter.HalfToUInt16Bits((Half)value);

    internal static float FromHalf(ushort bits) => (float)BitConverter.UInt16BitsToHalf(bits);

    private static double Magnitude(uint bits) => Math.Abs((double)BitConverter.UInt32BitsToSingle(bits));
}
