using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Runtime.Cuda.Plans;

namespace FocalNet.Runtime.Cuda.Compilation;

/// <summary>A kernel as machine code, and what it takes of a multiprocessor.</summary>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Bytes">The file (CUBIN), which NVIDIA's <c>nvdisasm</c> and <c>cuobjdump</c> read.</param>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="LocalBytes">Bytes of local memory of a thread: arrays that did not fit into registers, and registers that were spilled.</param>
/// <param name="CodeBytes">Size of its instructions.</param>
public sealed record MachineCode(string Kernel, byte[] Bytes, int Registers, int LocalBytes, int CodeBytes);

/// <summary>
/// Compiles kernels by the NVRTC of this machine, for a device that need not be there: to look at them. What it makes is not kept in the cache. May be
/// used by several threads at once.
/// </summary>
public sealed class OfflineCompiler
{
    private readonly KernelCompiler compiler;

    /// <summary>A compiler for devices of one compute capability.</summary>
    /// <param name="capability">As one number: 75, 80, 86, 90.</param>
    /// <param name="strict">float32 without tensor cores, as <see cref="CudaPrecision.Strict"/>.</param>
    /// <exception cref="DeviceLibraryException">NVRTC is missing, or makes no machine code for such a device.</exception>
    /// <exception cref="DeviceNotFoundException">Kernels are not written for devices as old as that.</exception>
    public OfflineCompiler(int capability, bool strict = false)
    {
        string device = FormattableString.Invariant($"sm_{capability}");
        compiler = new KernelCompiler(device, new CudaDeviceInfo(0, device, capability / 10, capability % 10, 0, 0, 0), strict);
        if (compiler.Architecture != KernelCompiler.Name(capability, ptx: false, compiler.Version))
        {
            throw new DeviceLibraryException(
                device, "NVRTC", FormattableString.Invariant($"NVRTC {compiler.Version} makes no machine code for {device}; {compiler.Architecture} is the nearest that runs there."),
                $"Ask for {compiler.Architecture[(compiler.Architecture.IndexOf('_') + 1)..].TrimEnd('a')}, or install another version.");
        }
    }

    /// <summary>What is compiled for, such as <c>sm_80</c>, or <c>sm_90a</c>.</summary>
    public string Architecture => compiler.Architecture;

    /// <summary>NVRTC's version.</summary>
    public Version Version => compiler.Version;

    /// <summary>The machine code of a kernel.</summary>
    /// <exception cref="KernelCompilationException">NVRTC refuses the text.</exception>
    public MachineCode Compile(CudaKernel kernel) => Cubin.Read(compiler.Compile(KernelProgram.Of(kernel)).Bytes, kernel.Name);
}
