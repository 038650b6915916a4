using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using FocalNet.Cuda.Tests.Support;
using FocalNet.Generators.Emission.Cuda;
using FocalNet.Graph.Planning;
using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Runtime.Cuda.Compilation;
using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Runtime.Cuda.Plans;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// Emitted kernels as machine code, by NVIDIA's own compiler: NVRTC needs no GPU. Each is compiled as the runtime does it, alone and with the
/// templates that it names. A run takes a sample; FOCALNET_ALL_KERNELS=1 takes all.
/// </summary>
public sealed class EmittedNvrtcTests(ITestOutputHelper output)
{
    private const int Share = 24;

    // What ptxas spills around loops, or for the sake of one more block on a multiprocessor: 48 bytes at most but for a few launches (docs/cuda-tests.md). An array that is
    // indexed by what only a run knows takes hundreds.
    private const int MostSpilledBytes = 64;

    [Theory]
    [InlineData("float32", 75, false)]
    [InlineData("float32", 80, false)]
    [InlineData("float32", 90, false)]
    [InlineData("float32", 90, true)]
    [InlineData("bf16", 80, false)]
    [InlineData("bf16", 90, false)]
    public void Compile_to_machine_code_that_keeps_its_arrays_in_registers(string precision, int architecture, bool strict)
    {
        Requires.Nvrtc();
        ElementType type = precision == "bf16" ? ElementType.BFloat16 : ElementType.Float32;
        IReadOnlyList<EmittedKernelCase> sample = EmittedKernels.Sample(type, fuse: true, Share);
        var compiler = new OfflineCompiler(architecture, strict);
        var compiled = new ConcurrentBag<(MachineCode Code, double Seconds)>();
        var faults = new ConcurrentQueue<string>();
        Parallel.ForEach(sample, new ParallelOptions { MaxDegreeOfParallelism = 2 }, kernel =>
        {
            try
            {
                long start = Stopwatch.GetTimestamp();
                MachineCode code = compiler.Compile(Kernel(kernel.Kernel));
                compiled.Add((code, Stopwatch.GetElapsedTime(start).TotalSeconds));
                if (code.LocalBytes > MostSpilledBytes)
                    faults.Enqueue($"{kernel}: {code.LocalBytes} bytes of local memory a thread, beside {code.Registers} registers");
            }
            catch (KernelCompilationException exception)
            {
                faults.Enqueue($"{kernel}: {exception.Message}");
            }
        });
        output.WriteLine($"{precision}{(strict ? " strict" : "")}, {compiler.Architecture}, NVRTC {compiler.Version}: {compiled.Count} of {EmittedKernels.All(type, fuse: true).Count} kernels compiled in {compiled.Sum(k => k.Seconds):F0} s, the slowest in {compiled.Max(k => k.Seconds):F1} s");
        foreach (MachineCode code in compiled.Select(k => k.Code).OrderByDescending(k => k.Registers).ThenBy(k => k.Kernel, StringComparer.Ordinal))
            output.WriteLine($"  {code.Registers,3} registers, {code.LocalBytes,2} bytes of local memory, {code.CodeBytes,6} bytes of code: {code.Kernel}");
        Assert.Empty(faults);
    }

    [Fact]
    public void An_error_is_told_with_its_line_of_the_template()
    {
        Requires.Nvrtc();
        KernelProgram program = KernelProgram.Of(Kernel(First));
        (string name, string text) = program.Files.First(f => f.Text.Contains("__forceinline__", StringComparison.Ordinal));
        int at = text.IndexOf("__forceinline__", StringComparison.Ordinal);
        string wrong = text[..at] + "__inline_by_force__" + text[(at + "__forceinline__".Length)..];
        var broken = new KernelProgram(program.Kernel, [.. program.Files.Select(f => f.Name == name ? (name, wrong) : f)]);

        var error = Assert.Throws<KernelCompilationException>(() => Compiler(90, strict: false).Compile(broken));

        Assert.Contains($"{name}({text[..at].Count(c => c == '\n') + 1}): error: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("__inline_by_force__", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_newer_than_NVRTC_gets_PTX_of_the_newest_that_it_knows()
    {
        Requires.Nvrtc();
        var compiler = new KernelCompiler("cuda:0", new CudaDeviceInfo(0, "A GPU of tomorrow", 99, 0, 1, 1, 1), strict: false);
        KernelImage image = compiler.Compile(KernelProgram.Of(Kernel(First)));
        Assert.True(image.IsPtx);
        string ptx = Encoding.ASCII.GetString(image.Bytes);
        Assert.Contains(".target sm_" + compiler.Architecture["compute_".Length..], ptx, StringComparison.Ordinal);
        Assert.EndsWith("\0", ptx, StringComparison.Ordinal);
    }

    private static CudaKernelText First => EmittedKernels.Of(NetworkCatalog.Find("Tiny"), ElementType.Float32)[0].Kernel;

    private static KernelCompiler Compiler(int architecture, bool strict) =>
        new("cuda:0", new CudaDeviceInfo(0, "A GPU", architecture / 10, architecture % 10, 1, 1, 1), strict);

    private static CudaKernel Kernel(CudaKernelText kernel)
    {
        byte[] text = Encoding.UTF8.GetBytes(kernel.Text);
        return new CudaKernel(kernel.Name, CudaKernelText.Threads, kernel.SharedBytes, () => text);
    }
}
