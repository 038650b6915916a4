using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FocalNet.Generators.Pipeline;

/// <summary>What a network method must look like, and how the generated part of its class is declared.</summary>
internal static class NetworkSignature
{
    /// <summary>What is wrong with a method; null if nothing is.</summary>
    public static DiagnosticInfo? Fault(IMethodSymbol method, NetworkDeclaration declaration, CancellationToken cancellation)
    {
        string? message = Fault(method, declaration.Name);
        for (INamedTypeSymbol? type = method.ContainingType; type is not null && message is null; type = type.ContainingType)
        {
            if (type.IsGenericType)
                message = $"The network method '{method.Name}' is in the generic type '{type.Name}'; move it to one that is not generic.";
            else if (!type.DeclaringSyntaxReferences.All(r => IsPartial(r.GetSyntax(cancellation))))
                message = $"The type '{type.Name}' contains the network method '{method.Name}', to which the generator adds; declare it 'partial'.";
        }
        return message is null ? null : DiagnosticInfo.Create(Descriptors.InvalidMethod, declaration.Location, message);
    }

    /// <summary>The model of a network.</summary>
    public static NetworkModel Model(string name, IMethodSymbol method, GraphModel inference, GraphModel? training)
    {
        var types = new List<ContainingType>();
        for (INamedTypeSymbol? type = method.ContainingType; type is not null; type = type.ContainingType)
            types.Insert(0, new ContainingType(Declaration(type), type.Name));
        string space = method.ContainingNamespace.IsGlobalNamespace ? "" : method.ContainingNamespace.ToDisplayString();
        return new NetworkModel(
            name, space, new EquatableArray<ContainingType>(types), method.Name,
            SyntaxFacts.GetText(method.DeclaredAccessibility), inference, training);
    }

    private static string? Fault(IMethodSymbol method, string name)
    {
        const string shape = "a network is 'static void Name(NetworkBuilder net)' with a body";
        if (name.Length == 0)
            return $"The network of '{method.Name}' has no name; write [Network(\"Name\")].";
        if (!method.IsStatic)
            return $"'{method.Name}' is not static; {shape}.";
        if (!method.ReturnsVoid || method.IsAsync)
            return $"'{method.Name}' returns something; {shape}.";
        if (method.IsGenericMethod)
            return $"'{method.Name}' is generic; {shape}.";
        return method.Parameters is [{ RefKind: RefKind.None, Type: INamedTypeSymbol { Name: "NetworkBuilder" } }]
            ? null
            : $"'{method.Name}' does not take a NetworkBuilder alone; {shape}.";
    }

    private static bool IsPartial(SyntaxNode node) => node is TypeDeclarationSyntax type && type.Modifiers.Any(SyntaxKind.PartialKeyword);

    private static string Declaration(INamedTypeSymbol type)
    {
        string keyword = (type.IsRecord, type.TypeKind) switch
        {
            (true, TypeKind.Struct) => "record struct",
            (true, _) => "record",
            (_, TypeKind.Struct) => "struct",
            (_, TypeKind.Interface) => "interface",
            _ => "class",
        };
        return $"partial {keyword} {type.Name}";
    }
}
