using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace FocalNet.Runtime.Cpu;

/// <summary>What the processor, and this build of the program, offer to the kernels.</summary>
public static class CpuFeatures
{
    /// <summary>
    /// Whether a fused multiply-add of a whole vector is one instruction: of 8 lanes with AVX2/FMA on x64, of 4 on Arm64. Kernels work
    /// without, but slowly.
    /// </summary>
    public static bool HasFastVectors => (Vector256.IsHardwareAccelerated && Fma.IsSupported) || AdvSimd.Arm64.IsSupported;

    /// <summary>
    /// What to tell a person whose run will be slow, or null. Natively compiled programs for x64 meet it on good processors too,
    /// unless they are built with <c>IlcInstructionSet=x86-64-v3</c>.
    /// </summary>
    public static string? Warning => HasFastVectors ? null : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 or Architecture.X86 => "This process has no 8-lane AVX2/FMA instructions: CPU kernels give the same results at less than half the speed. Use a processor with AVX2; publish native programs with IlcInstructionSet=x86-64-v3; unset DOTNET_EnableAVX2.",
        Architecture.Arm64 => "This process does not use the processor's AdvSimd instructions: CPU kernels give the same results but run many times slower. Unset DOTNET_EnableHWIntrinsic and DOTNET_EnableArm64AdvSimd.",
        Architecture other => string.Create(CultureInfo.InvariantCulture, $"The CPU kernels know no vector instructions for {other}: they give the same results but run many times slower. Use an x64 processor with AVX2, or an Arm64 one."),
    };

    /// <summary>One line for reports: processor count and instruction sets.</summary>
    public static string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"{RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} processors, {Instructions}");

    private static string Instructions => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 or Architecture.X86 => $"{(HasFastVectors ? "AVX2/FMA" : "no AVX2/FMA")}{(Vector512.IsHardwareAccelerated ? ", 512-bit" : string.Empty)}",
        Architecture.Arm64 => HasFastVectors ? "AdvSimd" : "no AdvSimd",
        _ => Vector128.IsHardwareAccelerated ? "128-bit vectors" : "no vectors",
    };

    /// <summary>Writes <see cref="Warning"/>, if there is one, once a process.</summary>
    /// <param name="write">Receives the line; standard error if null.</param>
    public static void WarnIfSlow(Action<string>? write = null)
    {
        if (Warning is not { } warning || Interlocked.Exchange(ref warned, 1) != 0)
            return;
        (write ?? Console.Error.WriteLine)(warning);
    }

    private static int warned;
}
