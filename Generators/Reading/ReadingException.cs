using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Reading;

/// <summary>A declaration can't be evaluated further: what becomes a diagnostic.</summary>
internal sealed class ReadingException(DiagnosticDescriptor descriptor, SyntaxNode place, string message) : Exception(message)
{
    /// <summary>Which diagnostic.</summary>
    public DiagnosticDescriptor Descriptor => descriptor;

    /// <summary>The exact expression or statement.</summary>
    public SyntaxNode Place => place;
}
