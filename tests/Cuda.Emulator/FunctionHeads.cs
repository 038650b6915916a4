namespace FocalNet.Tests.Cuda;

/// <summary>Which function or struct a line of a CUDA text is in: they begin at the margin.</summary>
internal sealed class FunctionHeads(string text)
{
    private readonly string[] _lines = text.Split('\n');

    internal IReadOnlyList<string> Lines => _lines;

    /// <summary>The place in <see cref="Lines"/> of the head that a line, from 1, is under.</summary>
    internal int Of(int line)
    {
        var head = line - 1;
        while (head > 0 && (_lines[head].Length == 0 || !(char.IsAsciiLetter(_lines[head][0]) || _lines[head][0] == '_'))) head--;
        return head;
    }

    /// <summary>Whether the compiler computes what is in a line, or may do so.</summary>
    internal bool MayBeConstant(int line)
        => IsConstant(_lines[line - 1]) || (_lines[Of(line)] is var head && IsConstant(head) && head.Contains('(', StringComparison.Ordinal));

    private static bool IsConstant(string line) => line.Contains("constexpr", StringComparison.Ordinal);
}
