using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FocalNet.Trainer.Tests.Commands;

namespace FocalNet.Trainer.Tests.Training;

/// <summary>Training in a process of its own, which can be killed and interrupted; it reports in JSON.</summary>
internal sealed class TrainingProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _error;

    private TrainingProcess(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <param name="folder">The working folder.</param>
    /// <param name="arguments">The command line, to which --json is added.</param>
    /// <param name="script">A shell command in which "$@" stands for the program.</param>
    /// <remarks>A job in the background of a shell script has SIGINT ignored, and so would all that it starts; here it is what it is at a terminal.</remarks>
    public static TrainingProcess Start(string folder, string[] arguments, string script = """exec env --default-signal=INT "$@" """) =>
        new(Shell.Start(script, folder, [.. arguments, "--json"]));

    /// <summary>The next event of that name; null if the process ends without one.</summary>
    public async Task<JsonElement?> Event(string name, Func<JsonElement, bool>? condition = null)
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            using var document = JsonDocument.Parse(line);
            var found = document.RootElement.Clone();
            if (found.GetProperty("event").GetString() == name && (condition is null || condition(found)))
            {
                return found;
            }
        }

        return null;
    }

    public Task<JsonElement?> Step(long step) => Event("step", e => e.GetProperty("step").GetInt64() == step);

    /// <summary>Ends it as nothing can be prepared for: SIGKILL.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public Task Interrupt() => Run("kill", "-INT");

    /// <summary>Asks it to stop by SIGUSR1, which mpirun passes on.</summary>
    public Task Ask() => Run("kill", "-USR1");

    /// <summary>From now on files can grow to so many bytes only, as on a full disk.</summary>
    public Task LimitFiles(long bytes) => Run("prlimit", string.Create(CultureInfo.InvariantCulture, $"--fsize={bytes}"), "--pid");

    /// <summary>Waits for the end; the exit code, and what was written to the error stream.</summary>
    public async Task<(int Code, string Error)> End()
    {
        await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        return (_process.ExitCode, await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task Run(string program, params string[] arguments)
    {
        using var tool = Process.Start(program, [.. arguments, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await tool.WaitForExitAsync();
        Assert.Equal(0, tool.ExitCode);
    }
}
