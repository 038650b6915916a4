using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace FocalNet.Architecture.Tests;

/// <summary>What each project file may reference: the table of the README's data-flow map.</summary>
public class ProjectReferenceTests
{
    /// <summary>Projects and packages that a project may reference. Anything else is an error here before it is one in a design.</summary>
    public static TheoryData<string, string[], string[]> Allowed => new()
    {
        { "Graph", [], ["PolySharp"] },
        { "Runtime", [], [] },
        { "Generators", ["Graph"], ["Microsoft.CodeAnalysis.CSharp", "Microsoft.CodeAnalysis.Analyzers", "PolySharp"] },
        { "Model", ["Graph", "Generators", "Runtime"], [] },
        { "Trainer", ["Model", "Runtime"], ["NetVips", "NetVips.Native", "System.CommandLine", "Spectre.Console", "Microsoft.Extensions.FileSystemGlobbing"] },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void A_project_references_only_what_it_may(string project, string[] projects, string[] packages)
    {
        XDocument file = Repository.ProjectOf(project);

        Assert.Empty(Includes(file, "ProjectReference").Select(p => Path.GetFileNameWithoutExtension(p)).Except(projects));
        Assert.Empty(Includes(file, "PackageReference").Except(packages));
        Assert.Empty(Includes(file, "Reference"));
        Assert.Empty(Includes(file, "FrameworkReference"));
    }

    [Fact]
    public void The_table_names_every_project_that_ships()
    {
        Assert.Equal(Repository.Projects.Order(), Allowed.Select(row => row.Data.Item1).Order());
        Assert.Equal(
            Repository.Projects.Select(p => $"{p}/{p}.csproj").Order(StringComparer.Ordinal),
            Repository.ProjectFiles.Where(f => !f.StartsWith("tests/", StringComparison.Ordinal) && !f.StartsWith("samples/", StringComparison.Ordinal)));
    }

    /// <summary>An embedder carries Graph, Runtime and Model: their packages, if any, must stay in their own build.</summary>
    [Theory]
    [InlineData("Graph")]
    [InlineData("Runtime")]
    [InlineData("Model")]
    public void Packages_of_embedded_projects_stay_private(string project)
    {
        IEnumerable<XElement> packages = Repository.ProjectOf(project).Descendants("PackageReference");

        Assert.All(packages, p => Assert.Equal("all", (string?)p.Attribute("PrivateAssets")));
    }

    /// <summary>The compiler loads the generator: Model must not reference it, or Roslyn would reach every embedder.</summary>
    [Fact]
    public void Model_uses_the_generator_as_an_analyzer_alone()
    {
        XElement generator = Repository.ProjectOf("Model").Descendants("ProjectReference").Single(r => ((string)r.Attribute("Include")!).EndsWith("Generators.csproj"));

        Assert.Equal("Analyzer", (string?)generator.Attribute("OutputItemType"));
        Assert.Equal("false", (string?)generator.Attribute("ReferenceOutputAssembly"));
    }

    /// <summary>The C# compiler runs on more than one runtime and loads one Graph: a second target would be loaded by mistake.</summary>
    [Theory]
    [InlineData("Graph")]
    [InlineData("Generators")]
    public void What_the_compiler_loads_has_the_single_target_netstandard(string project)
    {
        XDocument file = Repository.ProjectOf(project);

        Assert.Equal(["netstandard2.0"], file.Descendants("TargetFramework").Select(e => e.Value));
        Assert.Empty(file.Descendants("TargetFrameworks"));
    }

    [Fact]
    public void Roslyn_appears_in_the_generator_alone()
    {
        IEnumerable<string> elsewhere = Repository.Projects.Where(p => p != "Generators").SelectMany(Repository.Sources)
            .Concat(Repository.ProjectFiles.Where(f => f.Split('/') is [not "Generators" and not "tests", ..]));

        Assert.Empty(Repository.Matches(elsewhere, new Regex(@"Microsoft\.CodeAnalysis")));
    }

    [Fact]
    public void Every_project_has_its_lock_file()
    {
        string[] missing = [.. Repository.ProjectFiles.Select(p => Path.GetDirectoryName(p)!.Replace('\\', '/') + "/packages.lock.json").Except(Repository.Files)];

        Assert.Empty(missing);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = Repository.Read("FocalNet.Compiler.sln").Replace('\\', '/');

        Assert.All(Repository.ProjectFiles, p => Assert.Contains($"\"{p}\"", solution));
    }

    /// <summary>One place for versions: Directory.Packages.props.</summary>
    [Fact]
    public void No_project_names_a_package_version()
    {
        IEnumerable<XElement> references = Repository.ProjectFiles.SelectMany(f => Repository.Project(f).Descendants("PackageReference"));

        Assert.All(references, r => Assert.False(r.Attributes().Any(a => a.Name.LocalName.StartsWith("Version")), r.ToString()));
    }

    private static IEnumerable<string> Includes(XDocument file, string element) =>
        file.Descendants(element).Select(e => ((string?)e.Attribute("Include") ?? (string?)e.Attribute("Update") ?? "").Replace('\\', '/'));
}
