using System.Diagnostics;
using System.Text.Json;
using FocalNet.Cuda.Device.Tests.Support;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>The benchmarks on the false driver: what was measured stays, whatever happens to the rest, and the report names what is missing.</summary>
public sealed class BenchmarkTests : IDisposable
{
    private const string Small = "Tiny inference fast 1 8 8", Other = "Tiny inference fast 2 4 4", Odd = "Tiny inference fast 1 9 8";

    private readonly string folder = Directory.CreateTempSubdirectory("focalnet benchmarks ").FullName;
    private readonly string times;

    public BenchmarkTests()
    {
        DeviceUnderTest.RequireFake();
        times = Path.Combine(folder, "times.json");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Both_sides_are_timed_and_compared()
    {
        (int code, _, string error) = Run([Small], GpuCheckProgram.Peer(folder, ""));
        Assert.True(code == 0, error);
        (string markdown, Dictionary<string, JsonElement> results) = GpuCheckProgram.Report(folder, times, code);
        JsonElement ours = results[Small].GetProperty("times").GetProperty("ours"), ratios = results[Small].GetProperty("ratios");
        double median = ours.GetProperty("median").GetDouble();
        Assert.InRange(median, 1e-3, 1e6);
        Assert.InRange(ours.GetProperty("p95").GetDouble(), median, 1e6);
        Assert.Equal(6 / median, ratios.GetProperty("eager").GetDouble(), 1e-9);
        Assert.Equal(3 / median, ratios.GetProperty("compiled").GetDouble(), 1e-9);
        Assert.Contains("| peer | a stand-in |", markdown);
        Assert.Contains("| Tiny inference fast 1×8×8 | 1.0e-07 | 2.0e-07 | 2.0e-07 |", markdown);
        Assert.Contains("Tests on the device: 1 failed, 0 skipped, 4 succeeded, 5 total.\n- failed: Some.Test\n", markdown);
        Assert.DoesNotContain("Not measured", markdown);
    }

    [Fact]
    public void What_fails_costs_its_workload_or_side_alone()
    {
        // Three ways to fail: an error, an end, and no answer at all.
        (int code, _, string error) = Run([Small, Odd, Other], ["--peer-seconds", "2", .. GpuCheckProgram.Peer(folder, $$"""
                "compiled open {{Small}} "*) echo '{"error": "OutOfMemoryError: 9 GiB"}' ;;
                "eager time 1") exit 7 ;;
                "compiled open {{Other}} "*) exec sleep 300 ;;
            """)]);
        Assert.Equal(1, code);
        (string markdown, Dictionary<string, JsonElement> results) = GpuCheckProgram.Report(folder, times, code);
        Assert.Equal([Small, Odd, Other], results.Keys);
        Assert.Equal("OutOfMemoryError: 9 GiB", Problems(results[Small])["compiled"]);
        Assert.Equal("The process ended with exit code 7 at 'time'.", Problems(results[Small])["eager"]);
        Assert.Contains("multiples of 4", Problems(results[Odd])["ours"]);
        Assert.Matches("'open' took longer than the 2 s that there were for it", Problems(results[Other])["compiled"]);
        Assert.All([Small, Other], workload => Assert.True(results[workload].GetProperty("times").TryGetProperty("ours", out _), error));
        Assert.Contains("- Tiny inference fast 1×8×8, compiled: OutOfMemoryError: 9 GiB\n", markdown);
    }

    [Fact]
    public async Task What_was_measured_is_in_the_file_when_the_benchmarks_are_killed()
    {
        using Process process = GpuCheckProgram.Start(Arguments([Small, Other, Odd], GpuCheckProgram.Peer(folder, $$"""
                "eager open {{Other}} "*) exec sleep 300 ;;
            """)));
        while (!process.HasExited && !(File.Exists(times) && File.ReadAllText(times).Contains($"\"running\": \"{Other}\"")))
            await Task.Delay(50);
        Assert.False(process.HasExited);
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        (string markdown, Dictionary<string, JsonElement> results) = GpuCheckProgram.Report(folder, times, exitCode: 137);
        Assert.True(results[Small].GetProperty("times").TryGetProperty("compiled", out _));
        Assert.Contains("- Tiny inference fast 2×4×4, ours: Not finished: the limit cut the benchmarks off meanwhile.\n", markdown);
        Assert.Contains("- Tiny inference fast 1×9×8, ours: Not reached: the limit cut the benchmarks off before.\n", markdown);
    }

    [Fact]
    public void The_limit_ends_them_with_a_whole_file()
    {
        (int code, _, _) = Run([Small, Other], ["--seconds", "1"]);
        Assert.Equal(1, code);
        Dictionary<string, JsonElement> results = GpuCheckProgram.Report(folder, times, code).Results;
        Assert.Matches("took longer than|no time left", Problems(results[Small])["ours"]);
        Assert.Equal("Not reached within the limit of 1 s.", Problems(results[Other])["ours"]);
    }

    [Theory]
    [InlineData("run", "--seconds", "soon")]
    [InlineData("run", "--workload", "Tiny restoring")]
    [InlineData("run", "--fast", "1")]
    [InlineData("report", "--doctor", "here")]
    public void Wrong_arguments_are_refused(params string[] arguments)
    {
        (int code, _, string error) = GpuCheckProgram.Run(arguments);
        Assert.Equal(2, code);
        Assert.NotEmpty(error);
    }

    /// <summary>The real peer, on the processor: its model is ours, in float32 to what sums in another order give.</summary>
    [Fact]
    public void PyTorch_restores_the_same_and_is_timed()
    {
        (int code, _, string error) = Run([Small], ["--peer", DeviceUnderTest.RequireTorch(), GpuCheckProgram.Tool("peer.py")]);
        // What PyTorch can't compile on a processor is told of.
        Assert.InRange(code, 0, 1);
        (string markdown, Dictionary<string, JsonElement> results) = GpuCheckProgram.Report(folder, times, code);
        Assert.DoesNotContain(Problems(results[Small]).Keys, key => key != "compiled");
        JsonElement errors = results[Small].GetProperty("errors");
        Assert.All(["ours", "eager"], side => Assert.InRange(errors.GetProperty(side).GetDouble(), 0, 2e-5));
        Assert.True(results[Small].GetProperty("times").GetProperty("eager").GetProperty("median").GetDouble() > 0, error);
        Assert.Contains("on the processor", markdown);
    }

    [Fact]
    public void PyTorch_has_the_same_loss()
    {
        (int code, string output, string error) = GpuCheckProgram.Run("check", "--workload", "Tiny training fast 2 4 8", "--peer", DeviceUnderTest.RequireTorch(), GpuCheckProgram.Tool("peer.py"));
        Assert.True(code == 0, output + error);
        Assert.Contains("Tiny training fast 2 4 8: ours ", output);
    }

    private (int ExitCode, string Output, string Error) Run(string[] workloads, string[] more) => GpuCheckProgram.Run(Arguments(workloads, more));

    private string[] Arguments(string[] workloads, string[] more) =>
        ["run", "--quick", "--runs", "1", "--out", times, .. workloads.SelectMany(w => (string[])["--workload", w]), .. more];

    private static Dictionary<string, string> Problems(JsonElement result) =>
        result.GetProperty("problems").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);
}
