using System.Globalization;
using FocalNet.Runtime.Cuda.Compilation;
using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Runtime.Cuda.Plans;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda;

/// <summary>What can be chosen about a CUDA device beside its number.</summary>
public sealed record CudaOptions
{
    /// <summary>How it stores and computes.</summary>
    public CudaPrecision Precision { get; init; } = CudaPrecision.Fast;

    /// <summary>For how many run sizes an executor keeps captured runs; 0 launches kernel by kernel always.</summary>
    public int CapturedSizes { get; init; } = 8;

    /// <summary>
    /// Whether a launch's blocks may begin when those of the launch before it have ended, and wait themselves until all that it wrote is there: launches follow each
    /// other faster. From sm_90 and CUDA 12.3 on; elsewhere it changes nothing.
    /// </summary>
    public bool OverlappingLaunches { get; init; } = true;

    /// <summary>Folder of compiled kernels; null takes the user's cache folder, or that of FOCALNET_KERNEL_CACHE.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Hears of each kernel that is ready, from several threads, while an executor is created.</summary>
    public IProgress<KernelProgress>? Compilation { get; init; }

    /// <summary>Stops the creation of an executor between kernels.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>One CUDA device. Nothing of CUDA is linked or carried: driver, NVRTC and cuBLAS are looked for when this is made.</summary>
public sealed class CudaDevice : IDevice
{
    private readonly CudaContext context;
    private readonly KernelLibrary library;
    private readonly KernelCompiler compiler;
    private readonly CudaOptions options;
    private bool disposed;

    /// <summary>Opens a device.</summary>
    /// <param name="ordinal">Its number.</param>
    /// <param name="options">What can be chosen; null takes what is usual.</param>
    /// <exception cref="DeviceNotFoundException">There is no such device, or it can't do what is asked.</exception>
    /// <exception cref="DeviceLibraryException">A library is missing or can't be used.</exception>
    public CudaDevice(int ordinal = 0, CudaOptions? options = null)
    {
        this.options = options ?? new CudaOptions();
        context = new CudaContext(ordinal);
        try
        {
            if (Precision == CudaPrecision.BFloat16 && context.Info.Capability < 80)
            {
                throw new DeviceNotFoundException(
                    context.Name, $"{context.Info.Name} has no bfloat16, which came with compute capability 8.0.", "Use --precision fast or strict.");
            }
            compiler = new KernelCompiler(context.Name, context.Info, strict: Precision == CudaPrecision.Strict);
        }
        catch
        {
            context.Dispose();
            throw;
        }
        library = new KernelLibrary(context, compiler, new KernelCache(this.options.CacheFolder ?? KernelCache.DefaultFolder), this.options.OverlappingLaunches);
    }

    /// <summary>Why a device can't be opened, in one sentence or two; null if it can. Tries it.</summary>
    public static string? Problem(int ordinal = 0, CudaPrecision precision = CudaPrecision.Fast)
    {
        try
        {
            new CudaDevice(ordinal, new CudaOptions { Precision = precision }).Dispose();
            return null;
        }
        catch (DeviceException exception)
        {
            return $"{exception.Operation}: {exception.Problem}";
        }
    }

    /// <inheritdoc/>
    public string Name => context.Name;

    /// <inheritdoc/>
    public string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"{context.Info.Name} ({Name}), {context.Info.TotalBytes / (double)(1 << 30):0.#} GiB, {compiler.Architecture}, driver CUDA {CudaLibraries.Load(CudaLibrary.Driver).Version}, NVRTC {compiler.Version}, {PrecisionName}");

    /// <inheritdoc/>
    public long AvailableBytes => context.FreeBytes;

    /// <summary>How it stores and computes.</summary>
    public CudaPrecision Precision => options.Precision;

    /// <summary>The device's properties.</summary>
    public CudaDeviceInfo Info => context.Info;

    /// <summary>How each kernel so far was made ready.</summary>
    public IReadOnlyList<KernelReport> Kernels => library.Reports;

    private string PrecisionName => Precision switch
    {
        CudaPrecision.Strict => "strict float32",
        CudaPrecision.BFloat16 => "bfloat16",
        _ => context.Info.Capability >= 80 ? "fast float32 (3×TF32)" : "float32",
    };

    /// <summary>Compiles what a plan needs, and creates an executor. It must be disposed before the device.</summary>
    /// <exception cref="DeviceException">The plan was compiled without CUDA (MSBuild property <c>FocalNetCuda</c>), or without bfloat16 if that is asked for.</exception>
    /// <exception cref="KernelCompilationException">NVRTC refuses a kernel.</exception>
    /// <exception cref="DeviceMemoryException">There is not enough memory for the states.</exception>
    public CudaExecutor CreateExecutor(ExecutionPlan plan) => CreateExecutor(plan, Precision == CudaPrecision.BFloat16);

    IExecutor IDevice.CreateExecutor(ExecutionPlan plan) => CreateExecutor(plan);

    /// <inheritdoc/>
    public IExecutor? CreateExactExecutor(ExecutionPlan plan) => Precision == CudaPrecision.BFloat16 ? CreateExecutor(plan, bfloat16: false) : null;

    /// <summary>Bytes that an executor of a plan would need at a run size; compiles nothing.</summary>
    /// <exception cref="DeviceException">The size is not positive, or not divisible by the plan's divisor.</exception>
    public long RequiredBytes(ExecutionPlan plan, RunSize size)
    {
        CudaPlan chosen = PlanOf(plan, Precision == CudaPrecision.BFloat16);
        new PlanBindings(Name, chosen).CheckSize(size);
        return CudaMemory.RequiredBytes(chosen, size);
    }

    /// <summary>Frees the kernels. Executors must have been disposed.</summary>
    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        if (context.EnterToFree())
            library.Dispose();
        context.Dispose();
    }

    private CudaExecutor CreateExecutor(ExecutionPlan plan, bool bfloat16)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return new CudaExecutor(context, PlanOf(plan, bfloat16), library, options);
    }

    private CudaPlan PlanOf(ExecutionPlan plan, bool bfloat16)
    {
        if (plan.Cuda is null)
            throw new DeviceException(Name, $"create an executor of {plan.Name}", string.Empty, "It was compiled without plans for CUDA.", "Build it without the MSBuild property FocalNetCuda=false, which leaves them out, or use --device cpu.");
        return (bfloat16 ? plan.Cuda.BFloat16 : plan.Cuda.Float32)
            ?? throw new DeviceException(Name, $"create an executor of {plan.Name}", string.Empty, "It has no bfloat16 plan.", "Use --precision fast or strict.");
    }
}
