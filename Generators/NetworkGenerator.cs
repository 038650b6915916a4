using System.Collections.Immutable;
using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Model;
using FocalNet.Generators.Pipeline;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FocalNet.Generators;

/// <summary>Finds networks, reads them, and emits their compiled plans.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class NetworkGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<NetworkDeclaration> found = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                NetworkDeclaration.Attribute, static (node, _) => node is MethodDeclarationSyntax, NetworkDeclaration.Of)
            .WithTrackingName(WellKnownTrackingNames.Find);

        IncrementalValuesProvider<NetworkReading> read = found
            .Combine(context.CompilationProvider)
            .Select(static (pair, cancellation) => NetworkReader.Read(pair.Left, pair.Right, cancellation))
            .WithTrackingName(WellKnownTrackingNames.Read);

        IncrementalValuesProvider<NetworkModel> models = read
            .Where(static reading => reading.Model is not null)
            .Select(static (reading, _) => reading.Model!)
            .WithTrackingName(WellKnownTrackingNames.Model);

        IncrementalValueProvider<bool> cuda = Property(context, EmittedNetwork.CudaProperty)
            .Select(static (value, _) => !"false".Equals(value, StringComparison.OrdinalIgnoreCase));

        IncrementalValuesProvider<EmittedNetwork> emitted = models
            .Combine(cuda)
            .Select(static (pair, _) => EmittedNetwork.Of(pair.Left, pair.Right))
            .WithTrackingName(WellKnownTrackingNames.Emit);

        context.RegisterSourceOutput(emitted, static (output, network) => network.AddTo(output));
        context.RegisterSourceOutput(emitted.Collect(), EmittedNetwork.AddKernels);
        context.RegisterSourceOutput(models.Collect(), EmittedNetwork.AddLists);

        IncrementalValueProvider<bool> dump = Property(context, IrDump.Property).Select(static (value, _) => value == "true");
        context.RegisterSourceOutput(models.Combine(dump), static (output, pair) => IrDump.AddTo(output, pair.Left, pair.Right));

        // Diagnostics move with the lines they point to, so they leave by outputs of their own.
        IncrementalValueProvider<ImmutableArray<NetworkDeclaration>> all = found.Collect();
        context.RegisterSourceOutput(
            read.SelectMany(static (reading, _) => reading.Diagnostics).WithTrackingName(WellKnownTrackingNames.Diagnose), Report);
        context.RegisterSourceOutput(
            emitted.Where(static network => network.Failure is not null).Combine(all).Select(static (pair, _) => pair.Left.Diagnose(pair.Right)), Report);
        context.RegisterSourceOutput(all.SelectMany(static (networks, _) => NetworkDeclaration.Duplicates(networks)), Report);
    }

    // An MSBuild property that the project makes visible to the compiler; null where it does not.
    private static IncrementalValueProvider<string?> Property(IncrementalGeneratorInitializationContext context, string name) => context.AnalyzerConfigOptionsProvider
        .Select((options, _) => options.GlobalOptions.TryGetValue("build_property." + name, out string? value) ? value : null);

    private static void Report(SourceProductionContext output, DiagnosticInfo diagnostic) =>
        output.ReportDiagnostic(diagnostic.ToDiagnostic());
}
