using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace FocalNet.Architecture.Tests;

/// <summary>The repository's sources, as files.</summary>
internal static class Repository
{
    private static readonly string[] BuildFolders = ["bin", "obj", "artifacts", "TestResults", "runs", "restored"];

    /// <summary>Folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The five folders that ship.</summary>
    public static IReadOnlyList<string> Projects { get; } = ["Graph", "Generators", "Runtime", "Model", "Trainer"];

    /// <summary>All files that are no build output, as paths relative to the root with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Walk(new DirectoryInfo(Root)).Order(StringComparer.Ordinal)];

    /// <summary>All project files.</summary>
    public static IReadOnlyList<string> ProjectFiles { get; } = [.. Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal))];

    /// <summary>The C# files under a folder.</summary>
    public static IEnumerable<string> Sources(string folder) =>
        Files.Where(f => f.StartsWith(folder + "/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>The text of a file.</summary>
    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>A project file as XML.</summary>
    public static XDocument Project(string file) => XDocument.Parse(Read(file));

    /// <summary>The project file of a folder.</summary>
    public static XDocument ProjectOf(string folder) => Project($"{folder}/{folder}.csproj");

    /// <summary>Lines of files that match, as <c>file:line: text</c>.</summary>
    public static IEnumerable<string> Matches(IEnumerable<string> files, Regex pattern) =>
        from file in files
        from line in Read(file).Split('\n').Select((text, index) => (text, number: index + 1))
        where pattern.IsMatch(line.text)
        select $"{file}:{line.number}: {line.text.Trim()}";

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "FocalNet.Compiler.sln")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException(
            $"No folder above {AppContext.BaseDirectory} has the solution. Architecture tests look at the sources and run only where they were built.");
    }

    private static IEnumerable<string> Walk(DirectoryInfo folder)
    {
        foreach (FileInfo file in folder.EnumerateFiles())
            yield return Path.GetRelativePath(Root, file.FullName).Replace('\\', '/');
        foreach (DirectoryInfo child in folder.EnumerateDirectories())
        {
            // .git and editors' folders; .ci is the only hidden one that is ours.
            bool hidden = child.Name.StartsWith('.') && child.Name != ".ci";
            if (hidden || BuildFolders.Contains(child.Name))
                continue;
            foreach (string file in Walk(child))
                yield return file;
        }
    }
}
