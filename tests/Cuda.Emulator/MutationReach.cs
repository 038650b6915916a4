using System.Globalization;
using System.Text.RegularExpressions;

namespace FocalNet.Tests.Cuda;

/// <summary>Which mutations are of code that a run passes: of others nobody can tell anything.</summary>
public sealed partial class MutationReach
{
    private readonly string[] _lines;
    private readonly HashSet<int> _positions = [];
    private readonly HashSet<int> _functions = [];

    /// <summary>Runs a text, with marks in it, in the fast build.</summary>
    /// <param name="text">A correct CUDA text.</param>
    /// <param name="exercise">Launches its kernels with a seed.</param>
    public MutationReach(string text, Action<CudaModule, ulong> exercise)
    {
        _lines = text.Split('\n');
        int[] positions = [.. KernelMutations.Of(text).Select(mutation => mutation.At).Distinct()];
        // What the compiler computes leaves no mark.
        var head = string.Create(CultureInfo.InvariantCulture, $$"""
            extern "C" { __constant__ unsigned char emu_marks[{{positions.Length + 1}}]; }
            """) + " constexpr int emu_mark(int place) { if (!__builtin_is_constant_evaluated()) emu_marks[place] = 1; return 0; } ";
        var marks = new byte[positions.Length];
        using (var module = CudaEmulator.Compile(KernelMutations.Marked(text, positions, head.ReplaceLineEndings(" ")), EmulatorBuild.Fast))
        {
            exercise(module, 0);
            module.ReadConstant<byte>("emu_marks", marks);
        }
        for (var i = 0; i < marks.Length; i++)
        {
            if (marks[i] == 0) continue;
            _positions.Add(positions[i]);
            _functions.Add(FunctionAt(KernelText.LineOf(text, positions[i])));
        }
    }

    /// <summary>
    /// Whether the run passes the place of a mutation. Of what the compiler computes, a line with <c>constexpr</c>, it is whether the run passes
    /// anything else of the function, or a function that names it.
    /// </summary>
    public bool Reaches(KernelMutation mutation)
    {
        if (_positions.Contains(mutation.At)) return true;
        if (!IsConstant(_lines[mutation.Line - 1])) return false;
        var function = FunctionAt(mutation.Line);
        if (_functions.Contains(function)) return true;
        var name = Name().Match(_lines[function]).Groups["name"].Value;
        return name.Length > 0 && Enumerable.Range(0, _lines.Length).Any(line => Mentions(_lines[line], name) && FunctionAt(line + 1) != function && _functions.Contains(FunctionAt(line + 1)));
    }

    [GeneratedRegex(@"(?<name>[A-Za-z_]\w*)\s*\(")]
    private static partial Regex Name();

    private static bool Mentions(string line, string name) => Regex.IsMatch(line, $@"\b{name}\s*[<(]");

    // Functions and structs begin at the margin.
    private int FunctionAt(int line)
    {
        var head = line - 1;
        while (head > 0 && (_lines[head].Length == 0 || !(char.IsAsciiLetter(_lines[head][0]) || _lines[head][0] == '_'))) head--;
        return head;
    }

    private static bool IsConstant(string line) => line.Contains("constexpr", StringComparison.Ordinal);
}
