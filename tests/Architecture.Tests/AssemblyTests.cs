using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json;

namespace FocalNet.Architecture.Tests;

/// <summary>What the built assemblies reference, whatever the project files say.</summary>
public class AssemblyTests
{
    [Fact]
    public void Graph_references_nothing_but_netstandard() =>
        Assert.Equal(["netstandard"], ReferencesOf("FocalNet.Graph"));

    [Fact]
    public void Runtime_references_nothing_but_the_framework() =>
        Assert.DoesNotContain(ReferencesOf("FocalNet.Runtime"), r => !IsFramework(r));

    [Fact]
    public void Model_references_the_framework_graph_and_runtime() =>
        Assert.Equal(["FocalNet.Graph", "FocalNet.Runtime"], ReferencesOf("FocalNet.Model").Where(r => !IsFramework(r)));

    [Fact]
    public void The_generator_references_graph_and_roslyn()
    {
        string[] allowed = ["FocalNet.Graph", "netstandard", "Microsoft.CodeAnalysis", "Microsoft.CodeAnalysis.CSharp", "System.Collections.Immutable", "System.Memory"];

        Assert.Empty(ReferencesOf("FocalNet.Generators").Except(allowed));
    }

    /// <summary>Trainer reaches the DSL through Model: it declares no networks of its own.</summary>
    [Fact]
    public void Trainer_references_model_runtime_and_its_packages()
    {
        string[] allowed = ["FocalNet.Graph", "FocalNet.Model", "FocalNet.Runtime", "NetVips", "System.CommandLine", "Spectre.Console", "Microsoft.Extensions.FileSystemGlobbing", "Spectre.Console.Ansi"];

        Assert.Empty(ReferencesOf("focalnet").Where(r => !IsFramework(r)).Except(allowed));
    }

    /// <summary>An embedder gets three assemblies and no package: the list that NuGet would make for him has no other library.</summary>
    [Fact]
    public void No_package_reaches_an_embedder_through_model()
    {
        string list = Path.Combine(OutputOf("Model", "net10.0"), "FocalNet.Model.deps.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(list));
        JsonElement target = document.RootElement.GetProperty("targets").EnumerateObject().Single(t => t.Name.StartsWith(".NETCoreApp")).Value;
        string[] carried =
        [
            .. from library in target.EnumerateObject()
               from kind in (string[])["runtime", "native", "runtimeTargets"]
               where library.Value.TryGetProperty(kind, out _)
               from file in library.Value.GetProperty(kind).EnumerateObject()
               select file.Name,
        ];

        Assert.Equal(["FocalNet.Graph.dll", "FocalNet.Model.dll", "FocalNet.Runtime.dll"], carried.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Graph_uses_no_files_clock_environment_or_threads()
    {
        string[] banned =
        [
            "System.IO", "System.Net", "System.Threading", "System.Diagnostics.Stopwatch", "System.Diagnostics.Process", "System.Console",
            "System.DateTime", "System.DateTimeOffset", "System.TimeZoneInfo", "System.Environment", "System.Random", "System.Guid",
            "System.Security", "System.AppDomain", "Microsoft.Win32",
        ];

        // Enumerators that the compiler writes ask for the present thread's number, so that they can be reused by it.
        Assert.Equal([], TypesUsedBy("FocalNet.Graph")
            .Where(t => banned.Any(b => t == b || t.StartsWith(b + ".")))
            .Where(t => t != "System.Environment" || MembersUsedOf("FocalNet.Graph", t).Any(m => m != "get_CurrentManagedThreadId")));
    }

    private static bool IsFramework(string name) =>
        name is "netstandard" or "mscorlib" || name.StartsWith("System.") && name is not "System.CommandLine";

    private static IEnumerable<string> ReferencesOf(string assembly) => Read(assembly, reader =>
        reader.AssemblyReferences.Select(h => reader.GetString(reader.GetAssemblyReference(h).Name)));

    private static IEnumerable<string> TypesUsedBy(string assembly) => Read(assembly, reader =>
        reader.TypeReferences.Select(h => FullName(reader, h)));

    private static IEnumerable<string> MembersUsedOf(string assembly, string type) => Read(assembly, reader =>
        from handle in reader.MemberReferences
        let member = reader.GetMemberReference(handle)
        where member.Parent.Kind == HandleKind.TypeReference && FullName(reader, (TypeReferenceHandle)member.Parent) == type
        select reader.GetString(member.Name));

    private static string FullName(MetadataReader reader, TypeReferenceHandle handle)
    {
        TypeReference type = reader.GetTypeReference(handle);
        return reader.GetString(type.Namespace) + "." + reader.GetString(type.Name);
    }

    private static string[] Read(string assembly, Func<MetadataReader, IEnumerable<string>> read)
    {
        using FileStream stream = File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"));
        using var image = new PEReader(stream);
        return [.. read(image.GetMetadataReader()).Order(StringComparer.Ordinal)];
    }

    // …/tests/Architecture.Tests/bin/Debug/net10.0: the configuration is the folder before the last.
    private static string OutputOf(string project, string framework)
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Name;
        return Path.Combine(Repository.Root, project, "bin", configuration, framework);
    }
}
