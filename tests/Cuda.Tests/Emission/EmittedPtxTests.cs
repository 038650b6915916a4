using System.Collections.Concurrent;
using FocalNet.Cuda.Tests.Support;
using FocalNet.Graph.Planning;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// Emitted kernels as PTX by clang, for every architecture: no array in local memory, no double, launch bounds and shared memory as said.
/// A run takes a sample; FOCALNET_ALL_KERNELS=1 takes all.
/// </summary>
public sealed class EmittedPtxTests(ITestOutputHelper output)
{
    private const int Share = 24, KernelsOfText = 10;

    [Theory]
    [InlineData("float32")]
    [InlineData("bf16")]
    public void Compile_to_PTX_without_faults(string precision)
    {
        Requires.Clang();
        ElementType type = precision == "bf16" ? ElementType.BFloat16 : ElementType.Float32;
        EmittedKernelCase[] sample = [.. EmittedKernels.Sample(type, fuse: true, Share)];
        // Tensor cores know bf16 from sm_80 on.
        int[] architectures = [.. ClangPtx.Architectures.Where(a => type == ElementType.Float32 || a >= 80)];
        var faults = new ConcurrentQueue<string>();
        var work = sample.Chunk(KernelsOfText).SelectMany(text => architectures.Select(a => (Text: EmittedText.Of(text.Select(k => k.Kernel)), Architecture: a)));
        Parallel.ForEach(work, new ParallelOptions { MaxDegreeOfParallelism = 2 }, item =>
        {
            PtxReport report = ClangPtx.Compile(item.Text, item.Architecture);
            foreach (string fault in report.Faults())
                faults.Enqueue($"sm_{item.Architecture}: {fault}");
            foreach (PtxKernel kernel in report.Kernels)
            {
                EmittedKernelCase known = sample.First(k => k.Kernel.Name == kernel.Name);
                if (kernel.SharedBytes != 0 || known.Kernel.SharedBytes > SharedLimit(item.Architecture))
                    faults.Enqueue($"sm_{item.Architecture}: {kernel.Name} has {kernel.SharedBytes} static and {known.Kernel.SharedBytes} dynamic bytes of shared memory");
            }
        });
        output.WriteLine($"{precision}: {sample.Length} of {EmittedKernels.All(type, fuse: true).Count} kernels compiled for sm_{string.Join(", sm_", architectures)}" +
            (type == ElementType.BFloat16 ? "; sm_75 skipped, it runs float32" : ""));
        Assert.Empty(faults);
    }

    // The most that a block may ask for, by NVIDIA's table of compute capabilities: 8.6 and 8.9, which run what is compiled for 8.0, have 99 KB.
    private static int SharedLimit(int architecture) => 1024 * (architecture >= 90 ? 227 : architecture >= 80 ? 99 : 64);
}
