using FocalNet.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace FocalNet.Generators.Diagnostics;

/// <summary>A place in a source file, without the syntax tree that <see cref="Location"/> would keep alive.</summary>
/// <param name="Path">File.</param>
/// <param name="Span">Characters.</param>
/// <param name="Lines">Lines and columns.</param>
internal sealed record LocationInfo(string Path, TextSpan Span, LinePositionSpan Lines)
{
    /// <summary>The place of a piece of syntax.</summary>
    public static LocationInfo Of(SyntaxNode node) => Of(node.GetLocation());

    /// <summary>The same place.</summary>
    public static LocationInfo Of(Location location) =>
        new(location.SourceTree?.FilePath ?? "", location.SourceSpan, location.GetLineSpan().Span);

    /// <summary>The place as Roslyn wants it.</summary>
    public Location ToLocation() => Location.Create(Path, Span, Lines);
}

/// <summary>A diagnostic as a value, so that it can cross the generator's steps.</summary>
/// <param name="Descriptor">Which.</param>
/// <param name="Location">Where.</param>
/// <param name="Arguments">Arguments of its message.</param>
internal sealed record DiagnosticInfo(DiagnosticDescriptor Descriptor, LocationInfo Location, EquatableArray<string> Arguments)
{
    /// <summary>Makes one.</summary>
    public static DiagnosticInfo Create(DiagnosticDescriptor descriptor, LocationInfo location, params string[] arguments) =>
        new(descriptor, location, new EquatableArray<string>(arguments));

    /// <summary>The diagnostic as Roslyn wants it.</summary>
    public Diagnostic ToDiagnostic() => Diagnostic.Create(Descriptor, Location.ToLocation(), [.. Arguments]);
}
