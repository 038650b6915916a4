using System.Text.RegularExpressions;

namespace FocalNet.Architecture.Tests;

/// <summary>What documents say is so.</summary>
public class DocumentTests
{
    private static IEnumerable<string> Documents =>
        Repository.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal) && !f.StartsWith("tests/Golden/", StringComparison.Ordinal));

    [Fact]
    public void Links_lead_to_files()
    {
        var link = new Regex(@"\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)|src=""(?!https?:)([^""]+)""");
        IEnumerable<string> broken =
            from file in Documents
            from Match match in link.Matches(Repository.Read(file))
            let target = match.Groups[1].Success ? match.Groups[1].Value : match.Groups[3].Value
            let path = Path.Combine(Repository.Root, Path.GetDirectoryName(file)!, target)
            where !File.Exists(path) && !Directory.Exists(path)
            select $"{file}: {target}";

        Assert.Empty(broken);
    }

    /// <summary>A heading's anchor is its words in lower case, with hyphens between them, and no other marks.</summary>
    [Fact]
    public void Links_lead_to_headings()
    {
        var heading = new Regex(@"^#+ (.+)$", RegexOptions.Multiline);
        IEnumerable<string> broken =
            from file in Documents
            from Match match in Regex.Matches(Repository.Read(file), @"\]\((?!https?:)([^)#\s]*\.md)?#([^)]+)\)")
            let target = match.Groups[1].Success ? Path.Combine(Path.GetDirectoryName(file)!, match.Groups[1].Value) : file
            let anchors = heading.Matches(Repository.Read(target)).Select(h => Regex.Replace(h.Groups[1].Value.ToLowerInvariant(), @"[^\w\- ]", "").Replace(' ', '-'))
            where !anchors.Contains(match.Groups[2].Value)
            select $"{file}: {match.Value}";

        Assert.Empty(broken);
    }

    /// <summary>Files and folders that the README names in its instructions, such as where an op is added.</summary>
    [Fact]
    public void Paths_in_the_README_exist()
    {
        IEnumerable<string> paths = Regex.Matches(Repository.Read("README.md"), @"`((Graph|Generators|Runtime|Model|samples|tests|docs)/[\w./]*)`").Select(m => m.Groups[1].Value);

        Assert.NotEmpty(paths);
        Assert.DoesNotContain(paths, p => !File.Exists(Path.Combine(Repository.Root, p)) && !Directory.Exists(Path.Combine(Repository.Root, p)));
    }

    /// <summary>A block of code under a comment with a file's name stands in that file, which is compiled; its comments may be left out.</summary>
    [Fact]
    public void Code_in_the_README_is_that_of_the_samples()
    {
        MatchCollection blocks = Regex.Matches(Repository.Read("README.md"), @"<!-- (\S+\.cs) -->\n```csharp\n(.*?)```", RegexOptions.Singleline);

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Empty(Lines(block.Groups[2].Value).Except(Lines(Repository.Read(block.Groups[1].Value)))));
    }

    /// <summary>The table of what people expect names the tests that show it.</summary>
    [Fact]
    public void Tests_that_documents_name_exist()
    {
        string[] named = [.. Documents.SelectMany(f => Regex.Matches(Repository.Read(f), @"`(\w+Tests)`").Select(m => m.Groups[1].Value)).Distinct()];
        HashSet<string> classes = [.. Repository.Files.Where(f => f.StartsWith("tests/", StringComparison.Ordinal) && f.EndsWith("Tests.cs", StringComparison.Ordinal)).Select(f => Path.GetFileNameWithoutExtension(f))];

        Assert.NotEmpty(named);
        Assert.Empty(named.Except(classes));
    }

    /// <summary>CI runs what people are told to run.</summary>
    [Fact]
    public void CI_runs_the_test_command_of_the_README()
    {
        Assert.Matches(@"(?m)^dotnet test\b", Repository.Read("README.md"));
        Assert.Matches(@"(?m)^step ""test"" dotnet test$", Repository.Read(".ci/run"));
    }

    private static IEnumerable<string> Lines(string code) => code.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0);
}
