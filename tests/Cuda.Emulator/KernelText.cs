using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace FocalNet.Tests.Cuda;

/// <summary>A kernel as its text declares it. <paramref name="LaunchBound"/> is null unless it is a plain number.</summary>
public sealed record KernelDeclaration(string Name, int? LaunchBound, int Line);

/// <summary>What the emulator must know of a CUDA text before it compiles it.</summary>
public static partial class KernelText
{
    /// <summary>The one name under which a kernel declares dynamic shared memory.</summary>
    public const string DynamicShared = "dynamic_shared";

    [GeneratedRegex(@"__global__\s+(?:void\s+)?(?:__launch_bounds__\s*\(\s*(?<bound>[^),]*)[^)]*\)\s*)?(?:void\s+)?(?<name>[A-Za-z_]\w*)\s*\(")]
    private static partial Regex Kernel();

    [GeneratedRegex(@"extern\s+__shared__[^;]*?\b(?<name>[A-Za-z_]\w*)\s*\[\s*\]\s*;")]
    private static partial Regex Dynamic();

    [GeneratedRegex(@"^[ \t]*#[ \t]*include\b", RegexOptions.Multiline)]
    private static partial Regex Include();

    /// <summary>The kernels of a text, in its order.</summary>
    public static IReadOnlyList<KernelDeclaration> Kernels(string text)
    {
        var code = BlankComments(text);
        return [.. Kernel().Matches(code).Select(match => new KernelDeclaration(
            match.Groups["name"].Value,
            int.TryParse(match.Groups["bound"].Value.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var bound) ? bound : null,
            LineOf(code, match.Index)))];
    }

    /// <summary>Refuses what the contract of the emulator rules out.</summary>
    /// <exception cref="CudaCompileException">An include, or dynamic shared memory under another name.</exception>
    public static void Check(string text)
    {
        var code = BlankComments(text);
        if (Include().Match(code) is { Success: true } include)
            throw new CudaCompileException($"kernels.cu:{LineOf(code, include.Index)}: CUDA texts include nothing, as NVRTC has no headers.", "");
        foreach (Match match in Dynamic().Matches(code))
            if (match.Groups["name"].Value != DynamicShared)
                throw new CudaCompileException(
                    $"kernels.cu:{LineOf(code, match.Index)}: dynamic shared memory is declared as " +
                    $"'extern __shared__ __align__(16) unsigned char {DynamicShared}[];', not as '{match.Groups["name"].Value}'.", "");
    }

    /// <summary>The text with comments, strings and characters blanked: same length, same lines.</summary>
    public static string BlankComments(string text)
    {
        var result = new StringBuilder(text);
        for (var i = 0; i < text.Length; i++)
        {
            var end = text[i] switch
            {
                '/' when At(text, i + 1) == '/' => End(text, "\n", i) - 1,
                '/' when At(text, i + 1) == '*' => End(text, "*/", i + 2),
                '"' or '\'' => EndOfLiteral(text, i),
                _ => i,
            };
            if (end == i) continue;
            for (; i < end && i < text.Length; i++) if (text[i] != '\n') result[i] = ' ';
            i--;
        }
        return result.ToString();
    }

    /// <summary>The line of a position, from 1.</summary>
    public static int LineOf(string text, int position) => text.AsSpan(0, position).Count('\n') + 1;

    private static char At(string text, int i) => i < text.Length ? text[i] : '\0';

    private static int End(string text, string mark, int from)
    {
        var found = from < text.Length ? text.IndexOf(mark, from, StringComparison.Ordinal) : -1;
        return found < 0 ? text.Length : found + mark.Length;
    }

    private static int EndOfLiteral(string text, int start)
    {
        for (var i = start + 1; i < text.Length && text[i] != '\n'; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == text[start]) return i + 1;
        }
        return start + 1;
    }
}
