using System.Globalization;
using System.Text.RegularExpressions;

namespace FocalNet.Tests.Cuda;

/// <summary>What the PTX of one kernel says of it.</summary>
/// <param name="Name">The kernel.</param>
/// <param name="SharedBytes">Static shared memory that it declares itself.</param>
/// <param name="MaxThreads">The product of <c>.maxntid</c>; null without <c>__launch_bounds__</c>.</param>
/// <param name="UsesLocalMemory">An array or an accumulator has left the registers (<c>__local_depot</c>).</param>
/// <param name="UsesDouble">A double slipped in (<c>.f64</c>).</param>
public sealed record PtxKernel(string Name, long SharedBytes, int? MaxThreads, bool UsesLocalMemory, bool UsesDouble);

/// <summary>The PTX of a text and what is in it.</summary>
public sealed partial record PtxReport(string Ptx, int Architecture, IReadOnlyList<PtxKernel> Kernels)
{
    /// <summary>Dynamic and static shared memory that a block can have on a card, in bytes.</summary>
    public static int SharedLimit(int architecture)
        => architecture switch { 75 => 65536, 80 or 87 => 166912, 86 or 89 => 101376, >= 90 and < 120 => 232448, >= 120 => 101376, _ => 49152 };

    [GeneratedRegex(@"\.entry\s+(?<name>[\w$]+)\s*\(")]
    private static partial Regex Entry();

    [GeneratedRegex(@"^\s*\.shared\s+\.align\s+\d+\s+\.b8\s+(?<name>[\w$]+)\[(?<bytes>\d+)\]", RegexOptions.Multiline)]
    private static partial Regex Shared();

    [GeneratedRegex(@"\.maxntid\s+(?<x>\d+)(\s*,\s*(?<y>\d+))?(\s*,\s*(?<z>\d+))?")]
    private static partial Regex MaxThreads();

    [GeneratedRegex(@"\.f64\b")]
    private static partial Regex Double();

    /// <summary>What a text must not have: one sentence each, empty when all is well.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        foreach (var kernel in Kernels)
        {
            if (kernel.UsesLocalMemory) faults.Add($"'{kernel.Name}' keeps an array in local memory (__local_depot)");
            if (kernel.UsesDouble) faults.Add($"'{kernel.Name}' computes in double (.f64)");
            if (kernel.MaxThreads is null) faults.Add($"'{kernel.Name}' has no __launch_bounds__ (.maxntid)");
            if (kernel.SharedBytes > CudaModule.StaticSharedLimit) faults.Add($"'{kernel.Name}' declares {kernel.SharedBytes} bytes of shared memory");
        }
        if (Kernels.Count == 0) faults.Add("no kernel in the PTX");
        // Functions that were not inlined stand before the entries.
        if (Double().IsMatch(Ptx) && !Kernels.Any(kernel => kernel.UsesDouble)) faults.Add("a function computes in double (.f64)");
        return faults;
    }

    internal static PtxReport Read(string ptx, int architecture)
    {
        var entries = Entry().Matches(ptx);
        var kernels = new List<PtxKernel>();
        for (var i = 0; i < entries.Count; i++)
        {
            var end = i + 1 < entries.Count ? entries[i + 1].Index : ptx.Length;
            var body = ptx[entries[i].Index..end];
            var name = entries[i].Groups["name"].Value;
            // _ZZ <length> <kernel> E …: a static local of the kernel.
            var prefix = string.Create(CultureInfo.InvariantCulture, $"_ZZ{name.Length}{name}E");
            var shared = Shared().Matches(ptx).Where(match => match.Groups["name"].Value.StartsWith(prefix, StringComparison.Ordinal)).Sum(match => Number(match.Groups["bytes"]));
            var bound = MaxThreads().Match(body);
            int? threads = bound.Success ? (int)(Number(bound.Groups["x"]) * Number(bound.Groups["y"]) * Number(bound.Groups["z"])) : null;
            kernels.Add(new(name, shared, threads, body.Contains("__local_depot", StringComparison.Ordinal), Double().IsMatch(body)));
        }
        return new(ptx, architecture, kernels);
    }

    private static long Number(Group group) => group.Success ? long.Parse(group.Value, CultureInfo.InvariantCulture) : 1;
}
