using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FocalNet.Runtime.Cpu;

/// <summary>What the processor, and this build of the program, offer to the kernels.</summary>
public static class CpuFeatures
{
    /// <summary>Whether eight lanes and a fused multiply-add are single instructions. Kernels work without, but slowly.</summary>
    public static bool HasFastVectors => Vector256.IsHardwareAccelerated && Fma.IsSupported;

    /// <summary>
    /// What to tell a person whose run will be slow, or null. Natively compiled programs meet it on good processors too,
    /// unless they are built with <c>IlcInstructionSet=x86-64-v3</c>.
    /// </summary>
    public static string? Warning => HasFastVectors
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"This process has no 8-lane AVX2/FMA instructions ({RuntimeInformation.ProcessArchitecture}): CPU kernels give the same results but run many times slower. Use a processor with AVX2; publish native programs with IlcInstructionSet=x86-64-v3; unset DOTNET_EnableAVX2.");

    /// <summary>One line for reports: processor count and instruction sets.</summary>
    public static string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"{RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} processors, {(HasFastVectors ? "AVX2/FMA" : "no AVX2/FMA")}{(Vector512.IsHardwareAccelerated ? ", 512-bit" : string.Empty)}");

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
