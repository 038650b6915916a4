using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>Rates within what any machine can do; how good they are, only a quiet machine could tell.</summary>
public sealed class FmaPeakTests
{
    [Fact]
    public void One_thread_and_a_devices_threads_have_a_rate()
    {
        using var device = new CpuDevice(2);

        Assert.InRange(FmaPeak.Measure(), 1e7, 1e13);
        Assert.InRange(FmaPeak.Measure(device), 1e7, 1e14);
    }
}
