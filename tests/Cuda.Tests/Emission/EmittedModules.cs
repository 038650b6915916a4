using FocalNet.Generators.Emission.Cuda;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>Emitted kernels, compiled for the emulator.</summary>
internal static class EmittedModules
{
    // As many as keep g++ busy for some ten seconds: two texts compile side by side.
    private const int KernelsOfText = 12;

    /// <summary>The module of each kernel. Modules stay loaded until the process ends.</summary>
    public static Dictionary<string, CudaModule> Compile(IEnumerable<CudaKernelText> kernels, EmulatorBuild build, int architecture = 90)
    {
        // By template, so that equal instances meet in one text.
        CudaKernelText[][] texts = [.. kernels.GroupBy(k => k.Name).Select(g => g.First()).OrderBy(k => k.Templates[0], StringComparer.Ordinal)
            .ThenBy(k => k.Name, StringComparer.Ordinal).Chunk(KernelsOfText)];
        var modules = new CudaModule[texts.Length];
        Parallel.For(0, texts.Length, new ParallelOptions { MaxDegreeOfParallelism = 2 }, i => modules[i] = CudaEmulator.Compile(EmittedText.Of(texts[i]), build, architecture));
        return texts.SelectMany((text, i) => text.Select(k => (k.Name, Module: modules[i]))).ToDictionary(p => p.Name, p => p.Module);
    }
}
