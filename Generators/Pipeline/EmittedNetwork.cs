using System.Collections.Immutable;
using System.Text;
using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Emission;
using FocalNet.Generators.Emission.Cuda;
using FocalNet.Generators.Emission.CSharp;
using FocalNet.Generators.Model;
using FocalNet.Graph;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace FocalNet.Generators.Pipeline;

/// <summary>What the emission of a network came to: source text, or why there is none.</summary>
/// <param name="FullName">Namespace, types and method with dots.</param>
/// <param name="Name">Name of the network.</param>
/// <param name="Output">The text and its kernels.</param>
/// <param name="Failure">Message of the compiler pass that refused.</param>
internal sealed record EmittedNetwork(string FullName, string Name, EmittedSource? Output, string? Failure)
{
    /// <summary>Name of the MSBuild property that leaves CUDA out where it is <c>false</c>.</summary>
    public const string CudaProperty = "FocalNetCuda";

    /// <summary>Emits a network, with plans for CUDA devices where they are wanted.</summary>
    public static EmittedNetwork Of(NetworkModel model, bool withCuda)
    {
        try
        {
            return new EmittedNetwork(model.FullName, model.Name, NetworkEmitter.EmitNetwork(model, withCuda), null);
        }
        catch (GraphException error)
        {
            return new EmittedNetwork(model.FullName, model.Name, null, error.Message);
        }
    }

    /// <summary>Adds the text to the compilation.</summary>
    public void AddTo(SourceProductionContext output)
    {
        if (Output is not null)
            output.AddSource(FullName + ".g.cs", SourceText.From(Output.Source, Encoding.UTF8));
    }

    /// <summary>Adds the kernels of all networks, each once.</summary>
    public static void AddKernels(SourceProductionContext output, ImmutableArray<EmittedNetwork> networks)
    {
        EmittedKernel[] kernels = [.. networks.Where(n => n.Output is not null).SelectMany(n => n.Output!.Kernels)];
        if (kernels.Length > 0)
            output.AddSource("Kernels.g.cs", SourceText.From(NetworkEmitter.EmitKernels(kernels), Encoding.UTF8));
        CudaKernelSource[] cuda = [.. networks.Where(n => n.Output is not null).SelectMany(n => n.Output!.CudaKernels)];
        if (cuda.Length > 0)
            output.AddSource("CudaKernels.g.cs", SourceText.From(NetworkEmitter.EmitCudaKernels(cuda), Encoding.UTF8));
    }

    /// <summary>Adds to each class the list of its networks.</summary>
    public static void AddLists(SourceProductionContext output, ImmutableArray<NetworkModel> models)
    {
        foreach (IGrouping<string, NetworkModel> ofClass in models.GroupBy(m => m.ClassName))
            output.AddSource(ofClass.Key + ".Compiled.g.cs", SourceText.From(NetworkEmitter.EmitList([.. ofClass]), Encoding.UTF8));
    }

    /// <summary>The failure as a diagnostic at the network's method, whose place the cached emission does not know.</summary>
    public DiagnosticInfo Diagnose(ImmutableArray<NetworkDeclaration> declarations) => DiagnosticInfo.Create(
        Descriptors.CompilationFailed, declarations.First(d => d.FullName == FullName).Location, Name, Failure ?? "");
}
