using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace FocalNet.Tests.Cuda;

/// <summary>One change to a text that a suite should notice.</summary>
/// <param name="Line">Where, from 1.</param>
/// <param name="What">The change in words.</param>
/// <param name="Text">The changed text.</param>
/// <param name="At">Position of what is changed.</param>
public sealed record KernelMutation(int Line, string What, string Text, int At);

/// <summary>
/// The changes: each barrier and each wait removed, each wait made to wait for one group less, each compared bound shifted by
/// one up and down, in the head of a loop by its step. Comparisons are recognised by the spaces around the operator.
/// </summary>
public static partial class KernelMutations
{
    [GeneratedRegex(@"(?<barrier>__syncthreads\s*\(\s*\)|__syncwarp\s*\([^()]*\)|cp_async_wait\s*<[^<>]*>\s*\(\s*\))\s*;")]
    private static partial Regex Barrier();

    [GeneratedRegex(@"cp_async_wait\s*<\s*(?<groups>\d+)\s*>")]
    private static partial Regex Wait();

    [GeneratedRegex(@"(?<=[\w)\]]) (?<operator><=|>=|<|>) (?=[\w(\-&*])")]
    private static partial Regex Comparison();

    [GeneratedRegex(@"^[ \t]*#[ \t]*ifndef[ \t]+FOCALNET_EMULATOR\b.*?^[ \t]*#[ \t]*endif[ \t]*//[ \t]*FOCALNET_EMULATOR", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex DeviceOnly();

    [GeneratedRegex(@"^[ \t]*#.*$|\btemplate\b[^;{]*", RegexOptions.Multiline)]
    private static partial Regex NoCode();

    [GeneratedRegex(@"\bfor\s*\([^;()]*(?:\([^;()]*\)[^;()]*)*;(?<condition>[^;]*);\s*\w+\s*\+=(?<step>[^;()]*)\)")]
    private static partial Regex LoopHead();

    /// <summary>All mutations of a text, from its first line to its last.</summary>
    public static IReadOnlyList<KernelMutation> Of(string text)
    {
        var code = CodeOf(text);
        var mutations = new List<(int At, KernelMutation Mutation)>();
        void Add(int at, int length, string replacement, string what, int? place = null)
            => mutations.Add((at, new(KernelText.LineOf(text, at), what, string.Concat(text.AsSpan(0, at), replacement, text.AsSpan(at + length)), place ?? at)));

        foreach (Match match in Barrier().Matches(code))
            Add(match.Index, match.Length, ";", $"without {match.Groups["barrier"].Value}");
        foreach (Match match in Wait().Matches(code))
        {
            var groups = int.Parse(match.Groups["groups"].Value, CultureInfo.InvariantCulture);
            Add(match.Groups["groups"].Index, match.Groups["groups"].Length, (groups + 1).ToString(CultureInfo.InvariantCulture), "waits for one group less", match.Index);
        }
        foreach (Match match in Comparison().Matches(code))
        {
            var at = match.Groups["operator"].Index + match.Groups["operator"].Length;
            // In the head of a loop "by one" is by one round.
            var step = LoopStep(code, at);
            Add(at, 0, $" {step} +", $"bound of '{Around(code, match.Index)}' + {step}");
            Add(at, 0, $" -{step} +", $"bound of '{Around(code, match.Index)}' - {step}");
        }
        return [.. mutations.OrderBy(entry => entry.At).Select(entry => entry.Mutation)];
    }

    /// <summary>
    /// The text with a call of <c>emu_mark</c> at each position where something may be changed, which a run passes if it reaches the barrier
    /// or compares the bound. <paramref name="head"/> comes before it in the same line, so that lines keep their numbers.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="positions">Of its mutations, each once: their place in this list is the number that is marked.</param>
    /// <param name="head">What defines <c>emu_mark</c>.</param>
    internal static string Marked(string text, IReadOnlyList<int> positions, string head)
    {
        var barriers = Barrier().Matches(CodeOf(text)).Select(match => match.Index).ToHashSet();
        var marked = new StringBuilder(text);
        foreach (var number in Enumerable.Range(0, positions.Count).OrderByDescending(number => positions[number]))
        {
            var at = positions[number];
            var call = string.Create(CultureInfo.InvariantCulture, $"emu_mark({number})");
            marked.Insert(at, barriers.Contains(at) ? call + ", " : $" {call} +");
        }
        // Behind directives, which need a line of their own.
        int start = 0;
        while (start < marked.Length && marked[start] == '#') start = marked.ToString().IndexOf('\n', start) + 1;
        return marked.Insert(start, head).ToString();
    }

    // The marker of the device-only part is a comment: it is looked for first.
    private static string CodeOf(string text) => NoCode().Replace(KernelText.BlankComments(DeviceOnly().Replace(text, Blank)), Blank);

    // The step of the loop in whose condition the position is; 1 where there is none or where it is no addition.
    private static string LoopStep(string code, int at)
    {
        foreach (Match loop in LoopHead().Matches(code))
        {
            var condition = loop.Groups["condition"];
            if (at > condition.Index && at <= condition.Index + condition.Length) return $"({loop.Groups["step"].Value.Trim()})";
        }
        return "1";
    }

    private static string Blank(Match match) => new([.. match.Value.Select(c => c == '\n' ? '\n' : ' ')]);

    private static string Around(string code, int at)
    {
        static bool Ends(char c) => c is '\n' or ';' or ',' or '(' or '?' or ':' or '&' or '|' or ')';
        int begin = at, end = at + 3;
        while (begin > 0 && !Ends(code[begin - 1])) begin--;
        while (end < code.Length && !Ends(code[end])) end++;
        return code[begin..end].Trim();
    }
}
