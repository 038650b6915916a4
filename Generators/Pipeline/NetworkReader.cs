using System.Runtime.CompilerServices;
using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Model;
using FocalNet.Generators.Reading;
using FocalNet.Graph;
using FocalNet.Graph.Dsl;
using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Pipeline;

/// <summary>What reading a network came to: its graphs, or why there are none.</summary>
/// <param name="Model">The network.</param>
/// <param name="Diagnostics">Errors.</param>
internal sealed record NetworkReading(NetworkModel? Model, EquatableArray<DiagnosticInfo> Diagnostics);

/// <summary>Evaluates the declaration of a network in each mode.</summary>
internal static class NetworkReader
{
    // The operation trees of one compilation serve all of its networks.
    private static readonly ConditionalWeakTable<Compilation, SourceBodies> Bodies = new();

    /// <summary>Reads a network.</summary>
    public static NetworkReading Read(NetworkDeclaration declaration, Compilation compilation, CancellationToken cancellation)
    {
        if (DocumentationCommentId.GetFirstSymbolForDeclarationId(declaration.MethodId, compilation) is not IMethodSymbol method)
            return Failed(DiagnosticInfo.Create(Descriptors.InvalidMethod, declaration.Location, $"'{declaration.FullName}' can't be found; is it declared twice?"));
        if (NetworkSignature.Fault(method, declaration, cancellation) is { } fault)
            return Failed(fault);
        SourceBodies bodies = Bodies.GetValue(compilation, static c => new SourceBodies(c));
        NetworkMode mode = NetworkMode.Inference;
        var culture = System.Threading.Thread.CurrentThread.CurrentCulture;
        try
        {
            // A network is the same wherever it is compiled.
            System.Threading.Thread.CurrentThread.CurrentCulture = System.Globalization.CultureInfo.InvariantCulture;
            GraphModel inference = Evaluate(declaration, method, mode, bodies, cancellation);
            mode = NetworkMode.Training;
            GraphModel? training = declaration.Training ? Evaluate(declaration, method, mode, bodies, cancellation) : null;
            return new NetworkReading(NetworkSignature.Model(declaration.Name, method, inference, training), default);
        }
        catch (ReadingException error)
        {
            string suffix = mode == NetworkMode.Training ? " [in training mode]" : "";
            return Failed(DiagnosticInfo.Create(error.Descriptor, LocationInfo.Of(error.Place), error.Message + suffix));
        }
        catch (GraphException error)
        {
            return Failed(DiagnosticInfo.Create(Descriptors.GraphError, declaration.Location, error.Message));
        }
        finally
        {
            System.Threading.Thread.CurrentThread.CurrentCulture = culture;
        }
    }

    private static GraphModel Evaluate(
        NetworkDeclaration declaration, IMethodSymbol method, NetworkMode mode, SourceBodies bodies, CancellationToken cancellation)
    {
        var builder = new NetworkBuilder(declaration.Name, mode);
        new Interpreter(bodies, builder, cancellation).Run(method);
        return new GraphModel(builder.Build());
    }

    private static NetworkReading Failed(DiagnosticInfo diagnostic) => new(null, new EquatableArray<DiagnosticInfo>([diagnostic]));
}
