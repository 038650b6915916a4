using System.Diagnostics;
using FocalNet.Runtime.Cuda.Compilation;
using FocalNet.Runtime.Cuda.Plans;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Display;

namespace FocalNet.Trainer.Kernels;

/// <summary>Compiles a network's CUDA kernels to machine code, on a machine that need not have a GPU, and prints what each takes.</summary>
internal static class KernelCompilation
{
    /// <param name="plan">The network.</param>
    /// <param name="architecture">Compute capability as one number.</param>
    /// <param name="precision">That of a CUDA device.</param>
    /// <param name="folder">Receives the machine code; null for none.</param>
    /// <param name="terminal">Where the table goes, a line as soon as its kernel is compiled.</param>
    /// <exception cref="UnknownKernelException">The network has no kernels for CUDA.</exception>
    public static void Run(CompiledKernels plan, int architecture, Precision precision, string? folder, Terminal terminal)
    {
        IReadOnlyList<CudaKernel> kernels = plan.CudaKernels(precision == Precision.Bf16 ? KernelTarget.Bf16 : KernelTarget.Cuda);
        var compiler = new OfflineCompiler(architecture, precision == Precision.Strict);
        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
        }

        terminal.Line($"{kernels.Count} kernels for {compiler.Architecture} by NVRTC {compiler.Version}");
        terminal.Line("registers  local bytes  shared bytes  code bytes  seconds  kernel");
        var lines = kernels.AsParallel().AsOrdered().WithMergeOptions(ParallelMergeOptions.NotBuffered).Select(kernel =>
        {
            long start = Stopwatch.GetTimestamp();
            MachineCode code = compiler.Compile(kernel);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (folder is not null)
            {
                AtomicFile.Write(Path.Combine(folder, kernel.Name + ".cubin"), stream => stream.Write(code.Bytes));
            }

            return FormattableString.Invariant($"{code.Registers,9}  {code.LocalBytes,11}  {kernel.SharedBytes,12}  {code.CodeBytes,10}  {seconds,7:F2}  {kernel.Name}");
        });
        foreach (string line in lines)
        {
            terminal.Line(line);
        }
    }
}
