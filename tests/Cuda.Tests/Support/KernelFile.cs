using System.Collections.Concurrent;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Support;

/// <summary>The kernel texts of this project, compiled once per build and shared by the tests.</summary>
internal static class KernelFile
{
    private static readonly ConcurrentDictionary<(string Name, EmulatorBuild Build), Lazy<CudaModule>> Modules = new();

    internal static readonly string[] Names = ["vector_add", "matmul", "reduce", "atomics", "dynamic", "mma_tile", "ptx_probe", "math_probe"];

    internal static string Text(string name) => Resource(name + ".cu");

    internal static string Resource(string file)
    {
        using var stream = typeof(KernelFile).Assembly.GetManifestResourceStream(file)
            ?? throw new ArgumentException($"No kernel text {file}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    internal static CudaModule Module(string name, EmulatorBuild build)
        => Modules.GetOrAdd((name, build), key => new(() => CudaEmulator.Compile(Text(key.Name), key.Build))).Value;
}
