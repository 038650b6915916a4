using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace FocalNet.Tests.Cuda;

/// <summary>One change to a text that a suite should notice.</summary>
/// <param name="Line">Where, from 1.</param>
/// <param name="What">The change in words.</param>
/// <param name="Text">The changed text.</param>
/// <param name="At">Position of what is changed.</param>
/// <param name="IsConstant">The compiler computes it, or may: it can't be chosen at run time.</param>
public sealed record KernelMutation(int Line, string What, string Text, int At, bool IsConstant = false)
{
    /// <summary>A bound is shifted; else a barrier or a wait is changed.</summary>
    public bool IsBound => Step is not null;

    // Of a bound: what it is shifted by, up and, in the mutation after this one, down.
    internal string? Step { get; init; }

    // Of a barrier or wait: how long its statement is, and the one in its place.
    internal int Length { get; init; }

    internal string Statement { get; init; } = "";
}

/// <summary>
/// The changes: each barrier and each wait removed, each wait made to wait for one group less, each compared bound shifted by
/// one up and down, in the head of a loop by its step. Comparisons are recognised by the spaces around the operator.
/// </summary>
public static partial class KernelMutations
{
    [GeneratedRegex(@"(?<barrier>__syncthreads\s*\(\s*\)|__syncwarp\s*\([^()]*\)|(?:cp_async|wgmma)_wait\s*<(?:\s*(?<groups>\d+)\s*|[^<>]*)>\s*\(\s*\))\s*;")]
    private static partial Regex Barrier();

    [GeneratedRegex(@"(?<=[\w)\]]) (?<operator><=|>=|<|>) (?=[\w(\-&*])")]
    private static partial Regex Comparison();

    [GeneratedRegex(@"^[ \t]*#[ \t]*ifndef[ \t]+FOCALNET_EMULATOR\b.*?^[ \t]*#[ \t]*endif[ \t]*//[ \t]*FOCALNET_EMULATOR", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex DeviceOnly();

    // What a static_assert compares runs nowhere.
    [GeneratedRegex(@"^[ \t]*#.*$|\btemplate\b[^;{]*|\bstatic_assert\b[^;]*", RegexOptions.Multiline)]
    private static partial Regex NoCode();

    [GeneratedRegex(@"\bfor\s*\([^;()]*(?:\([^;()]*\)[^;()]*)*;(?<condition>[^;]*);\s*\w+\s*\+=(?<step>[^;()]*)\)")]
    private static partial Regex LoopHead();

    /// <summary>All mutations of a text, from its first line to its last.</summary>
    public static IReadOnlyList<KernelMutation> Of(string text)
    {
        var code = CodeOf(text);
        var functions = new FunctionHeads(text);
        var mutations = new List<KernelMutation>();
        string Changed(int at, int length, string replacement) => string.Concat(text.AsSpan(0, at), replacement, text.AsSpan(at + length));

        foreach (Match match in Barrier().Matches(code))
        {
            void Add(string what, string statement) => mutations.Add(
                new(KernelText.LineOf(text, match.Index), what, Changed(match.Index, match.Length, statement), match.Index) { Length = match.Length, Statement = statement });
            Add($"without {match.Groups["barrier"].Value}", ";");
            if (match.Groups["groups"] is not { Success: true } groups) continue;
            var fewer = (int.Parse(groups.Value, CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);
            var start = groups.Index - match.Index;
            Add("waits for one group less", string.Concat(match.Value.AsSpan(0, start), fewer, match.Value.AsSpan(start + groups.Length)));
        }
        foreach (Match match in Comparison().Matches(code))
        {
            var at = match.Groups["operator"].Index + match.Groups["operator"].Length;
            var line = KernelText.LineOf(text, at);
            // In the head of a loop "by one" is by one round.
            var step = LoopStep(code, at);
            var constant = functions.MayBeConstant(line);
            mutations.Add(new(line, $"bound of '{Around(code, match.Index)}' + {step}", Changed(at, 0, $" {step} +"), at, constant) { Step = step });
            mutations.Add(new(line, $"bound of '{Around(code, match.Index)}' - {step}", Changed(at, 0, $" -{step} +"), at, constant) { Step = step });
        }
        return [.. mutations.OrderBy(mutation => mutation.At)];
    }

    /// <summary>
    /// The text with all of these mutations in it, none of which is constant. Which of them is on, <c>emu_is(number)</c> and
    /// <c>emu_shift(number, step)</c> say, numbers being places in the list from 1; of a bound's two mutations the second has the next number.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="mutations">In the order of <see cref="Of"/>.</param>
    /// <param name="head">What defines both functions.</param>
    internal static string Switched(string text, IReadOnlyList<KernelMutation> mutations, string head)
    {
        var switched = new StringBuilder(text);
        // From the end, so that positions before it stay.
        for (var i = mutations.Count; i > 0; i--)
        {
            var mutation = mutations[i - 1];
            if (mutation.Step is { } step)
            {
                if (i > 1 && mutations[i - 2].At == mutation.At) i--;
                switched.Insert(mutation.At, string.Create(CultureInfo.InvariantCulture, $" emu_shift({i}, {step}) +"));
                continue;
            }
            var choice = new StringBuilder();
            var original = text.Substring(mutation.At, mutation.Length);
            for (; ; i--)
            {
                choice.Append(CultureInfo.InvariantCulture, $"if (emu_is({i})) {mutations[i - 1].Statement} else ");
                if (i == 1 || mutations[i - 2].At != mutation.At) break;
            }
            switched.Remove(mutation.At, mutation.Length).Insert(mutation.At, choice.Append(original));
        }
        return WithHead(switched.ToString(), head);
    }

    /// <summary>The text with definitions before it: in its first line, but behind directives, which need a line of their own.</summary>
    internal static string WithHead(string text, string head)
    {
        var start = 0;
        while (start < text.Length && text[start] == '#') start = text.IndexOf('\n', start) + 1;
        return text.Insert(start, head.ReplaceLineEndings(" ") + " ");
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
