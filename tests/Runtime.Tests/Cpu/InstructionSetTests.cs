using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using FocalNet.Tests.Shared;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>
/// The tests of the kernels once more on the paths for smaller instruction sets, each in a process of its own. The path for the
/// largest that the processor has is what the other tests run on.
/// </summary>
public sealed class InstructionSetTests
{
    private static readonly string[]
        WideTiles = ["GemmTile:Run6x16", "WinogradGemm:Run6x16", "GradientTile:Run16", "WinogradSums:Add", "FmaPeak:MultiplyAdds8"],
        NarrowTiles16 = ["GemmTile:Run6x8Narrow", "WinogradGemm:Run6x8Narrow", "GradientTile:Run8Narrow", "WinogradSums:Add8Narrow", "FmaPeak:FourteenChains"],
        NarrowTiles32 = ["GemmTile:Run6x16Narrow", "WinogradGemm:Run6x16Narrow", "GradientTile:Run16Narrow", "WinogradSums:Add16Narrow", "FmaPeak:TwentyFourChains"];

    // Not a summary of all methods: a thread that compiles one while the process ends would write to a file that the JIT has closed.
    private static readonly string Listed = string.Join(' ', new[] { "GemmTile", "WinogradGemm", "GradientTile", "WinogradSums", "FmaPeak" }.Select(type => $"FocalNet.Runtime.Cpu.{type}:*"));

    [Theory]
    [InlineData(InstructionSets.Avx512)]
    [InlineData(InstructionSets.Avx2)]
    public void Kernels_are_right_without(string instructions)
    {
        string compiled = Path.GetTempFileName();
        try
        {
            // Among them CpuFeaturesTests, which fails if the setting has no effect. The thread pool is the same for all.
            int passed = TestProcess.Run(
                new Dictionary<string, string> { [instructions] = "0", ["DOTNET_JitDisasm"] = Listed, ["DOTNET_JitStdOutFile"] = compiled },
                "--filter-namespace", "FocalNet.Runtime.Tests.Cpu", "--filter-not-class", $"*.{nameof(SpillTests)}", $"*.{nameof(InstructionSetTests)}", $"*.{nameof(WorkerPoolTests)}");

            Assert.InRange(passed, 200, 10_000);
            // The JIT compiles what is called: right results alone do not show whose they are.
            string methods = string.Join('\n', File.ReadLines(compiled).Where(line => line.StartsWith("; Assembly listing for method", StringComparison.Ordinal)));
            bool isNarrow = instructions == InstructionSets.Avx2 || !Vector256.IsHardwareAccelerated;
            string[] narrow = AdvSimd.Arm64.IsSupported ? NarrowTiles32 : NarrowTiles16;
            Assert.All(narrow, tile => Assert.Equal(isNarrow, methods.Contains($"{tile}(", StringComparison.Ordinal)));
            Assert.All(WideTiles, tile => Assert.Equal(!isNarrow, methods.Contains($"{tile}(", StringComparison.Ordinal)));
        }
        finally
        {
            File.Delete(compiled);
        }
    }
}
