using System.Collections.Immutable;
using System.Text;
using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Emission;
using FocalNet.Generators.Model;
using FocalNet.Graph;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace FocalNet.Generators.Pipeline;

/// <summary>What the emission of a network came to: source text, or why there is none.</summary>
/// <param name="FullName">Namespace, types and method with dots.</param>
/// <param name="Name">Name of the network.</param>
/// <param name="Source">The text.</param>
/// <param name="Failure">Message of the compiler pass that refused.</param>
internal sealed record EmittedNetwork(string FullName, string Name, string? Source, string? Failure)
{
    /// <summary>Emits a network.</summary>
    public static EmittedNetwork Of(NetworkModel model)
    {
        try
        {
            return new EmittedNetwork(model.FullName, model.Name, NetworkEmitter.EmitNetwork(model), null);
        }
        catch (GraphException error)
        {
            return new EmittedNetwork(model.FullName, model.Name, null, error.Message);
        }
    }

    /// <summary>Adds the text to the compilation.</summary>
    public void AddTo(SourceProductionContext output)
    {
        if (Source is not null)
            output.AddSource(FullName + ".g.cs", SourceText.From(Source, Encoding.UTF8));
    }

    /// <summary>The failure as a diagnostic at the network's method, whose place the cached emission does not know.</summary>
    public DiagnosticInfo Diagnose(ImmutableArray<NetworkDeclaration> declarations) => DiagnosticInfo.Create(
        Descriptors.CompilationFailed, declarations.First(d => d.FullName == FullName).Location, Name, Failure ?? "");
}
