using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.FileSystemGlobbing;

namespace FocalNet.Trainer.Files;

/// <summary>
/// A path with wildcards: * for any part of a name, ? for one character of it, ** for any folders, none included. As on a shell,
/// letters count as different where they do so in the names of files.
/// </summary>
internal sealed class FilePattern
{
    // The library that walks the folders knows no ?: it looks with * in its place, and this decides.
    private readonly Regex? _exact;
    private readonly string _wide;

    private FilePattern(string root, string pattern)
    {
        Root = root;
        _wide = pattern.Replace('?', '*');
        _exact = _wide == pattern ? null : new Regex(Expression(pattern), RegexOptions.CultureInvariant | RegexOptions.Singleline
            | (FilePaths.Comparison == StringComparison.OrdinalIgnoreCase ? RegexOptions.IgnoreCase : RegexOptions.None));
    }

    /// <summary>The folders before the first wildcard; empty for the working folder.</summary>
    public string Root { get; }

    /// <summary>A pattern from text; null if there is no wildcard in it.</summary>
    public static FilePattern? Parse(string text)
    {
        var path = OperatingSystem.IsWindows() ? text.Replace('\\', '/') : text;
        // The ? of a long path on Windows is none.
        var start = path.StartsWith("//?/", StringComparison.Ordinal) ? 4 : 0;
        var wildcard = path.AsSpan(start).IndexOfAny('*', '?');
        if (wildcard < 0)
        {
            return null;
        }

        var slash = path.LastIndexOf('/', start + wildcard);
        return slash < 0 ? new FilePattern("", path) : new FilePattern(path[..Math.Max(1, slash)], path[(slash + 1)..]);
    }

    /// <summary>The full paths of the files that match, in no order.</summary>
    public IEnumerable<string> Matches()
    {
        var root = Root.Length == 0 ? "." : Root;
        if (!Directory.Exists(root))
        {
            return [];
        }

        var matcher = new Matcher(FilePaths.Comparison);
        matcher.AddInclude(_wide);
        var found = matcher.GetResultsInFullPath(root);
        return _exact is null ? found : found.Where(path => _exact.IsMatch(Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/')));
    }

    private static string Expression(string pattern)
    {
        var text = new StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '*' when pattern.AsSpan(i).StartsWith("**/"):
                    text.Append("(?:[^/]+/)*");
                    i += 2;
                    break;
                case '*' when pattern.AsSpan(i).StartsWith("**"):
                    text.Append(".*");
                    i++;
                    break;
                case '*':
                    text.Append("[^/]*");
                    break;
                case '?':
                    // What lies beyond the first plane of Unicode has two of what .NET calls a character.
                    text.Append(@"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^/])");
                    break;
                default:
                    text.Append(Regex.Escape(pattern[i].ToString()));
                    break;
            }
        }

        return text.Append('$').ToString();
    }
}
