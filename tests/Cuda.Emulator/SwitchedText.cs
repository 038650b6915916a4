using System.Collections.Concurrent;
using System.Globalization;

namespace FocalNet.Tests.Cuda;

/// <summary>
/// A text compiled once, checked, with many mutations in it, one of which is on at a time. Copies of the module are made as they are needed, so
/// that as many may run at the same time.
/// </summary>
internal sealed class SwitchedText : IDisposable
{
    // A loop that a shifted bound keeps from ending must not keep the tester: each turn is counted, and too many are a trap.
    private const string Counter =
        """
        extern "C" { __constant__ long long emu_turns; }
        __attribute__((noinline, no_sanitize("thread"), no_sanitize("undefined"))) static int emu_count_turn() { if (++emu_turns == 30000000) { emu_turns = 0; __trap(); } return 0; }
        """;

    // What the compiler computes counts nothing.
    private const string ConstantCounter = Counter + " static constexpr int emu_turn() { return __builtin_is_constant_evaluated() ? 0 : emu_count_turn(); }";

    // What is passed is marked. Both, and which is on, go through assembly, which the race checker does not see.
    private const string Switch = Counter +
        """
         extern "C" { __constant__ int emu_mutant; __constant__ unsigned char emu_marks[EMU_MUTATIONS + 1]; }
        static inline __attribute__((always_inline)) bool emu_is(int number) { int chosen; asm("movb $1, %0" : "=m"(emu_marks[number])); asm("movl %1, %0" : "=r"(chosen) : "m"(emu_mutant)); return __builtin_expect(chosen == number, 0); }
        template <class Step> static inline __attribute__((always_inline)) constexpr auto emu_shift(int number, Step step) -> decltype(-step)
        { if (__builtin_is_constant_evaluated()) return 0; if (emu_is(number)) { emu_count_turn(); return step; } if (emu_is(number + 1)) { emu_count_turn(); return -step; } return 0; }
        """;

    private readonly IReadOnlyList<KernelMutation> _mutations;
    private readonly Dictionary<(int At, string What), int> _numbers = [];
    private readonly CudaModule _module;
    private readonly ConcurrentBag<CudaModule> _idle = [];
    private readonly ConcurrentBag<CudaModule> _copies = [];

    /// <summary>Compiles a text with these mutations, none of which is constant.</summary>
    internal SwitchedText(string text, IReadOnlyList<KernelMutation> mutations)
    {
        _mutations = mutations;
        for (var i = 0; i < mutations.Count; i++) _numbers.Add((mutations[i].At, mutations[i].What), i + 1);
        _module = CudaEmulator.Compile(KernelMutations.Switched(text, mutations, Switch.Replace("EMU_MUTATIONS", mutations.Count.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)), EmulatorBuild.Checked);
        _idle.Add(_module);
    }

    /// <summary>The text of a mutation alone, with a counter in its loop.</summary>
    internal static string Counted(KernelMutation mutation)
        => mutation.IsBound ? KernelMutations.WithHead(mutation.Text.Insert(mutation.At, " emu_turn() +"), ConstantCounter) : mutation.Text;

    /// <summary>Whether it can be chosen here.</summary>
    internal bool Has(KernelMutation mutation) => _numbers.ContainsKey((mutation.At, mutation.What));

    /// <summary>Runs something on a module with this mutation on; null leaves the text as it is.</summary>
    internal void Run(KernelMutation? mutation, Action<CudaModule> suite)
    {
        if (!_idle.TryTake(out var module)) _copies.Add(module = _module.Copy());
        try
        {
            module.SetConstant<int>("emu_mutant", [mutation is null ? 0 : _numbers[(mutation.At, mutation.What)]]);
            module.SetConstant<long>("emu_turns", [0]);
            suite(module);
        }
        finally
        {
            _idle.Add(module);
        }
    }

    /// <summary>The positions of the mutations that the first run, of the text as it is, has passed.</summary>
    internal IEnumerable<int> Passed()
    {
        var marks = new byte[_mutations.Count + 1];
        _module.ReadConstant<byte>("emu_marks", marks);
        return Enumerable.Range(0, _mutations.Count).Where(i => marks[i + 1] != 0).Select(i => _mutations[i].At);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _module.Dispose();
        foreach (var copy in _copies) copy.Dispose();
    }
}
