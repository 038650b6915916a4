using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Vectors of four lanes, for processors without those of 256 bits: Arm, and x64 before AVX2. There the JIT would make every operation on
/// eight lanes out of two, and keep neither tiles nor lines of a transform in registers.
/// </summary>
internal static unsafe class NarrowVector
{
    /// <summary>Whether kernels use these vectors in this process.</summary>
    public static bool IsUsed => !Vector256.IsHardwareAccelerated;

    /// <summary>Whether there are 32 registers, as on Arm, not the 16 of x64: enough for a tile of 6×16.</summary>
    public static bool Has32Registers => AdvSimd.Arm64.IsSupported;

    /// <summary>A factor for <see cref="MultiplyAdd"/>: in all lanes, or on Arm, whose multiply-add can take one lane, in the first alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Factor(float* from)
    {
        if (AdvSimd.Arm64.IsSupported)
            return Vector128.CreateScalarUnsafe(*from);
        // One load, where the JIT would load and then shuffle.
        return Avx.IsSupported ? Avx.BroadcastScalarToVector128(from) : Vector128.Create(*from);
    }

    /// <summary>factor · x + sum, rounded once where the processor can.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> factor, Vector128<float> x, Vector128<float> sum) =>
        AdvSimd.Arm64.IsSupported
            ? AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(sum, x, factor, 0)
            : Vector128.MultiplyAddEstimate(factor, x, sum);
}
