using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests;

/// <summary>The suite notices nearly every barrier, wait or bound that goes wrong; what it does not is harmless, and why.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    [Fact]
    public void Mutations_touch_barriers_waits_and_bounds_and_nothing_else()
    {
        const string text = """
            #if 1 < 2
            template <int n, int m = n < 3> struct S {};
            // if (a < b) __syncthreads();
            #ifndef FOCALNET_EMULATOR
            if (x < y) z();
            #endif // FOCALNET_EMULATOR
            for (int k = f(0); k < K; k += 16) if (i <= n) c = static_cast<int>(d) << 2;
            __syncthreads();
            cp_async_wait<1>();
            """;
        var mutations = KernelMutations.Of(text);
        Assert.Equal(
            ["7 bound of 'k < K' + (16)", "7 bound of 'k < K' - (16)", "7 bound of 'i <= n' + 1", "7 bound of 'i <= n' - 1", "8 without __syncthreads()", "9 without cp_async_wait<1>()", "9 waits for one group less"],
            mutations.Select(mutation => $"{mutation.Line} {mutation.What}"));
        Assert.Contains("if (i <= 1 + n) c", mutations[2].Text, StringComparison.Ordinal);
        Assert.Contains("k < -(16) + K;", mutations[1].Text, StringComparison.Ordinal);
        Assert.Contains("\n;\ncp_async_wait<1>", mutations[4].Text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("cp_async_wait<2>", mutations[6].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mutation_that_is_chosen_at_run_time_and_one_that_is_compiled_meet_the_same_end()
    {
        Requires.Emulator();
        // Each is a compilation: all of one file, and of another, which has copies, what is no bound.
        string[] Ends(string file, bool compileEach) => [.. MutationTester
            .Run(file, KernelFile.Text(file), Exercises.ByFile[file], choose: mutation => file == "reduce" || !mutation.IsBound, compileEach: compileEach).Results
            .Select(result => $"line {result.Mutation.Line}: {result.Mutation.What}: {result.CaughtBy ?.Message.Split('\n')[0] ?? "survives"}")];
        foreach (var file in new[] { "reduce", "mma_tile" }) Assert.Equal(Ends(file, compileEach: true), Ends(file, compileEach: false));
    }

    // What computes the same at every size that the kernel accepts.
    private static readonly Dictionary<string, string> Harmless = new()
    {
        ["bound of 'k0 < k' + (16)"] = "one more tile, of zeros",
        ["bound of 'step < 32' + 1"] = "steps are powers of two",
        ["bound of 'step < 32' - 1"] = "steps are powers of two",
        ["bound of 'k0 + ka < k' - 1"] = "k is a multiple of 8, and so is k0 + ka",
        ["bound of 'column0 + column < n' - 1"] = "n is a multiple of 8, and so is the column",
        ["bound of 'k0 + 32 < k' + 1"] = "one more stage, of zeros",
        ["bound of 'k0 + 32 < k' - 1"] = "k is a multiple of 8, and so is k0",
    };

    [Fact]
    public void At_least_95_of_100_mutations_are_caught()
    {
        Requires.Emulator();
        int caught = 0, total = 0;
        foreach (var (file, exercise) in Exercises.ByFile)
        {
            if (file == "vector_add") continue;
            var report = MutationTester.Run(file, KernelFile.Text(file), exercise, Harmless);
            output.WriteLine(report.ToString());
            caught += report.Caught;
            total += report.Total;
        }
        output.WriteLine($"{caught} of {total} mutations caught");
        Assert.True(caught >= 0.95 * total, $"Only {caught} of {total} mutations are caught.");
    }
}
