using System.Globalization;
using System.Text.Json;
using FocalNet.Runtime;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>
/// Answers commands: <c>workloads</c>, <c>workloads quick</c>; <c>open NETWORK inference|training strict|fast|bf16 N H W</c>; <c>time RUNS</c>; <c>write FOLDER</c>;
/// <c>close</c>. Every answer is one line of JSON, with "error" where something went wrong.
/// </summary>
internal static class Server
{
    public static int Run(TextReader input, TextWriter output)
    {
        OpenWorkload? open = null;
        try
        {
            while (input.ReadLine() is { } line)
            {
                object answer;
                try
                {
                    answer = Answer(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), line, ref open);
                }
                catch (Exception exception) when (exception is DeviceException or FormatException or InvalidOperationException or IOException)
                {
                    answer = new { error = exception.Message };
                }
                output.WriteLine(JsonSerializer.Serialize(answer));
                output.Flush();
            }
            return 0;
        }
        finally
        {
            open?.Dispose();
        }
    }

    private static object Answer(string[] words, string line, ref OpenWorkload? open)
    {
        switch (words)
        {
            case ["workloads"]:
                return new { workloads = Workload.All.Select(w => w.ToString()) };
            case ["workloads", "quick"]:
                return new { workloads = Workload.Quick.Select(w => w.ToString()) };
            case ["open", ..]:
                open?.Dispose();
                open = null;
                open = new OpenWorkload(Workload.Parse(words.AsSpan(1)));
                return AllWorkloads.Facts(open);
            case ["time", var count] when open is not null && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int runs) && runs > 0:
                return new { milliseconds = open.Time(runs) };
            case ["write", ..] when open is not null && words.Length > 1:
                open.Write(line.Trim()["write".Length..].Trim());
                return new { written = true };
            case ["close"]:
                open?.Dispose();
                open = null;
                return new { closed = true };
            default:
                throw new FormatException($"'{line}' is no command, or needs an open workload.");
        }
    }
}
