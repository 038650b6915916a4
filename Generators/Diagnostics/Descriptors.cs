using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Diagnostics;

/// <summary>All diagnostics of the generator. docs/diagnostics.md has an example and the fix for each.</summary>
internal static class Descriptors
{
    private const string Category = "FocalNet";

    /// <summary>The builder refuses: shapes that do not fit, a name used twice.</summary>
    public static readonly DiagnosticDescriptor GraphError = new(
        "FN0001", "The graph can't be built", "{0}", Category, DiagnosticSeverity.Error, true,
        "The graph builder refuses this expression. The message names the operation and the shapes. See docs/diagnostics.md#fn0001.");

    /// <summary>C# that the reader does not evaluate.</summary>
    public static readonly DiagnosticDescriptor UnsupportedCode = new(
        "FN0002", "This C# is not supported in a network declaration", "This C# is not supported in a network declaration: {0}",
        Category, DiagnosticSeverity.Error, true,
        "Network declarations are evaluated while the program is compiled, which covers most of C# but not all. See docs/diagnostics.md#fn0002.");

    /// <summary>The marked method can't be a network.</summary>
    public static readonly DiagnosticDescriptor InvalidMethod = new(
        "FN0003", "This method can't be a network", "{0}", Category, DiagnosticSeverity.Error, true,
        "A network is a static method 'void Name(NetworkBuilder net)' with a body, in partial types. See docs/diagnostics.md#fn0003.");

    /// <summary>A loop, recursion or size without limit.</summary>
    public static readonly DiagnosticDescriptor LimitExceeded = new(
        "FN0004", "The network declaration does not end", "{0}", Category, DiagnosticSeverity.Error, true,
        "Evaluating the declaration passed a limit on iterations, calls or sizes. See docs/diagnostics.md#fn0004.");

    /// <summary>A call of compiled code other than the DSL and a list of allowed types.</summary>
    public static readonly DiagnosticDescriptor NoSource = new(
        "FN0005", "This member can't be evaluated in a network declaration", "{0}", Category, DiagnosticSeverity.Error, true,
        "The member has no source in this project and is not among those that declarations may use. See docs/diagnostics.md#fn0005.");

    /// <summary>Index out of range, division by zero, null, or a throw statement.</summary>
    public static readonly DiagnosticDescriptor ExceptionThrown = new(
        "FN0006", "The network declaration throws an exception", "{0}", Category, DiagnosticSeverity.Error, true,
        "Evaluating the declaration ended in an exception, as running it would. See docs/diagnostics.md#fn0006.");

    /// <summary>Two networks of one name.</summary>
    public static readonly DiagnosticDescriptor DuplicateName = new(
        "FN0007", "Two networks have one name", "{0}", Category, DiagnosticSeverity.Error, true,
        "Networks are found by their names, which must be unique in a project. See docs/diagnostics.md#fn0007.");

    /// <summary>Clock, randomness, environment.</summary>
    public static readonly DiagnosticDescriptor NotDeterministic = new(
        "FN0008", "A network declaration must always mean the same network", "{0}", Category, DiagnosticSeverity.Error, true,
        "The clock, random numbers, hash codes, files and the environment differ from build to build. See docs/diagnostics.md#fn0008.");

    /// <summary>A compiler pass refuses the graph.</summary>
    public static readonly DiagnosticDescriptor CompilationFailed = new(
        "FN0009", "The network can't be compiled", "The network '{0}' can't be compiled: {1}", Category, DiagnosticSeverity.Error, true,
        "The declaration is a valid graph, but a later stage of the compiler refuses it. See docs/diagnostics.md#fn0009.");
}
