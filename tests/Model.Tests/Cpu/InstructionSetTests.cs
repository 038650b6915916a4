using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests.Cpu;

/// <summary>A whole network, forward and backward, against the reference implementation on the paths for smaller instruction sets.</summary>
public class InstructionSetTests
{
    [Theory]
    [InlineData(InstructionSets.Avx512)]
    [InlineData(InstructionSets.Avx2)]
    public void Networks_are_right_without(string instructions)
    {
        int passed = TestProcess.Run(
            new Dictionary<string, string> { [instructions] = "0" },
            "--filter-method",
            $"*.{nameof(InstructionSetTests)}.{nameof(What_is_switched_off_is_not_used)}",
            $"*.{nameof(CpuForwardTests)}.{nameof(CpuForwardTests.Outputs_of_a_batch_of_two)}",
            $"*.{nameof(CpuTrainingTests)}.{nameof(CpuTrainingTests.Three_steps_of_one_block)}");

        Assert.Equal(3, passed);
    }

    [Fact]
    public void What_is_switched_off_is_not_used() => Assert.Null(InstructionSets.Unheeded);
}
