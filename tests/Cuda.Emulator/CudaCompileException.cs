namespace FocalNet.Tests.Cuda;

/// <summary>A CUDA text that a compiler refuses, with the compiler's words and the lines they speak of.</summary>
public sealed class CudaCompileException(string message, string output) : Exception(message)
{
    /// <summary>All that the compiler printed.</summary>
    public string Output { get; } = output;

    internal static CudaCompileException From(string tool, string text, string output)
    {
        var lines = text.Split('\n');
        var errors = output.Split('\n').Where(line => line.Contains("error", StringComparison.Ordinal)).Take(8)
            .Select(line => line + SourceOf(line, lines)).ToArray();
        var shown = errors.Length > 0 ? string.Join('\n', errors) : output;
        return new($"{tool} refuses the CUDA text:\n{shown}", output);
    }

    private static string SourceOf(string message, string[] lines)
    {
        const string mark = "kernels.cu:";
        var at = message.IndexOf(mark, StringComparison.Ordinal);
        if (at < 0) return "";
        var digits = new string([.. message.AsSpan(at + mark.Length).ToString().TakeWhile(char.IsAsciiDigit)]);
        return int.TryParse(digits, out var line) && line >= 1 && line <= lines.Length ? $"\n    | {lines[line - 1].Trim()}" : "";
    }
}
