using System.Reflection;
using FocalNet.Generators.Model;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FocalNet.Generators.Tests;

/// <summary>Compiles sources in memory, reads their networks with the generator, and runs them.</summary>
internal static class GeneratorHarness
{
    private const string GlobalUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.Linq;
        global using FocalNet.Graph;
        global using FocalNet.Graph.Dsl;
        global using FocalNet.Graph.Ir;
        global using FocalNet.Graph.Ops;
        """;

    private static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest);

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name is "netstandard.dll" or "mscorlib.dll"))
            .Select(path => MetadataReference.CreateFromFile(path)),
        MetadataReference.CreateFromFile(typeof(NetworkBuilder).Assembly.Location),
    ];

    public static CSharpCompilation Compile(params string[] sources) => CSharpCompilation.Create(
        $"Test{Guid.NewGuid():N}",
        [Parse(GlobalUsings, "Usings.cs"), .. sources.Select((text, i) => Parse(text, $"File{i}.cs"))],
        References,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    public static SyntaxTree Parse(string source, string path) => CSharpSyntaxTree.ParseText(source, ParseOptions, path, System.Text.Encoding.UTF8);

    public static GeneratorDriver Driver(BuildProperties? properties = null) => CSharpGeneratorDriver.Create(
        [new NetworkGenerator().AsSourceGenerator()],
        parseOptions: ParseOptions,
        optionsProvider: properties,
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    public static GeneratorRunResult Generate(CSharpCompilation compilation)
    {
        GeneratorRunResult result = Driver().RunGenerators(compilation).GetRunResult().Results[0];
        return result.Exception is null ? result : throw new InvalidOperationException(result.Exception.ToString());
    }

    /// <summary>The networks that the generator reads; fails on any diagnostic.</summary>
    public static IReadOnlyList<NetworkModel> Read(CSharpCompilation compilation)
    {
        GeneratorRunResult result = Generate(compilation);
        Assert.True(result.Diagnostics.IsEmpty, string.Join('\n', result.Diagnostics.Select(d => $"{d} «{TextAt(compilation, d)}»")));
        return [.. result.TrackedSteps["Model"].SelectMany(s => s.Outputs).Select(o => (NetworkModel)o.Value)];
    }

    /// <summary>The IR text that running a network's method makes.</summary>
    public static string Run(Assembly assembly, NetworkModel model, NetworkMode mode)
    {
        string type = string.Join("+", model.Types.Select(t => t.Name));
        MethodInfo method = assembly.GetType(model.Namespace.Length == 0 ? type : $"{model.Namespace}.{type}")!
            .GetMethod(model.Method, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;
        var builder = new NetworkBuilder(model.Name, mode);
        method.CreateDelegate<Action<NetworkBuilder>>()(builder);
        return IrPrinter.Print(builder.Build());
    }

    public static Assembly Load(CSharpCompilation compilation)
    {
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
        return Assembly.Load(image.ToArray());
    }

    /// <summary>Reading and running must print the same IR, to the letter, in each mode.</summary>
    public static IReadOnlyList<NetworkModel> AssertReadEqualsRun(params string[] sources)
    {
        CSharpCompilation compilation = Compile(sources);
        Assembly assembly = Load(compilation);
        IReadOnlyList<NetworkModel> models = Read(compilation);
        Assert.NotEmpty(models);
        foreach (NetworkModel model in models)
        {
            Assert.Equal(Run(assembly, model, NetworkMode.Inference), model.Inference.Text);
            if (model.Training is { } training)
                Assert.Equal(Run(assembly, model, NetworkMode.Training), training.Text);
        }
        return models;
    }

    public static string TextAt(CSharpCompilation compilation, Diagnostic diagnostic)
    {
        SyntaxTree tree = compilation.SyntaxTrees.Single(t => t.FilePath == diagnostic.Location.GetLineSpan().Path);
        return tree.GetText().ToString(diagnostic.Location.SourceSpan);
    }

    public static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(GeneratorHarness).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
