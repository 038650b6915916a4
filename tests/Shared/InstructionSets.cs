using System.Runtime.Intrinsics;

namespace FocalNet.Tests.Shared;

/// <summary>
/// Settings of .NET that take instruction sets away, so that one processor can run the kernels' paths for smaller ones. They are
/// read when a process starts; the tests of the kernels set them for processes of their own.
/// </summary>
public static class InstructionSets
{
    /// <summary>Without vectors of 512 bits, and with half as many registers.</summary>
    public const string Avx512 = "DOTNET_EnableAVX512";

    /// <summary>Without vectors of 256 bits and fused multiply-adds: the portable path, which other processors take too.</summary>
    public const string Avx2 = "DOTNET_EnableAVX2";

    /// <summary>What is switched off and yet in use; null if all is as it was asked for.</summary>
    public static string? Unheeded =>
        IsOff(Avx2) && (Vector256.IsHardwareAccelerated || Vector512.IsHardwareAccelerated) ? Avx2
        : IsOff(Avx512) && Vector512.IsHardwareAccelerated ? Avx512
        : null;

    private static bool IsOff(string name) => Environment.GetEnvironmentVariable(name) == "0";
}
