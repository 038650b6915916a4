using System.Globalization;
using System.Text;

namespace FocalNet.Tests.Cuda;

/// <summary>
/// What became of a mutation: caught by an exception, or survived (then <paramref name="CaughtBy"/> is null), perhaps because
/// it changes nothing, which somebody has given the reason for.
/// </summary>
public sealed record MutationResult(KernelMutation Mutation, Exception? CaughtBy, string? HarmlessBecause = null)
{
    /// <summary>Whether the suite noticed.</summary>
    public bool Caught => CaughtBy is not null;

    /// <summary>Whether g++ refused the changed text, so that it counts neither way.</summary>
    public bool Stillborn => CaughtBy is CudaCompileException;
}

/// <summary>All mutations of a text and what became of them.</summary>
public sealed record MutationReport(string Name, IReadOnlyList<MutationResult> Results)
{
    /// <summary>Those that compiled and are not harmless.</summary>
    public int Total => Results.Count(result => !result.Stillborn && (result.Caught || result.HarmlessBecause is null));

    /// <summary>Those that the suite noticed.</summary>
    public int Caught => Results.Count(result => result.Caught && !result.Stillborn);

    /// <summary>Those that it did not notice, with and without a reason why that is harmless.</summary>
    public IReadOnlyList<MutationResult> Survivors => [.. Results.Where(result => !result.Caught)];

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"{Name}: {Caught} of {Total} mutations caught"));
        foreach (var rule in Results.Where(result => result.Caught && !result.Stillborn).GroupBy(result => RuleOf(result.CaughtBy!)).OrderByDescending(group => group.Count()))
            text.Append(CultureInfo.InvariantCulture, $", {rule.Key} {rule.Count()}");
        foreach (var survivor in Survivors) text.Append(CultureInfo.InvariantCulture, $"\n  survives: line {survivor.Mutation.Line}: {survivor.Mutation.What}{Reason(survivor)}");
        return text.ToString();
    }

    private static string Reason(MutationResult survivor) => survivor.HarmlessBecause is { } reason ? ", harmless: " + reason : ", UNEXPLAINED";

    private static string RuleOf(Exception exception) => exception is EmulatorException error ? error.Kind.ToString() : "values";
}

/// <summary>Changes a text in one place at a time and asks whether the suite notices.</summary>
public static class MutationTester
{
    /// <summary>Runs every mutation of a text under the checked build with orders 0, 1, <paramref name="seed"/> and the next one.</summary>
    /// <param name="name">The name that the report uses.</param>
    /// <param name="text">A correct CUDA text.</param>
    /// <param name="exercise">Launches its kernels with a seed and throws when a value is wrong.</param>
    /// <param name="harmless">Why a mutation may survive: its <see cref="KernelMutation.What"/> and the reason.</param>
    /// <param name="seed">Of the shuffled orders, and of the sample.</param>
    /// <param name="sample">At most so many mutations, drawn by the seed; null is all.</param>
    /// <param name="choose">Which mutations are tried at all; null is all.</param>
    /// <exception cref="InvalidOperationException">The unchanged text fails already.</exception>
    public static MutationReport Run(
        string name, string text, Action<CudaModule, ulong> exercise,
        IReadOnlyDictionary<string, string>? harmless = null, ulong seed = 2, int? sample = null, Func<KernelMutation, bool>? choose = null)
    {
        ulong[] seeds = [0, 1, seed, seed + 1];
        if (Try(text, exercise, seeds) is { } failure) throw new InvalidOperationException($"{name} fails unchanged: {failure.Message}", failure);
        IReadOnlyList<KernelMutation> mutations = [.. KernelMutations.Of(text).Where(mutation => choose?.Invoke(mutation) ?? true)];
        if (sample < mutations.Count)
        {
            var random = new Random((int)seed);
            mutations = [.. mutations.OrderBy(_ => random.Next()).Take(sample.Value).OrderBy(mutation => mutation.Line)];
        }
        var results = new MutationResult[mutations.Count];
        // Bounded: threads that wait for g++ would make the pool start more and more of them.
        var workers = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, mutations.Count, workers, i => results[i] = new(
            mutations[i], Try(Counted(mutations[i]), exercise, seeds), harmless?.GetValueOrDefault(mutations[i].What)));
        return new(name, results);
    }

    // A loop that a shifted bound keeps from ending must not keep the tester: each turn is counted, and too many are a trap.
    private const string Counter =
        """
        static long long emu_turns;
        __attribute__((noinline, no_sanitize("thread"), no_sanitize("undefined"))) static int emu_count_turn() { if (++emu_turns == 30000000) { emu_turns = 0; __trap(); } return 0; }
        static constexpr int emu_turn() { return __builtin_is_constant_evaluated() ? 0 : emu_count_turn(); }
        """;

    private static string Counted(KernelMutation mutation)
        => mutation.What.StartsWith("bound", StringComparison.Ordinal) ? Counter.ReplaceLineEndings(" ") + " " + mutation.Text.Insert(mutation.At, " emu_turn() +") : mutation.Text;

    private static Exception? Try(string text, Action<CudaModule, ulong> exercise, ulong[] seeds)
    {
        try
        {
            using var module = CudaEmulator.Compile(text, EmulatorBuild.Checked);
            foreach (var seed in seeds) exercise(module, seed);
            return null;
        }
        // Whatever a test throws is how it says that it has noticed.
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return exception;
        }
    }
}
