using System.Text.RegularExpressions;

namespace FocalNet.Architecture.Tests;

/// <summary>What no source file may contain, and where files may lie.</summary>
public class SourceTests
{
    private static readonly string[] TextEndings = [".cs", ".csproj", ".props", ".targets", ".sln", ".md", ".json", ".editorconfig", "/run"];

    private static IEnumerable<string> Sources => Repository.Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal) && f != Self);

    // This file names what it forbids.
    private const string Self = "tests/Architecture.Tests/SourceTests.cs";

    [Fact]
    public void Nothing_is_left_to_be_done() =>
        Assert.Empty(Repository.Matches(Sources, new Regex(@"throw new NotImplementedException|\b(TODO|FIXME|HACK|XXX)\b")));

    // The places that skip, where g++, clang or mpirun is missing, and fail instead where they are demanded, as CI does; the second also
    // skips what a real GPU can't be made to do.
    private static readonly string[] SkippingFiles =
    [
        "tests/Cuda.Tests/Support/Requires.cs", "tests/Cuda.Device.Tests/Support/DeviceUnderTest.cs", "tests/Trainer.Tests/Distributed/RequiresMpi.cs",
    ];

    [Fact]
    public void No_test_is_skipped_or_switched_off() =>
        Assert.Empty(Repository.Matches(Sources.Except(SkippingFiles), new Regex(@"\bSkip(When|Unless|Type)?\s*=|Assert\.Skip(?!When\(OperatingSystem\.IsWindows|Unless\((OperatingSystem\.IsLinux|Avx2\.IsSupported))|\bExplicit\s*=\s*true|^\s*#if (false|NEVER)")));

    [Fact]
    public void No_file_knows_the_machine_it_was_written_on()
    {
        IEnumerable<string> text = Repository.Files.Where(f => f != Self && TextEndings.Any(e => f.EndsWith(e, StringComparison.Ordinal)));

        Assert.Empty(Repository.Matches(text, new Regex(@"/work/|/home/\w|/root/|/Users/\w|[A-Z]:\\Users|\.\./shared\b")));
    }

    [Fact]
    public void Numbers_are_printed_and_parsed_in_the_invariant_culture() =>
        Assert.Empty(Repository.Matches(Sources, new Regex(@"\.ToString\(""[FGE]\d*""\)|(double|float|int|long)\.Parse\(\w+\)")));

    /// <summary>The clock and the file system reach Graph only through its callers; also names that no metadata shows, such as constants.</summary>
    [Fact]
    public void Graph_names_no_files_clock_or_environment() =>
        Assert.Empty(Repository.Matches(
            Repository.Sources("Graph"), new Regex(@"System\.IO|\bFile\.|\bDateTime|\bStopwatch\b|\bEnvironment\.|\bConsole\.|\bThread\b|new Random\(")));

    [Fact]
    public void The_top_level_is_as_the_README_maps_it()
    {
        string[] folders = ["Generators", "Graph", "Model", "Runtime", "Trainer", "docs", "samples", "tests", "tools", ".ci"];
        string[] files =
        [
            "FocalNet.Compiler.sln", "README.md", "LICENSE", "THIRD-PARTY-NOTICES.md", "Directory.Build.props", "Directory.Packages.props",
            "global.json", ".editorconfig", ".gitignore", ".gitattributes",
        ];
        // In a worktree .git is a file.
        string[] present = [.. Repository.Files.Select(f => f.Split('/')[0]).Where(f => f != ".git").Distinct()];

        Assert.Empty(present.Except([.. folders, .. files]));
        Assert.Empty(new[] { "FocalNet.Compiler.sln", "Graph", "Generators", "Runtime", "Model", "Trainer", "tests", "README.md", "LICENSE" }.Except(present));
    }

    /// <summary>PyTorch, which the CUDA device is measured against, is Python: that side of the comparison alone is.</summary>
    [Fact]
    public void There_is_no_Python_but_for_the_peer() =>
        Assert.DoesNotContain(
            Repository.Files.Where(f => !f.StartsWith("tools/gpu-check/", StringComparison.Ordinal)), f => Path.GetExtension(f) is ".py" or ".ipynb" or ".pyc");
}
