using System.Diagnostics;
using System.Text.Json;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>A side of the comparison did not do what it was asked.</summary>
/// <param name="message">What happened, in a sentence.</param>
internal sealed class SideException(string message) : Exception(message);

/// <summary>
/// One side of the comparison, a process of its own that takes commands, a line each, and answers each by a line of JSON. It is started when it is
/// first asked, and ended after any error: what a device was left in by one workload can't spoil the next.
/// </summary>
/// <param name="name">What people call it.</param>
/// <param name="program">The program.</param>
/// <param name="arguments">Its arguments.</param>
internal sealed class Side(string name, string program, params string[] arguments) : IDisposable
{
    private static readonly TimeSpan _end = TimeSpan.FromSeconds(10);

    private Process? process;

    /// <summary>ours, eager or compiled.</summary>
    public string Name => name;

    /// <summary>Whether there is a process, which may have something open.</summary>
    public bool IsRunning => process is not null;

    /// <summary>Asks for something.</summary>
    /// <param name="command">The command.</param>
    /// <param name="limit">How long to wait for the answer.</param>
    /// <exception cref="SideException">It answers with an error, does not answer in time, or ends.</exception>
    public JsonElement Ask(string command, TimeSpan limit)
    {
        string word = command.Split(' ')[0];
        if (limit <= TimeSpan.Zero)
            throw new SideException($"There was no time left for '{word}'.");
        string? line;
        try
        {
            process ??= Start();
            process.StandardInput.WriteLine(command);
            process.StandardInput.Flush();
            Task<string?> reading = process.StandardOutput.ReadLineAsync();
            if (Task.WaitAny([reading], limit) < 0)
            {
                Kill();
                throw new SideException(FormattableString.Invariant($"'{word}' took longer than the {limit.TotalSeconds:0} s that there were for it, and was ended."));
            }
            line = reading.GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is IOException or System.ComponentModel.Win32Exception)
        {
            throw new SideException(process is null ? $"'{program}' can't be started: {exception.Message}" : Ended(word));
        }
        return Parse(line ?? throw new SideException(Ended(word)), word);
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        if (process is null)
            return;
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended by itself.
        }
        if (process.WaitForExit(_end))
            Forget();
        else
            Kill();
    }

    // Its errors and chatter go where those of this process go.
    private Process Start() =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })
            ?? throw new IOException("nothing was started");

    private JsonElement Parse(string line, string word)
    {
        JsonElement answer;
        try
        {
            answer = JsonDocument.Parse(line).RootElement;
        }
        catch (JsonException)
        {
            Kill();
            throw new SideException($"'{word}' was answered by '{line}', which is not JSON.");
        }
        if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.String)
        {
            Dispose();
            throw new SideException(error.GetString()!);
        }
        return answer;
    }

    private string Ended(string word)
    {
        string code = process!.WaitForExit(_end) ? FormattableString.Invariant($" with exit code {process.ExitCode}") : "";
        Kill();
        return $"The process ended{code} at '{word}'.";
    }

    private void Kill()
    {
        process!.Kill(entireProcessTree: true);
        process.WaitForExit();
        Forget();
    }

    private void Forget()
    {
        process?.Dispose();
        process = null;
    }
}
