using System.Diagnostics;
using System.Text.Json;
using FocalNet.Tests.Cuda.Fake;

namespace FocalNet.Cuda.Device.Tests.Support;

/// <summary>The benchmark program in processes of its own, on the false driver.</summary>
internal static class GpuCheckProgram
{
    /// <summary>A file of tools/gpu-check.</summary>
    public static string Tool(string name)
    {
        for (DirectoryInfo? here = new(AppContext.BaseDirectory); here is not null; here = here.Parent)
        {
            if (File.Exists(Path.Combine(here.FullName, "FocalNet.Compiler.sln")))
                return Path.Combine(here.FullName, "tools", "gpu-check", name);
        }
        throw new DirectoryNotFoundException("The repository was not found above the tests.");
    }

    /// <summary>Starts it.</summary>
    public static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "FocalNet.Cuda.Benchmarks"), arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["FOCALNET_CUDA_PATH"] = FakeLibraries.Folder;
        start.Environment["FOCALNET_KERNEL_CACHE"] = DeviceUnderTest.CacheFolder;
        return Process.Start(start)!;
    }

    /// <summary>Runs it to its end.</summary>
    public static (int ExitCode, string Output, string Error) Run(params string[] arguments) => ToEnd(Start(arguments));

    /// <summary>Waits for the end of a process, whose output and errors are redirected, and disposes it.</summary>
    public static (int ExitCode, string Output, string Error) ToEnd(Process started)
    {
        using Process process = started;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    /// <summary>
    /// A peer in a few lines of shell: each run takes it 6 ms if eager and 3 ms if compiled, and <paramref name="cases"/> are commands, with their words, at which it does
    /// something else.
    /// </summary>
    public static string[] Peer(string folder, string cases)
    {
        string path = Path.Combine(folder, "peer.sh");
        File.WriteAllText(path, $$"""
            way=$2
            while read -r command words; do
                case "$way $command $words" in
            {{cases}}
                *" hello "*) echo '{"description": "a stand-in"}' ;;
                *" reference "*) echo '{"deviation": 1e-7}' ;;
                *" open "*) echo '{"seconds": 0.5, "deviation": 2e-7}' ;;
                "eager time "*) echo "{\"milliseconds\": [$(yes 6 | head -n $words | paste -sd,)]}" ;;
                *" time "*) echo "{\"milliseconds\": [$(yes 3 | head -n $words | paste -sd,)]}" ;;
                *) echo '{"closed": true}' ;;
                esac
            done
            """);
        return ["--peer", "bash", path];
    }

    /// <summary>Has a report made of what there is, and gives it: as people see it, and its results.</summary>
    public static (string Markdown, Dictionary<string, JsonElement> Results) Report(string folder, string times, int exitCode)
    {
        string Path(string name) => System.IO.Path.Combine(folder, name);
        File.WriteAllText(Path("tests.txt"), "failed Some.Test (3ms)\nTest run summary: Failed!\n  total: 5\n  failed: 1\n  succeeded: 4\n  skipped: 0\n");
        (int code, _, string error) = Run(
            "report", "--doctor", Path("doctor.json"), "--tests", Path("tests.txt"), "--tests-exit", "2", "--times", times, "--times-exit", $"{exitCode}", "--smi", Path("nvidia-smi.csv"),
            "--commit", Path("commit"), "--json", Path("gpu-check.json"), "--markdown", Path("gpu-check.md"));
        Assert.True(code == 0, error);
        using var document = JsonDocument.Parse(File.ReadAllText(Path("gpu-check.json")));
        return (
            File.ReadAllText(Path("gpu-check.md")),
            document.RootElement.GetProperty("times").GetProperty("results").EnumerateArray().ToDictionary(r => r.GetProperty("workload").GetString()!, r => r.Clone()));
    }
}
