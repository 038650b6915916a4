using System.Text.RegularExpressions;

namespace FocalNet.Tests.Cuda;

/// <summary>Which mutations are of code that a run passes: of others nobody can tell anything.</summary>
internal sealed partial class MutationReach
{
    private readonly FunctionHeads _heads;
    private readonly HashSet<int> _positions;
    private readonly HashSet<int> _functions;

    /// <summary>Of a text and the positions that a run of it passed.</summary>
    internal MutationReach(string text, IEnumerable<int> positions)
    {
        _heads = new(text);
        _positions = [.. positions];
        _functions = [.. _positions.Select(at => _heads.Of(KernelText.LineOf(text, at)))];
    }

    /// <summary>
    /// Whether the run passes the place of a mutation. Of what the compiler computes it is whether the run passes anything else of the function, or a
    /// function that names it.
    /// </summary>
    internal bool Reaches(KernelMutation mutation)
    {
        if (_positions.Contains(mutation.At)) return true;
        if (!mutation.IsConstant) return false;
        var function = _heads.Of(mutation.Line);
        if (_functions.Contains(function)) return true;
        var name = Name().Match(_heads.Lines[function]).Groups["name"].Value;
        return name.Length > 0 && Enumerable.Range(0, _heads.Lines.Count)
            .Any(line => Mentions(_heads.Lines[line], name) && _heads.Of(line + 1) is var other && other != function && _functions.Contains(other));
    }

    [GeneratedRegex(@"(?<name>[A-Za-z_]\w*)\s*\(")]
    private static partial Regex Name();

    private static bool Mentions(string line, string name) => Regex.IsMatch(line, $@"\b{name}\s*[<(]");
}
