using System.Globalization;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>
/// Answers commands: <c>open NETWORK inference|training strict|fast|bf16 N H W</c>; <c>time RUNS</c>; <c>write FOLDER</c>; <c>close</c>. Every answer is
/// one line of JSON, with "error" where something went wrong.
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
                string answer;
                try
                {
                    answer = Answer(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), line, ref open);
                }
                catch (Exception exception)
                {
                    // Whatever it is: who asked is told, and judges.
                    answer = Times.ToLine(new { error = exception.Message });
                }
                output.WriteLine(answer);
                output.Flush();
            }
            return 0;
        }
        finally
        {
            open?.Dispose();
        }
    }

    private static string Answer(string[] words, string line, ref OpenWorkload? open)
    {
        switch (words)
        {
            case ["open", ..]:
                open?.Dispose();
                open = null;
                open = new OpenWorkload(Workload.Parse(words.AsSpan(1)));
                return Times.ToLine(open.Facts);
            case ["time", var count] when open is not null && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int runs) && runs > 0:
                return Times.ToLine(new { milliseconds = open.Time(runs) });
            case ["write", ..] when open is not null && words.Length > 1:
                open.Write(line.Trim()["write".Length..].Trim());
                return Times.ToLine(new { written = true });
            case ["close"]:
                open?.Dispose();
                open = null;
                return Times.ToLine(new { closed = true });
            default:
                throw new FormatException($"'{line}' is no command, or needs an open workload.");
        }
    }
}
