using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Reading.Values;

/// <summary>One activation of a method, lambda or initialiser: its variables and what its type parameters stand for.</summary>
/// <param name="owner">The method or lambda.</param>
/// <param name="member">Type and method, such as <c>Networks.Block</c>.</param>
/// <param name="instance"><c>this</c>.</param>
/// <param name="captured">The activation of the code around a lambda or local function.</param>
/// <param name="types">What type parameters stand for.</param>
internal sealed class Frame(ISymbol? owner, string member, object? instance, Frame? captured, TypeArguments types)
{
    private readonly Dictionary<ISymbol, Variable> _variables = new(SymbolEqualityComparer.Default);
    private bool _isCapture;

    /// <summary>The method or lambda.</summary>
    public ISymbol? Owner => owner;

    /// <summary>Type and method.</summary>
    public string Member => member;

    /// <summary><c>this</c>.</summary>
    public object? This => instance;

    /// <summary>The activation of the code around.</summary>
    public Frame? Captured => captured;

    /// <summary>What type parameters stand for.</summary>
    public TypeArguments Types => types;

    /// <summary>Value of the return statement.</summary>
    public object? Result { get; set; }

    /// <summary>Objects that initialisers and patterns refer to, innermost last.</summary>
    public Stack<object?> Receivers { get; } = new();

    /// <summary>Objects that <c>?.</c> refers to, innermost last.</summary>
    public Stack<object?> ConditionalReceivers { get; } = new();

    /// <summary>
    /// Declares a variable anew. A loop's body does so in every iteration, so that lambdas capture each its own.
    /// </summary>
    public Variable Declare(ISymbol symbol, Variable variable) => _variables[symbol] = variable;

    /// <summary>A variable of this activation or of those that enclose it.</summary>
    public Variable? Find(ISymbol symbol) =>
        _variables.TryGetValue(symbol, out Variable? variable) ? variable : captured?.Find(symbol);

    /// <summary>What a lambda made now captures: the variables that exist now, not those that later iterations declare.</summary>
    public Frame Capture()
    {
        if (_isCapture)
            return this;
        var copy = new Frame(owner, member, instance, captured?.Capture(), types) { _isCapture = true };
        foreach (KeyValuePair<ISymbol, Variable> variable in _variables)
            copy._variables.Add(variable.Key, variable.Value);
        return copy;
    }

    /// <summary>The activation of the code that declares a local function.</summary>
    public Frame Declaring(IMethodSymbol localFunction)
    {
        for (Frame? frame = this; frame is not null; frame = frame.Captured)
        {
            if (SymbolEqualityComparer.Default.Equals(frame.Owner, localFunction.ContainingSymbol))
                return frame;
        }
        return this;
    }
}
