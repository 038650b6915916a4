using System.Runtime.CompilerServices;
using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Reading.Members;
using FocalNet.Generators.Reading.Values;
using FocalNet.Graph;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Reading;

/// <summary>
/// Evaluates the C# of a network declaration from its operation trees. What the project declares is interpreted; what
/// FocalNet.Graph and a few .NET types declare is called by reflection on real objects, so that reading a declaration
/// and running it make the same builder calls. One interpreter evaluates one network in one mode.
/// </summary>
internal sealed partial class Interpreter
{
    // The largest network takes some ten thousand steps; a loop that passes this does not end.
    private const int MaximumSteps = 1_000_000;
    private const int MaximumDepth = 200;
    private const int MaximumElements = 1 << 22;

    private readonly SourceBodies _bodies;
    private readonly NetworkBuilder _builder;
    private readonly CancellationToken _cancellation;
    private readonly Compilation _compilation;
    private readonly RuntimeTypes _types;
    private readonly CompiledMembers _members;
    private readonly TypeArguments _noTypes;
    private readonly List<(string Member, SyntaxNode? Site)> _calls = [];
    private readonly Dictionary<SyntaxNode, Origin> _origins = [];
    private int _steps;
    private int _depth;

    /// <summary>Prepares to evaluate.</summary>
    /// <param name="bodies">The project's code.</param>
    /// <param name="builder">The network that is built.</param>
    /// <param name="cancellation">Stops the evaluation.</param>
    public Interpreter(SourceBodies bodies, NetworkBuilder builder, CancellationToken cancellation)
    {
        _bodies = bodies;
        _builder = builder;
        _cancellation = cancellation;
        _compilation = bodies.Compilation;
        _types = new RuntimeTypes(_compilation.Assembly);
        _members = new CompiledMembers(_types);
        _noTypes = new TypeArguments(_compilation);
    }

    /// <summary>Evaluates a network method.</summary>
    /// <exception cref="ReadingException">It can't be evaluated.</exception>
    public void Run(IMethodSymbol network) => CallSource(network, null, [new Cell(_builder)], null, null);

    /// <summary>Evaluates an expression.</summary>
    private object? Evaluate(IOperation operation, Frame frame)
    {
        try
        {
            if (operation.ConstantValue.HasValue)
                return Constant(operation.ConstantValue.Value, operation.Type is null ? null : frame.Types.Close(operation.Type));
            RuntimeHelpers.EnsureSufficientExecutionStack();
            return EvaluateExpression(operation, frame);
        }
        catch (Exception error) when (error is not (ReadingException or OperationCanceledException))
        {
            throw Translate(error, operation.Syntax);
        }
    }

    /// <summary>What an exception of compiled code says to the author.</summary>
    private ReadingException Translate(Exception error, SyntaxNode place) => error switch
    {
        ReadingException reading => reading,
        System.Reflection.TargetInvocationException { InnerException: { } inner } => Translate(inner, place),
        OperationCanceledException cancelled => throw cancelled,
        GraphException => Fail(Descriptors.GraphError, place, error.Message),
        InsufficientExecutionStackException => Fail(Descriptors.LimitExceeded, place, "The calls or expressions of this declaration are nested too deeply."),
        OutOfMemoryException => Fail(Descriptors.LimitExceeded, place, "This needs more memory than there is."),
        _ => Fail(Descriptors.ExceptionThrown, place, $"{error.GetType().Name}: {error.Message}"),
    };

    /// <summary>Counts an iteration or call.</summary>
    private void Step(SyntaxNode place)
    {
        _cancellation.ThrowIfCancellationRequested();
        if (++_steps > MaximumSteps)
            throw Fail(Descriptors.LimitExceeded, place, $"The declaration does not end within {Text.Of(MaximumSteps)} loop iterations and calls; this loop or call was reached last.");
    }

    /// <summary>Runs something one call deeper.</summary>
    private T Nested<T>(string? member, SyntaxNode? site, Func<T> body)
    {
        if (site is not null)
            Step(site);
        if (_depth >= MaximumDepth)
            throw Fail(Descriptors.LimitExceeded, site!, $"Calls are nested more than {Text.Of(MaximumDepth)} deep; does this recursion end?");
        _depth++;
        if (member is not null)
            _calls.Add((member, site));
        try
        {
            return body();
        }
        finally
        {
            _depth--;
            if (member is not null)
                _calls.RemoveAt(_calls.Count - 1);
        }
    }

    private ReadingException Unsupported(SyntaxNode place, string what, string instead) =>
        Fail(Descriptors.UnsupportedCode, place, $"{what}; {instead}");

    private ReadingException NullReference(SyntaxNode place) =>
        Fail(Descriptors.ExceptionThrown, place, $"NullReferenceException: '{OriginText.Of(place)}' uses null.");

    /// <summary>An error with the chain of calls that led there, which the command line would not show otherwise.</summary>
    private ReadingException Fail(DiagnosticDescriptor descriptor, SyntaxNode place, string message)
    {
        const int shown = 6;
        if (_calls.Count < 2)
            return new ReadingException(descriptor, place, message);
        var chain = new System.Text.StringBuilder(" (in ").Append(_calls[_calls.Count - 1].Member);
        for (int i = _calls.Count - 1; i > 0 && i > _calls.Count - 1 - shown; i--)
            chain.Append(", called from ").Append(_calls[i - 1].Member).Append(Line(_calls[i].Site));
        if (_calls.Count - 1 > shown)
            chain.Append(", …");
        return new ReadingException(descriptor, place, message + chain.Append(')'));
    }

    private static string Line(SyntaxNode? site)
    {
        if (site is null)
            return "";
        FileLinePositionSpan span = site.GetLocation().GetLineSpan();
        string path = span.Path;
        int slash = Math.Max(path.LastIndexOf('/'), path.LastIndexOf('\\'));
        return $" at {path.Substring(slash + 1)}:{Text.Of(span.StartLinePosition.Line + 1)}";
    }
}
