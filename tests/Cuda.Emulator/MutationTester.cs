using System.Collections.Concurrent;
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

/// <summary>Mutations of a text and what became of them.</summary>
/// <param name="Name">Of the text.</param>
/// <param name="Results">Of those that were tried.</param>
/// <param name="NotRun">Those in code that the suite does not run: what it says of them says nothing.</param>
public sealed record MutationReport(string Name, IReadOnlyList<MutationResult> Results, IReadOnlyList<KernelMutation> NotRun)
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
        foreach (var mutation in NotRun) text.Append(CultureInfo.InvariantCulture, $"\n  does not run: line {mutation.Line}: {mutation.What}");
        return text.ToString();
    }

    private static string Reason(MutationResult survivor) => survivor.HarmlessBecause is { } reason ? ", harmless: " + reason : ", UNEXPLAINED";

    private static string RuleOf(Exception exception) => exception is EmulatorException error ? error.Kind.ToString() : "values";
}

/// <summary>Changes a text in one place at a time and asks whether the suite notices.</summary>
public static class MutationTester
{
    /// <summary>
    /// Runs every mutation of the code that a suite passes, under the checked build with orders 0, 1, <paramref name="seed"/> and the next one. One module has all of them and
    /// is told which is on; those that the compiler computes are compiled each.
    /// </summary>
    /// <param name="name">The name that the report uses.</param>
    /// <param name="text">A correct CUDA text.</param>
    /// <param name="exercise">Launches its kernels with a seed and throws when a value is wrong; several at a time, on modules of their own.</param>
    /// <param name="harmless">Why a mutation may survive: its <see cref="KernelMutation.What"/> and the reason.</param>
    /// <param name="seed">Of the shuffled orders.</param>
    /// <param name="choose">Which mutations are tried at all; null is all.</param>
    /// <param name="compileEach">Compiles the changed text of every mutation: slower, and the same.</param>
    /// <exception cref="InvalidOperationException">The unchanged text fails already.</exception>
    public static MutationReport Run(
        string name, string text, Action<CudaModule, ulong> exercise,
        IReadOnlyDictionary<string, string>? harmless = null, ulong seed = 2, Func<KernelMutation, bool>? choose = null, bool compileEach = false)
    {
        Action<CudaModule> suite = module =>
        {
            foreach (ulong order in (ulong[])[0, 1, seed, seed + 1]) exercise(module, order);
        };
        var all = KernelMutations.Of(text);
        using var switched = new SwitchedText(text, [.. all.Where(mutation => !mutation.IsConstant)]);
        if (Failure(() => switched.Run(null, suite)) is { } failure) throw new InvalidOperationException($"{name} fails unchanged: {failure.Message}", failure);
        var reach = new MutationReach(text, switched.Passed());
        KernelMutation[] chosen = [.. all.Where(mutation => choose?.Invoke(mutation) ?? true)], mutations = [.. chosen.Where(reach.Reaches)];
        var results = new MutationResult[mutations.Length];
        // Bounded: threads that wait for g++ would make the pool start more and more of them.
        var workers = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        // One at a time each: the pool's own ranges would give one worker all that is slow.
        Parallel.ForEach(Partitioner.Create(Enumerable.Range(0, mutations.Length), EnumerablePartitionerOptions.NoBuffering), workers, i => results[i] = new(
            mutations[i], Failure(() => Try(mutations[i], compileEach ? null : switched, suite)), harmless?.GetValueOrDefault(mutations[i].What)));
        return new(name, results, [.. chosen.Except(mutations)]);
    }

    private static void Try(KernelMutation mutation, SwitchedText? switched, Action<CudaModule> suite)
    {
        if (switched?.Has(mutation) ?? false)
        {
            switched.Run(mutation, suite);
            return;
        }
        using var module = CudaEmulator.Compile(SwitchedText.Counted(mutation), EmulatorBuild.Checked);
        suite(module);
    }

    private static Exception? Failure(Action run)
    {
        try
        {
            run();
            return null;
        }
        // Whatever a test throws is how it says that it has noticed.
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return exception;
        }
    }
}
