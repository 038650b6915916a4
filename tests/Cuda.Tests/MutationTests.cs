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
            if (i <= n) c = static_cast<int>(d) << 2;
            __syncthreads();
            cp_async_wait<1>();
            """;
        var mutations = KernelMutations.Of(text);
        Assert.Equal(
            ["7 bound of 'i <= n' + 1", "7 bound of 'i <= n' - 1", "8 without __syncthreads()", "9 without cp_async_wait<1>()", "9 waits for one group less"],
            mutations.Select(mutation => $"{mutation.Line} {mutation.What}"));
        Assert.Contains("if (i <= 1 + n) c", mutations[0].Text, StringComparison.Ordinal);
        Assert.Contains("\n;\ncp_async_wait<1>", mutations[2].Text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("cp_async_wait<2>", mutations[4].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void At_least_95_of_100_mutations_are_caught()
    {
        Requires.Emulator();
        int caught = 0, total = 0;
        foreach (var (file, exercise) in Exercises.ByFile)
        {
            if (file == "vector_add") continue;
            var report = MutationTester.Run(file, KernelFile.Text(file), exercise);
            output.WriteLine(report.ToString());
            caught += report.Caught;
            total += report.Total;
        }
        output.WriteLine($"{caught} of {total} mutations caught");
        Assert.True(caught >= 0.95 * total, $"Only {caught} of {total} mutations are caught.");
    }
}
