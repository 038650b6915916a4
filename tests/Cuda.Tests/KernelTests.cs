using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests;

/// <summary>Correct kernels give correct values under every build and every order.</summary>
public sealed class KernelTests
{
    public static TheoryData<string, EmulatorBuild, ulong> Cases()
    {
        var data = new TheoryData<string, EmulatorBuild, ulong>();
        foreach (var file in Exercises.ByFile.Keys)
            foreach (var build in new[] { EmulatorBuild.Fast, EmulatorBuild.Checked })
                foreach (var seed in new ulong[] { 0, 1, 2, 3 })
                    data.Add(file, build, seed);
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_correct_kernel_computes_what_it_says(string file, EmulatorBuild build, ulong seed)
    {
        Requires.Emulator();
        Exercises.ByFile[file](KernelFile.Module(file, build), seed);
    }
}
