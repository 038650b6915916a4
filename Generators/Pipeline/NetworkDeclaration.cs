using System.Collections.Immutable;
using FocalNet.Generators.Diagnostics;
using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Pipeline;

/// <summary>A method with the attribute, as found.</summary>
/// <param name="MethodId">Documentation ID of the method, by which it is found in a compilation.</param>
/// <param name="FullName">Namespace, types and method with dots.</param>
/// <param name="Name">Name of the network.</param>
/// <param name="Training">The training step is wanted too.</param>
/// <param name="Location">The method's name.</param>
/// <param name="AttributeLocation">The attribute.</param>
internal sealed record NetworkDeclaration(
    string MethodId, string FullName, string Name, bool Training, LocationInfo Location, LocationInfo AttributeLocation)
{
    /// <summary>Full name of the attribute.</summary>
    public const string Attribute = "FocalNet.Graph.Dsl.NetworkAttribute";

    /// <summary>What the syntax provider found.</summary>
    public static NetworkDeclaration Of(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        ISymbol method = context.TargetSymbol;
        AttributeData attribute = context.Attributes[0];
        LocationInfo location = LocationInfo.Of(method.Locations[0]);
        return new NetworkDeclaration(
            method.GetDocumentationCommentId() ?? "",
            FullNameOf(method),
            attribute.ConstructorArguments.FirstOrDefault().Value as string ?? "",
            attribute.NamedArguments.FirstOrDefault(a => a.Key == "Training").Value.Value is not false,
            location,
            attribute.ApplicationSyntaxReference is { } reference ? LocationInfo.Of(reference.GetSyntax(cancellation)) : location);
    }

    /// <summary>Networks whose names were already given to another one.</summary>
    public static IEnumerable<DiagnosticInfo> Duplicates(ImmutableArray<NetworkDeclaration> networks) => networks
        .OrderBy(n => n.Location.Path, StringComparer.Ordinal).ThenBy(n => n.Location.Span.Start)
        .GroupBy(n => n.Name)
        .SelectMany(same => same.Skip(1).Select(n => DiagnosticInfo.Create(
            Descriptors.DuplicateName, n.AttributeLocation,
            $"The network name '{n.Name}' is already that of '{same.First().FullName}'; give this one another.")));

    private static string FullNameOf(ISymbol method)
    {
        var parts = new List<string> { method.Name };
        for (INamedTypeSymbol? type = method.ContainingType; type is not null; type = type.ContainingType)
            parts.Insert(0, type.Name);
        if (method.ContainingNamespace is { IsGlobalNamespace: false } space)
            parts.Insert(0, space.ToDisplayString());
        return string.Join(".", parts);
    }
}
