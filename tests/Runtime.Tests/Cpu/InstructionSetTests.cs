using FocalNet.Tests.Shared;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>
/// The tests of the kernels once more on the paths for smaller instruction sets, each in a process of its own. The path for the
/// largest that the processor has is what the other tests run on.
/// </summary>
public sealed class InstructionSetTests
{
    [Theory]
    [InlineData(InstructionSets.Avx512)]
    [InlineData(InstructionSets.Avx2)]
    public void Kernels_are_right_without(string instructions)
    {
        // Among them CpuFeaturesTests, which fails if the setting has no effect. The thread pool is the same for all.
        int passed = TestProcess.Run(
            new Dictionary<string, string> { [instructions] = "0" },
            "--filter-namespace", "FocalNet.Runtime.Tests.Cpu", "--filter-not-class", $"*.{nameof(SpillTests)}", $"*.{nameof(InstructionSetTests)}", $"*.{nameof(WorkerPoolTests)}");

        Assert.InRange(passed, 200, 10_000);
    }
}
