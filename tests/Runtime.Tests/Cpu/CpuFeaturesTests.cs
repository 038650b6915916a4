using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using FocalNet.Runtime.Cpu;
using FocalNet.Tests.Shared;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>What a process says about its instruction sets; <see cref="InstructionSetTests"/> runs it in processes with fewer.</summary>
public sealed class CpuFeaturesTests
{
    [Fact]
    public void What_is_switched_off_is_not_used() => Assert.Null(InstructionSets.Unheeded);

    [Fact]
    public void A_process_without_fast_vectors_says_so()
    {
        Assert.Equal(CpuFeatures.HasFastVectors, CpuFeatures.Warning is null);
        bool isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        Assert.EndsWith((CpuFeatures.HasFastVectors, isArm) switch
        {
            (true, true) => ", AdvSimd",
            (false, true) => ", no AdvSimd",
            (true, false) => Vector512.IsHardwareAccelerated ? ", AVX2/FMA, 512-bit" : ", AVX2/FMA",
            (false, false) => ", no AVX2/FMA",
        }, CpuFeatures.Description);
        if (CpuFeatures.Warning is { } warning)
            Assert.Contains(isArm ? "AdvSimd" : InstructionSets.Avx2, warning);
    }
}
