using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace FocalNet.Tests.Cuda;

/// <summary>A compiled CUDA text. Launches of one module run one at a time; different modules may run side by side.</summary>
public sealed unsafe class CudaModule : IDisposable
{
    /// <summary>What a block may declare statically, and have at most in all on the largest card (sm_90).</summary>
    public const int StaticSharedLimit = 48 * 1024, LargestSharedLimit = 232448;

    // The loader gives equal paths the same globals.
    private static readonly ConcurrentDictionary<string, Lock> Locks = new();
    private static long s_time;

    // _loaded is another file than _path where this is a copy.
    private readonly string _path, _loaded, _text;
    private readonly IReadOnlyList<SharedVariable> _variables;
    private readonly delegate* unmanaged<NativeLaunch*, int> _launch;
    private nint _library;

    internal CudaModule(string path, string text, IReadOnlyList<KernelDeclaration> kernels, EmulatorBuild build) : this(path, path, text, kernels, build)
    {
    }

    private CudaModule(string path, string loaded, string text, IReadOnlyList<KernelDeclaration> kernels, EmulatorBuild build)
    {
        _path = path;
        _loaded = loaded;
        _text = text;
        Kernels = kernels;
        Build = build;
        _variables = ElfSymbols.SharedVariables(path);
        _library = NativeLibrary.Load(loaded);
        _launch = (delegate* unmanaged<NativeLaunch*, int>)NativeLibrary.GetExport(_library, "emu_launch");
        var size = ((delegate* unmanaged<ulong>)NativeLibrary.GetExport(_library, "emu_launch_bytes"))();
        if (size != (ulong)sizeof(NativeLaunch)) throw new InvalidOperationException("NativeLaunch.cs and Native/runtime.h differ.");
    }

    /// <summary>The kernels, in the order of the text.</summary>
    public IReadOnlyList<KernelDeclaration> Kernels { get; }

    /// <summary>How it was built.</summary>
    public EmulatorBuild Build { get; }

    /// <summary>Static and dynamic shared memory that a block may have, in bytes: set it to the card's limit.</summary>
    public int SharedLimit { get; init; } = LargestSharedLimit;

    /// <summary>Static shared memory of a kernel in bytes, without that of functions it calls.</summary>
    public long StaticSharedBytes(string kernel) => _variables.Where(variable => variable.Function == kernel).Sum(variable => variable.Bytes);

    /// <summary>Launches a kernel and waits for it.</summary>
    /// <exception cref="EmulatorException">The kernel, or the launch, broke a rule.</exception>
    public LaunchReport Launch(string kernel, Dim3 grid, Dim3 block, int sharedBytes, ulong seed, params object[] arguments)
        => Launch(new KernelLaunch(kernel, grid, block, sharedBytes, seed, arguments));

    /// <inheritdoc cref="Launch(string, Dim3, Dim3, int, ulong, object[])"/>
    public LaunchReport Launch(KernelLaunch launch)
    {
        CheckShape(launch);
        var kernel = (NativeKernel*)Export("emu_kernel_" + launch.Kernel);
        var signature = Marshal.PtrToStringUTF8((nint)kernel->Signature) ?? "";
        using var arguments = new ArgumentBlock(launch, signature, kernel->Sizes);
        CudaBuffer[] buffers = [.. launch.Arguments.Select(BufferOf).OfType<CudaBuffer>().Concat(launch.OtherBuffers).Distinct()];
        var described = Array.ConvertAll(buffers, buffer => buffer.Describe(Build == EmulatorBuild.Checked));
        var report = Run(launch, kernel, arguments, buffers, described);
        // A fast build keeps no record of who wrote what.
        if (Build == EmulatorBuild.Fast) foreach (var buffer in buffers) buffer.Initialised = true;
        foreach (var buffer in buffers)
            if (buffer.DamagedSentinel() is { } damage)
                throw new EmulatorException(EmulatorErrorKind.Sentinel, $"kernel '{launch.Kernel}': {damage}; seed {launch.Seed}.");
        return report;
    }

    /// <summary>The same module again with globals of its own, so that both may run at the same time.</summary>
    public CudaModule Copy()
    {
        var file = Path.Combine(CompileCache.Folder, $"{Guid.NewGuid():N}.so.tmp");
        File.Copy(_path, file);
        try
        {
            return new CudaModule(_path, file, _text, Kernels, Build) { SharedLimit = SharedLimit };
        }
        finally
        {
            // What is loaded stays.
            File.Delete(file);
        }
    }

    /// <summary>Sets a <c>__constant__</c> variable.</summary>
    public void SetConstant<T>(string name, ReadOnlySpan<T> values) where T : unmanaged
        => values.CopyTo(new Span<T>((void*)Export(name), values.Length));

    /// <summary>Reads a <c>__constant__</c> variable.</summary>
    public void ReadConstant<T>(string name, Span<T> values) where T : unmanaged
        => new ReadOnlySpan<T>((void*)Export(name), values.Length).CopyTo(values);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_library == 0) return;
        lock (Locks.GetOrAdd(_loaded, _ => new Lock()))
            NativeLibrary.Free(_library);
        _library = 0;
    }

    private LaunchReport Run(KernelLaunch launch, NativeKernel* kernel, ArgumentBlock arguments, CudaBuffer[] buffers, NativeBuffer[] described)
    {
        var ranges = SharedRanges(launch);
        var native = new NativeLaunch
        {
            Kernel = kernel, Arguments = arguments.Pointers, Seed = launch.Seed, Checked = Build == EmulatorBuild.Checked ? 1u : 0u,
            RangeCount = (uint)ranges.Length, BufferCount = (ulong)described.Length,
        };
        (native.Grid[0], native.Grid[1], native.Grid[2]) = ((uint)launch.Grid.X, (uint)launch.Grid.Y, (uint)launch.Grid.Z);
        (native.Block[0], native.Block[1], native.Block[2]) = ((uint)launch.Block.X, (uint)launch.Block.Y, (uint)launch.Block.Z);
        int failure;
        fixed (NativeBuffer* bufferPointer = described)
        fixed (NativeRange* rangePointer = ranges)
        {
            native.Buffers = bufferPointer;
            native.Ranges = rangePointer;
            lock (Locks.GetOrAdd(_loaded, _ => new Lock()))
            {
                ObjectDisposedException.ThrowIf(_library == 0, this);
                native.Time = (ulong)Volatile.Read(ref s_time);
                failure = _launch(&native);
                AdvanceTime((long)native.Time);
            }
        }
        if (failure != 0) throw ErrorMessages.Describe(native.Error, launch, buffers, _variables, _path, _text);
        return new((long)native.Threads, (long)native.Barriers, (long)native.Collectives, (long)native.Accesses);
    }

    // Cells of a buffer hold times of earlier launches, of this module or of another: time never runs back.
    private static void AdvanceTime(long time)
    {
        if (time > uint.MaxValue - 1_000_000) throw new InvalidOperationException("The race checker's clock is used up: start a new process.");
        long seen;
        while ((seen = Volatile.Read(ref s_time)) < time && Interlocked.CompareExchange(ref s_time, time, seen) != seen) { }
    }

    private nint Export(string name)
        => NativeLibrary.TryGetExport(_library, name, out var address)
            ? address
            : throw new ArgumentException($"The CUDA text has no '{name.Replace("emu_kernel_", "", StringComparison.Ordinal)}'; its kernels: {string.Join(", ", Kernels.Select(kernel => kernel.Name))}.");

    private NativeRange[] SharedRanges(KernelLaunch launch)
        => [.. _variables
            .Where(variable => !Kernels.Any(kernel => kernel.Name == variable.Function && kernel.Name != launch.Kernel))
            .Select(variable => new NativeRange
            {
                Offset = (ulong)variable.Offset,
                Bytes = (ulong)(variable.Name == KernelText.DynamicShared ? launch.SharedBytes : variable.Bytes),
            })
            .Where(range => range.Bytes != 0)];

    private void CheckShape(KernelLaunch launch)
    {
        var declared = Kernels.FirstOrDefault(kernel => kernel.Name == launch.Kernel);
        var threads = launch.Block.Count;
        if (launch.Grid.Count < 1 || threads < 1 || launch.Grid.Y > 65535 || launch.Grid.Z > 65535 || launch.Block.Z > 64)
            throw Refused(launch, $"grid {launch.Grid} or block {launch.Block} is empty or too large for a device");
        if (threads > (declared?.LaunchBound ?? 1024)) throw Refused(launch, $"a block of {threads} threads exceeds {declared?.LaunchBound ?? 1024}");
        var fixedBytes = StaticSharedBytes(launch.Kernel);
        if (fixedBytes > StaticSharedLimit) throw Refused(launch, $"{fixedBytes} bytes of static shared memory exceed {StaticSharedLimit}");
        if (fixedBytes + launch.SharedBytes > SharedLimit)
            throw Refused(launch, $"{fixedBytes} bytes of static and {launch.SharedBytes} of dynamic shared memory exceed {SharedLimit}");
    }

    internal static EmulatorException Refused(KernelLaunch launch, string reason)
        => new(EmulatorErrorKind.BadArguments, $"kernel '{launch.Kernel}': {reason}.");

    private static CudaBuffer? BufferOf(object argument)
        => argument switch { CudaBuffer buffer => buffer, CudaPointer pointer => pointer.Buffer, _ => null };
}
