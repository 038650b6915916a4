using FocalNet.Generators.Emission.Cuda;
using FocalNet.Runtime.Cuda.Templates;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>Emitted kernels as texts to compile, many to a text: a compilation costs seconds, a kernel in it little.</summary>
internal static class EmittedText
{
    /// <summary>Templates, bodies, kernels: each once.</summary>
    public static string Of(IEnumerable<CudaKernelText> kernels)
    {
        CudaKernelText[] distinct = [.. kernels.GroupBy(k => k.Name).Select(g => g.First())];
        var structs = new Dictionary<string, string>();
        foreach ((string name, string text) in distinct.SelectMany(k => k.Structs))
        {
            if (structs.TryGetValue(name, out string? known) && known != text)
                throw new InvalidOperationException($"Two bodies share the name {name}.");
            structs[name] = text;
        }
        return CudaTemplates.Source(distinct.SelectMany(k => k.Templates)) + string.Concat(structs.Values) + string.Concat(distinct.Select(k => k.Code));
    }
}
