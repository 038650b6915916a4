using System.Collections.Concurrent;
using System.Diagnostics;
using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Runtime.Cuda.Plans;

namespace FocalNet.Runtime.Cuda.Compilation;

/// <summary>How far the compilation of kernels is.</summary>
/// <param name="Done">Kernels that are ready.</param>
/// <param name="Total">Kernels that are needed and were not loaded before.</param>
/// <param name="Kernel">The kernel that has just become ready.</param>
public readonly record struct KernelProgress(int Done, int Total, string Kernel);

/// <summary>How a kernel was made ready, for reports.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Seconds">Time to compile it, or to read it.</param>
/// <param name="FromCache">It was compiled before.</param>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="LocalBytes">Bytes of memory that a thread's registers are spilled to.</param>
/// <param name="StaticSharedBytes">Shared memory that is declared in the text.</param>
public sealed record KernelReport(string Name, double Seconds, bool FromCache, int Registers, int LocalBytes, int StaticSharedBytes);

/// <summary>A kernel on the device.</summary>
/// <param name="Kernel">Which of a kernel and its alternatives it is.</param>
/// <param name="Function">The driver's handle.</param>
/// <param name="Module">The module to unload.</param>
/// <param name="Report">How it was made ready.</param>
/// <param name="WaitsItself">It may be launched before the launch before it has ended, and waits where it has to.</param>
internal sealed record LoadedKernel(CudaKernel Kernel, nint Function, nint Module, KernelReport Report, bool WaitsItself);

/// <summary>The kernels of a device, compiled or read from disk once, and shared by its executors.</summary>
internal sealed unsafe class KernelLibrary(CudaContext context, KernelCompiler compiler, KernelCache cache, bool overlapping) : IDisposable
{
    // What needs no permission: larger blocks of shared memory are asked for kernel by kernel.
    private const int FreeSharedBytes = 48 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<string, LoadedKernel> loaded = [];

    /// <summary>How each kernel was made ready.</summary>
    public IReadOnlyList<KernelReport> Reports
    {
        get
        {
            lock (gate)
                return [.. loaded.Values.Select(k => k.Report)];
        }
    }

    /// <summary>Makes kernels ready, those that are not on disk in parallel. The context must be entered.</summary>
    /// <returns>The kernels, in the order given.</returns>
    /// <exception cref="KernelCompilationException">NVRTC refuses a text.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; what was compiled is kept on disk.</exception>
    public LoadedKernel[] Load(IReadOnlyList<CudaKernel> kernels, IProgress<KernelProgress>? progress, CancellationToken cancellation = default)
    {
        lock (gate)
        {
            CudaKernel[] chosen = [.. kernels.Select(Fitting)];
            CudaKernel[] missing = [.. chosen.Where(k => !loaded.ContainsKey(k.Name)).DistinctBy(k => k.Name)];
            var images = new ConcurrentDictionary<string, CompiledKernel>();
            int done = 0;
            try
            {
                Parallel.ForEach(missing, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, kernel =>
                {
                    images[kernel.Name] = Compile(kernel, useCache: true);
                    progress?.Report(new KernelProgress(Interlocked.Increment(ref done), missing.Length, kernel.Name));
                });
            }
            catch (AggregateException exception) when (exception.InnerExceptions.OfType<DeviceException>().FirstOrDefault() is { } first)
            {
                throw first;
            }
            foreach (CudaKernel kernel in missing)
                loaded.Add(kernel.Name, Load(kernel, images[kernel.Name]));
            if (images.Values.Any(i => !i.FromCache))
                cache.Trim();
            return [.. chosen.Select(k => loaded[k.Name])];
        }
    }

    /// <summary>Unloads all. The context must be entered.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (LoadedKernel kernel in loaded.Values)
                _ = DriverApi.ModuleUnload(kernel.Module);
            loaded.Clear();
        }
    }

    // The first of a kernel and its alternatives whose shared memory the device has.
    private CudaKernel Fitting(CudaKernel kernel)
    {
        for (CudaKernel? candidate = kernel; candidate is not null; candidate = candidate.Alternative)
        {
            if (candidate.SharedBytes <= Math.Max(FreeSharedBytes, context.Info.SharedBytesPerBlock))
                return candidate;
        }
        throw new DeviceException(
            context.Name, $"launch {kernel.Name}", string.Empty,
            FormattableString.Invariant($"It needs {kernel.SharedBytes} bytes of shared memory; the device has {context.Info.SharedBytesPerBlock}."), "Use --device cpu, or --precision strict.");
    }

    private CompiledKernel Compile(CudaKernel kernel, bool useCache)
    {
        long start = Stopwatch.GetTimestamp();
        KernelProgram program = KernelProgram.Of(kernel);
        string key = KernelCache.Key(program.Text, compiler.Identity);
        if (useCache && cache.TryRead(key) is { } kept)
            return new CompiledKernel(kept, FromCache: true, WaitsItself(program), Stopwatch.GetElapsedTime(start).TotalSeconds);
        KernelImage image = compiler.Compile(program);
        cache.Write(key, image);
        return new CompiledKernel(image, FromCache: false, WaitsItself(program), Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    // Generated kernels call it; the instruction behind it is there from sm_90 on, and graphs have launches that overlap from CUDA 12.3 on.
    private bool WaitsItself(KernelProgram program) =>
        overlapping && compiler.Capability >= 90 && CudaLibraries.Load(CudaLibrary.Driver).Version >= new Version(12, 3) && program.Text.Contains("\n    wait_for_earlier_launches();", StringComparison.Ordinal);

    private LoadedKernel Load(CudaKernel kernel, CompiledKernel compiled)
    {
        int result = LoadModule(compiled.Image, out nint module);
        if (result != DriverApi.Success && compiled.FromCache && !DriverApi.IsFatal(result))
        {
            // Whole, and yet not what the driver takes: whatever wrote it, this machine can do better.
            compiled = Compile(kernel, useCache: false);
            result = LoadModule(compiled.Image, out module);
        }
        if (result is DriverApi.UnsupportedPtxVersion or DriverApi.InvalidPtx or DriverApi.NoBinaryForGpu or DriverApi.InvalidImage)
            throw new DeviceLibraryException(context.Name, "kernel " + kernel.Name, DriverApi.Describe(result) + ".", MismatchWayOut());
        context.Check(result, "load kernel " + kernel.Name);
        context.Check(DriverApi.ModuleGetFunction(out nint function, module, kernel.Name), "find kernel " + kernel.Name);
        int fixedBytes = Attribute(function, DriverApi.FunctionSharedBytes);
        if (kernel.SharedBytes + fixedBytes > FreeSharedBytes)
            context.Check(DriverApi.FunctionSetAttribute(function, DriverApi.FunctionMaxDynamicShared, kernel.SharedBytes), $"give {kernel.SharedBytes} bytes of shared memory to {kernel.Name}");
        return new LoadedKernel(kernel, function, module, new KernelReport(
            kernel.Name, compiled.Seconds, compiled.FromCache, Attribute(function, DriverApi.FunctionRegisters), Attribute(function, DriverApi.FunctionLocalBytes), fixedBytes), compiled.WaitsItself);
    }

    private string MismatchWayOut()
    {
        Version? driver = CudaLibraries.Load(CudaLibrary.Driver).Version;
        return FormattableString.Invariant(
            $"The driver is of CUDA {driver}, NVRTC of {compiler.Version}, the kernel for {compiler.Architecture}: update the driver, or install NVRTC {driver?.Major ?? 11}.");
    }

    private static int LoadModule(KernelImage image, out nint module)
    {
        // PTX is text: the driver reads up to the zero that NVRTC counts in its size.
        fixed (byte* bytes = image.Bytes)
            return DriverApi.ModuleLoad(out module, bytes);
    }

    private static int Attribute(nint function, int attribute) =>
        DriverApi.FunctionGetAttribute(out int value, attribute, function) == DriverApi.Success ? value : 0;

    private readonly record struct CompiledKernel(KernelImage Image, bool FromCache, bool WaitsItself, double Seconds);
}
