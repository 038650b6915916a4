using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FocalNet.Generators.Tests;

/// <summary>An edit that changes no network emits nothing again.</summary>
public sealed class IncrementalityTests
{
    private const string Source = """
        static partial class Nets
        {
            [Network("Tiny")]
            static void Tiny(NetworkBuilder net)
            {
                Tensor x = net.Image("image", 3);
                net.Output("out", Helper.Scale(x));
            }
        }
        """;

    private const string HelperSource = """
        static class Helper
        {
            public static Tensor Scale(Tensor x) => x * 2;
        }
        """;

    private static (IncrementalStepRunReason Model, IncrementalStepRunReason Emit) AfterEdit(int file, string edited)
    {
        CSharpCompilation before = GeneratorHarness.Compile(Source, HelperSource);
        GeneratorDriver driver = GeneratorHarness.Driver().RunGenerators(before);
        SyntaxTree old = before.SyntaxTrees.Single(t => t.FilePath == $"File{file}.cs");
        CSharpCompilation after = before.ReplaceSyntaxTree(old, GeneratorHarness.Parse(edited, old.FilePath));
        GeneratorRunResult result = driver.RunGenerators(after).GetRunResult().Results[0];
        Assert.Empty(result.Diagnostics);
        return (Reason(result, WellKnownTrackingNames.Model), Reason(result, WellKnownTrackingNames.Emit));
    }

    private static IncrementalStepRunReason Reason(GeneratorRunResult result, string step) =>
        Assert.Single(Assert.Single(result.TrackedSteps[step]).Outputs).Reason;

    [Theory]
    [InlineData(0, "// moved\n\n\n" + Source)]
    [InlineData(1, HelperSource + "\nclass Unrelated { }")]
    [InlineData(1, "// A comment.\n" + HelperSource)]
    public void An_edit_that_changes_no_network_emits_nothing(int file, string edited) => Assert.Equal(
        (IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached), AfterEdit(file, edited));

    [Fact]
    public void A_comment_or_line_break_within_an_expression_emits_nothing() => Assert.Equal(
        (IncrementalStepRunReason.Cached, IncrementalStepRunReason.Cached),
        AfterEdit(0, Source.Replace("net.Image(", "net\n   .Image( // RGB\n")));

    [Fact]
    public void Another_graph_is_emitted_even_if_another_file_changed_it() => Assert.Equal(
        (IncrementalStepRunReason.Modified, IncrementalStepRunReason.Modified), AfterEdit(1, HelperSource.Replace('2', '3')));

    [Fact]
    public void Another_origin_is_another_model() => Assert.Equal(
        IncrementalStepRunReason.Modified, AfterEdit(1, HelperSource.Replace("x * 2", "x * (1 + 1)")).Model);

    [Fact]
    public void No_symbol_or_syntax_crosses_the_steps()
    {
        GeneratorRunResult result = GeneratorHarness.Generate(GeneratorHarness.Compile(Source, HelperSource));
        var steps = result.TrackedSteps.Where(s => s.Key is "Find" or "Read" or "Model" or "Emit" or "Diagnose").SelectMany(s => s.Value);
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        foreach (object value in steps.SelectMany(s => s.Outputs).Select(o => o.Value))
            Visit(value, seen);
        Assert.NotEmpty(seen);
    }

    private static void Visit(object? value, HashSet<object> seen)
    {
        if (value is null or string || value.GetType() is { IsPrimitive: true } or { IsEnum: true } || value is DiagnosticDescriptor || !seen.Add(value))
            return;
        Assert.False(value is ISymbol or SyntaxNode or SyntaxTree or Compilation or SemanticModel or IOperation, $"A {value.GetType()} crosses the steps.");
        if (value is System.Collections.IEnumerable items)
        {
            foreach (object? item in items)
                Visit(item, seen);
            return;
        }
        foreach (var field in value.GetType().GetFields(System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Public))
            Visit(field.GetValue(value), seen);
    }
}
