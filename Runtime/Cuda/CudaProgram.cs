using System.Globalization;
using FocalNet.Runtime.Cuda.Compilation;
using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Runtime.Cuda.Plans;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda;

/// <summary>Steps bound to a run size: every address and number of blocks resolved, so that launching them decides nothing.</summary>
internal sealed unsafe class CudaProgram
{
    private readonly CudaContext context;
    private readonly string plan;
    private readonly string size;
    private readonly BoundLaunch[] launches;
    private readonly BoundGemm?[] gemms;

    // On the pinned heap: arrays of pointers to arguments, as the driver takes them, and the arguments.
    private readonly nint[] pointers;
    private readonly long[] values;

    /// <exception cref="DeviceException">A grid is larger than a device takes.</exception>
    public CudaProgram(
        IReadOnlyList<CudaStep> steps, IReadOnlyDictionary<CudaKernel, LoadedKernel> kernels, CudaPlan plan, CudaMemory memory, RunSize size, CudaContext context)
    {
        (this.context, this.plan, this.size, Steps) = (context, plan.Name, PlanBindings.Text(size), steps);
        int arguments = steps.Sum(s => s.Views.Length + RunExtents);
        pointers = GC.AllocateArray<nint>(Math.Max(1, arguments), pinned: true);
        values = GC.AllocateArray<long>(Math.Max(1, arguments), pinned: true);
        launches = new BoundLaunch[steps.Count];
        gemms = new BoundGemm?[steps.Count];
        int next = 0;
        for (int i = 0; i < steps.Count; i++)
        {
            int first = next;
            foreach (ViewSpec view in steps[i].Views)
                values[next++] = memory.Address(view, size);
            // The lower half of a long, which is where the driver reads an int: machines with CUDA are little-endian.
            foreach (int extent in (int[])[size.Images, size.Height, size.Width])
                values[next++] = extent;
            for (int a = first; a < next; a++)
                pointers[a] = (nint)Address(values, a);
            if (steps[i] is CudaLaunchStep launch)
                launches[i] = new BoundLaunch(kernels[launch.Kernel], Grid(launch, size), first);
            else
                gemms[i] = Gemm((CudaGemmStep)steps[i], size, first);
        }
    }

    private const int RunExtents = 3;

    /// <summary>The steps.</summary>
    public IReadOnlyList<CudaStep> Steps { get; }

    /// <summary>Puts a step into a stream.</summary>
    public void Launch(int step, nint stream, nint cublas)
    {
        int result;
        if (gemms[step] is { } gemm)
        {
            int status = gemm.Run(cublas, values);
            if (status != Cublas.Success)
                throw new DeviceException(context.Name, Operation(step), size, Cublas.Describe(status) + ".", "'doctor' shows the version of cuBLAS.");
            return;
        }
        BoundLaunch launch = launches[step];
        var arguments = (void**)Address(pointers, launch.FirstArgument);
        // The first one begins when all is done that was put into the stream before, whatever it was.
        result = launch.Kernel.WaitsItself && step > 0 ? LaunchOverlapping(launch, stream, arguments) : DriverApi.Launch(
            launch.Kernel.Function, launch.Grid.X, launch.Grid.Y, launch.Grid.Z, (uint)launch.Kernel.Kernel.Threads, 1, 1, (uint)launch.Kernel.Kernel.SharedBytes,
            stream, arguments, null);
        if (result != DriverApi.Success)
            throw LaunchFailure(result, step, launch);
    }

    // Its blocks may be put onto the device while those of the launch before end.
    private static int LaunchOverlapping(in BoundLaunch launch, nint stream, void** arguments)
    {
        var overlapping = new DriverApi.LaunchAttribute { Id = DriverApi.LaunchOverlapping, Value = 1 };
        var configuration = new DriverApi.LaunchConfiguration
        {
            GridX = launch.Grid.X,
            GridY = launch.Grid.Y,
            GridZ = launch.Grid.Z,
            BlockX = (uint)launch.Kernel.Kernel.Threads,
            BlockY = 1,
            BlockZ = 1,
            SharedBytes = (uint)launch.Kernel.Kernel.SharedBytes,
            Stream = stream,
            Attributes = &overlapping,
            AttributeCount = 1,
        };
        return DriverApi.LaunchWith(&configuration, launch.Kernel.Function, arguments, null);
    }

    /// <summary>What a step is, for errors.</summary>
    public string Operation(int step) => Steps[step] is CudaLaunchStep
        ? $"kernel {launches[step].Kernel.Kernel.Name} ({Steps[step].Name}) of {plan}"
        : $"cuBLAS ({Steps[step].Name}) of {plan}";

    private DeviceException LaunchFailure(int result, int step, BoundLaunch launch)
    {
        string shape = string.Create(
            CultureInfo.InvariantCulture,
            $"{size}, {launch.Grid.X}×{launch.Grid.Y}×{launch.Grid.Z} blocks of {launch.Kernel.Kernel.Threads} threads with {launch.Kernel.Kernel.SharedBytes} bytes of shared memory");
        return context.Failure(result, Operation(step), shape);
    }

    private (uint X, uint Y, uint Z) Grid(CudaLaunchStep step, RunSize run)
    {
        const long Longest = int.MaxValue, Others = 65535;
        (long x, long y, long z) = (step.Grid.X.At(run), step.Grid.Y.At(run), step.Grid.Z.At(run));
        if (x is < 1 or > Longest || y is < 1 or > Others || z is < 1 or > Others)
        {
            throw new DeviceException(
                context.Name, $"launch {step.Kernel.Name} ({step.Name}) of {plan}", size,
                string.Create(CultureInfo.InvariantCulture, $"{x}×{y}×{z} blocks are more than a device takes."), "Use fewer images a run or smaller tiles.");
        }
        return ((uint)x, (uint)y, (uint)z);
    }

    private BoundGemm Gemm(CudaGemmStep step, RunSize run, int first)
    {
        try
        {
            return new BoundGemm(
                step.TransposeA ? Cublas.Transposed : Cublas.NotTransposed, step.TransposeB ? Cublas.Transposed : Cublas.NotTransposed,
                Int(step.M), Int(step.N), Int(step.K), Int(step.LeadingA), Int(step.LeadingB), Int(step.LeadingC),
                step.StrideA.At(run), step.StrideB.At(run), step.StrideC.At(run), Int(step.Batch), step.Alpha, step.Beta, first);
        }
        catch (OverflowException exception)
        {
            throw new DeviceException(context.Name, $"cuBLAS ({step.Name}) of {plan}", size, "An extent exceeds 2³¹.", "Use fewer images a run or smaller tiles.", exception);
        }

        int Int(LaunchExtent extent) => checked((int)extent.At(run));
    }

    private static void* Address<T>(T[] pinned, int index)
        where T : unmanaged
    {
        fixed (T* first = pinned)
            return first + index;
    }

    private readonly record struct BoundLaunch(LoadedKernel Kernel, (uint X, uint Y, uint Z) Grid, int FirstArgument);

    private sealed record BoundGemm(
        int TransposeA, int TransposeB, int M, int N, int K, int LeadingA, int LeadingB, int LeadingC, long StrideA, long StrideB, long StrideC, int Batch,
        float Alpha, float Beta, int FirstArgument)
    {
        public int Run(nint cublas, long[] values)
        {
            float alpha = Alpha, beta = Beta;
            return Cublas.GemmStridedBatched(
                cublas, TransposeA, TransposeB, M, N, K, &alpha, (nint)values[FirstArgument], LeadingA, StrideA,
                (nint)values[FirstArgument + 1], LeadingB, StrideB, &beta, (nint)values[FirstArgument + 2], LeadingC, StrideC, Batch);
        }
    }
}
