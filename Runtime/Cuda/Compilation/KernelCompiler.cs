using System.Text;
using FocalNet.Runtime.Cuda.Driver;

namespace FocalNet.Runtime.Cuda.Compilation;

/// <summary>What the driver loads: machine code of one architecture (CUBIN), or PTX that it compiles itself.</summary>
internal readonly record struct KernelImage(byte[] Bytes, bool IsPtx);

/// <summary>Compiles kernels for one device by NVRTC. May be used by several threads at once.</summary>
internal sealed unsafe class KernelCompiler
{
    private readonly string device;
    private readonly string[] options;

    /// <exception cref="DeviceLibraryException">NVRTC is missing, or too old for the device.</exception>
    public KernelCompiler(string device, CudaDeviceInfo info, bool strict)
    {
        this.device = device;
        Version = CudaLibraries.Require(device, CudaLibrary.Nvrtc).Version ?? new Version(0, 0);
        (Capability, IsPtx) = Target(device, info, Supported(), Version);
        Architecture = Name(Capability, IsPtx, Version);
        options = ["--gpu-architecture=" + Architecture, "--std=c++17", strict ? "-DFOCALNET_STRICT=1" : "-DFOCALNET_STRICT=0"];
    }

    /// <summary>NVRTC's version.</summary>
    public Version Version { get; }

    /// <summary>The compute capability that is compiled for, such as 90.</summary>
    public int Capability { get; }

    /// <summary>What is compiled for, such as <c>sm_90a</c>, or <c>compute_90</c> for a device that is newer than NVRTC.</summary>
    public string Architecture { get; }

    /// <summary>Whether PTX is made, which the driver compiles further.</summary>
    public bool IsPtx { get; }

    /// <summary>All that, beside the text, decides what is compiled.</summary>
    public string Identity => $"{string.Join(' ', options)} NVRTC {Version}";

    /// <summary>
    /// What to compile for: the device's own architecture, or the highest before it. Machine code runs on later devices of the same
    /// generation, PTX on those of every later one.
    /// </summary>
    internal static (int Architecture, bool IsPtx) Target(string device, CudaDeviceInfo info, IReadOnlyList<int> supported, Version nvrtc)
    {
        if (info.Capability < CudaDeviceInfo.LowestCapability)
        {
            throw new DeviceNotFoundException(
                device, FormattableString.Invariant($"{info.Name} has compute capability {info.Major}.{info.Minor}; kernels need 7.5 at least (Turing, 2018)."), "Use --device cpu.");
        }
        int[] usable = [.. supported.Where(a => a <= info.Capability && a >= CudaDeviceInfo.LowestCapability)];
        if (usable.Length == 0)
        {
            throw new DeviceLibraryException(
                device, "NVRTC", FormattableString.Invariant($"NVRTC {nvrtc} compiles for nothing that a device of capability {info.Major}.{info.Minor} runs."), "Install a toolkit of another version.");
        }
        int best = usable.Max();
        return (best, best / 10 != info.Major);
    }

    /// <summary>
    /// As NVRTC names it. Machine code for sm_90 is that of sm_90a, whose wgmma no later generation runs, from CUDA 12 on, which knows it.
    /// </summary>
    internal static string Name(int architecture, bool ptx, Version nvrtc) =>
        FormattableString.Invariant($"{(ptx ? "compute" : "sm")}_{architecture}{(architecture == 90 && !ptx && nvrtc.Major >= 12 ? "a" : "")}");

    /// <exception cref="KernelCompilationException">NVRTC refuses the text.</exception>
    public KernelImage Compile(KernelProgram program)
    {
        byte[] source = Encoding.UTF8.GetBytes(program.Text + '\0');
        nint handle = 0;
        try
        {
            fixed (byte* text = source)
                Check(Nvrtc.Create(out handle, text, program.Kernel + ".cu", 0, null, null), program.Kernel);
            int result = Run(handle);
            if (result == Nvrtc.CompilationError)
            {
                string log = LogOf(handle);
                throw new KernelCompilationException(device, program.Kernel, program.FirstError(log), log);
            }
            Check(result, program.Kernel);
            return new KernelImage(ImageOf(handle, program.Kernel), IsPtx);
        }
        finally
        {
            if (handle != 0)
                _ = Nvrtc.Destroy(ref handle);
        }
    }

    private int Run(nint handle)
    {
        byte[][] texts = [.. options.Select(o => Encoding.UTF8.GetBytes(o + '\0'))];
        byte** pointers = stackalloc byte*[texts.Length];
        // Few and small, and NVRTC does not keep them: pinned one by one for the call.
        var pins = new System.Runtime.InteropServices.GCHandle[texts.Length];
        try
        {
            for (int i = 0; i < texts.Length; i++)
            {
                pins[i] = System.Runtime.InteropServices.GCHandle.Alloc(texts[i], System.Runtime.InteropServices.GCHandleType.Pinned);
                pointers[i] = (byte*)pins[i].AddrOfPinnedObject();
            }
            return Nvrtc.Compile(handle, texts.Length, pointers);
        }
        finally
        {
            foreach (var pin in pins.Where(p => p.IsAllocated))
                pin.Free();
        }
    }

    private byte[] ImageOf(nint handle, string kernel)
    {
        Check(IsPtx ? Nvrtc.PtxSize(handle, out nuint size) : Nvrtc.CubinSize(handle, out size), kernel);
        var image = new byte[checked((int)size)];
        fixed (byte* bytes = image)
            Check(IsPtx ? Nvrtc.Ptx(handle, bytes) : Nvrtc.Cubin(handle, bytes), kernel);
        return image;
    }

    private static string LogOf(nint handle)
    {
        if (Nvrtc.LogSize(handle, out nuint size) != Nvrtc.Success || size <= 1)
            return "";
        var log = new byte[checked((int)size)];
        fixed (byte* bytes = log)
            return Nvrtc.Log(handle, bytes) == Nvrtc.Success ? Encoding.UTF8.GetString(log).TrimEnd('\0') : "";
    }

    private void Check(int result, string kernel)
    {
        if (result != Nvrtc.Success)
            throw new DeviceLibraryException(device, "NVRTC", $"compiling {kernel}: {Nvrtc.Describe(result)}.", "See with 'doctor' whether NVRTC and its built-in functions lie in one folder.");
    }

    private int[] Supported()
    {
        if (Nvrtc.SupportedCount(out int count) != Nvrtc.Success)
            return [];
        var architectures = new int[count];
        fixed (int* first = architectures)
            return Nvrtc.Supported(first) == Nvrtc.Success ? architectures : [];
    }
}
