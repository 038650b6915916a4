using System.Globalization;
using System.Text.RegularExpressions;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>One method's machine code for x86-64, as the JIT lists it with DOTNET_JitDisasm.</summary>
/// <param name="method">As the JIT names it: Namespace.Type:Method(parameters).</param>
/// <param name="lines">Labels and instructions, as listed.</param>
internal sealed partial class Disassembly(string method, IReadOnlyList<string> lines)
{
    // A frame without rbp uses it as any other register.
    private readonly Regex stackWithVector = lines.Any(l => l.StartsWith("; rbp based frame", StringComparison.Ordinal)) ? StackOrFrame() : Stack();

    public string Method { get; } = method;

    /// <summary>The type's name without its namespace.</summary>
    public string Type { get; } = method[..method.IndexOf(':', StringComparison.Ordinal)].Split('.')[^1];

    /// <summary>Type:Method, without namespace and parameters.</summary>
    public string Name => $"{Type}:{Method.Split(':')[1].Split('(', '[')[0]}";

    /// <summary>Whether the JIT optimised it: what it compiles for a start keeps every value on the stack.</summary>
    public bool IsOptimised { get; private init; }

    /// <summary>The methods of a listing.</summary>
    public static IReadOnlyList<Disassembly> Read(string listing)
    {
        var methods = new List<Disassembly>();
        foreach (string part in listing.Split("; Assembly listing for method ").Skip(1))
        {
            string[] lines = part.Split('\n');
            int tier = lines[0].LastIndexOf(" (", StringComparison.Ordinal);
            methods.Add(new Disassembly(lines[0][..tier], lines[1..]) { IsOptimised = lines[0].Contains("(FullOpts)", StringComparison.Ordinal) });
        }

        return methods;
    }

    /// <summary>
    /// The loops that have no loop within: from the target of a branch backwards to the last branch there. They compute
    /// with vectors, or they are left out.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string>> InnermostVectorLoops()
    {
        var labels = new Dictionary<string, int>();
        var ends = new SortedDictionary<int, int>();
        for (int i = 0; i < lines.Count; i++)
        {
            if (Label().Match(lines[i]) is { Success: true } label)
                labels.Add(label.Groups[1].Value, i);
            else if (Branch().Match(lines[i]) is { Success: true } branch && labels.TryGetValue(branch.Groups[1].Value, out int target))
                ends[target] = i;
        }

        return
        [
            .. from loop in ends
               where !ends.Any(inner => inner.Key > loop.Key && inner.Value <= loop.Value)
               let body = lines.Skip(loop.Key).Take(loop.Value - loop.Key + 1).ToArray()
               where body.Any(l => Arithmetic().IsMatch(l))
               select body,
        ];
    }

    /// <summary>Instructions of a loop that move a vector to or from the stack, or compute with one that lies there.</summary>
    public IReadOnlyList<string> StackAccesses(IReadOnlyList<string> loop) => [.. loop.Where(l => stackWithVector.IsMatch(l)).Select(l => l.Trim())];

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Method}, {lines.Count} lines");

    [GeneratedRegex(@"^(G_M\w+_IG\d+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\s+j\w+\s+(?:SHORT\s+)?(G_M\w+_IG\d+)")]
    private static partial Regex Branch();

    [GeneratedRegex(@"^\s+v?(fmadd|fnmadd|fmsub|mul|add|sub)\w*p[sd]\s")]
    private static partial Regex Arithmetic();

    [GeneratedRegex(@"^(?=.*\b[xyz]mm\d+)(?=.*\[rsp\b)")]
    private static partial Regex Stack();

    [GeneratedRegex(@"^(?=.*\b[xyz]mm\d+)(?=.*\[(rsp|rbp)\b)")]
    private static partial Regex StackOrFrame();
}
