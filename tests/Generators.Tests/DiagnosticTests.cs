using FocalNet.Generators.Diagnostics;
using FocalNet.Generators.Model;
using FocalNet.Generators.Pipeline;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FocalNet.Generators.Tests;

/// <summary>Each diagnostic at its exact place. The place is marked «so» in the source.</summary>
public sealed class DiagnosticTests
{
    private static void AssertDiagnostic(string marked, string id, string message, params string[] otherFiles)
    {
        int start = marked.IndexOf('«'), end = marked.IndexOf('»') - 1;
        string source = marked.Replace("«", "").Replace("»", "");
        CSharpCompilation compilation = GeneratorHarness.Compile([source, .. otherFiles]);
        Diagnostic diagnostic = Assert.Single(GeneratorHarness.Generate(compilation).Diagnostics);
        Assert.Equal(id, diagnostic.Id);
        Assert.Equal(message, diagnostic.GetMessage());
        Assert.Equal("File0.cs", diagnostic.Location.GetLineSpan().Path);
        Assert.Equal(source[start..end], GeneratorHarness.TextAt(compilation, diagnostic));
        Assert.Equal(start, diagnostic.Location.SourceSpan.Start);
    }

    private static string InBody(string body) => $$"""
        static partial class Nets
        {
            [Network("Tiny")]
            static void Tiny(NetworkBuilder net)
            {
                Tensor x = net.Image("image", 3);
                {{body}}
                net.Output("out", x);
            }
        }
        """;

    [Fact]
    public void FN0001_shapes_that_do_not_fit() => AssertDiagnostic(
        InBody("""x = «x + net.Parameter("bias", Initializer.Constant(0), 5)»;"""),
        "FN0001", "add: the shapes [N,3,H,W] and [1,5,1,1] do not fit: each extent must be equal, or 1 in one of them.");

    [Fact]
    public void FN0001_names_the_calls_that_led_there() => AssertDiagnostic(
        """
        static partial class Nets
        {
            [Network("Tiny")]
            static void Tiny(NetworkBuilder net) => Block(net, net.Image("image", 3));

            static void Block(NetworkBuilder net, Tensor x) => «net.Output("image", x)»;
        }
        """,
        "FN0001", "The name 'image' is used twice. (in Nets.Block, called from Nets.Tiny at File0.cs:4)");

    [Fact]
    public void FN0001_thrown_by_the_declaration_itself() => AssertDiagnostic(
        InBody("""if (x.Channels == 3) «throw new GraphException($"{x.Channels} is odd.");»"""), "FN0001", "3 is odd.");

    [Fact]
    public void FN0001_a_network_without_output() => AssertDiagnostic(
        """
        static partial class Nets
        {
            [Network("Tiny")]
            static void «Tiny»(NetworkBuilder net) => net.Image("image", 3);
        }
        """,
        "FN0001", "The network Tiny declares no output.");

    [Fact]
    public void FN0001_in_training_mode_only_says_so() => AssertDiagnostic(
        InBody("""if (net.IsTraining) x = «x.Slice(0, 9)»;"""), "FN0001", "slice: channels 0 to 9 of a tensor [N,3,H,W], which has 3. [in training mode]");

    [Theory]
    [InlineData("«try { } finally { }»", "a 'try' statement; let the exception go: it becomes a compile error")]
    [InlineData("«lock (x) { }»", "a 'lock' statement; declarations run on one thread")]
    [InlineData("if (x is not null) «goto again;» again:", "a 'goto' or label; use a loop, 'break' or 'continue'")]
    [InlineData("var t = «typeof(int)»;", "'typeof'; use 'nameof' for a name")]
    [InlineData("dynamic d = 1; «d.M()»;", "'dynamic'; give the value its type")]
    [InlineData("ref Tensor «r = ref x»;", "a 'ref' local; use the variable or element itself")]
    public void FN0002_unsupported_code(string body, string message) =>
        AssertDiagnostic(InBody(body), "FN0002", "This C# is not supported in a network declaration: " + message);

    [Theory]
    [InlineData("using var s = (IDisposable?)null;", "")]
    [InlineData("int y = 3.Twice;", "static class E { extension(int i) { public int Twice => i * 2; } }")]
    [InlineData("var e = new Derived();", "class Derived : List<int> { }")]
    [InlineData("foreach (int i in new Own()) { }", "class Own { public IEnumerator<int> GetEnumerator() => new List<int>().GetEnumerator(); }")]
    [InlineData("_ = Task();", "", "static async System.Threading.Tasks.Task Task() => await System.Threading.Tasks.Task.Yield();")]
    [InlineData("Action a = () => { }; a += () => { };", "")]
    [InlineData("int g = Generic<int>.Count;", "static class Generic<T> { public static int Count = 1; }")]
    [InlineData("int z = Zero<Z>();", "interface IZ { static abstract int Value { get; } } class Z : IZ { public static int Value => 1; }", "static int Zero<T>() where T : IZ => T.Value;")]
    [InlineData("switch (x.Channels) { case 3: goto case 4; case 4: break; }", "")]
    [InlineData("Span<int> span = stackalloc int[3];", "")]
    [InlineData("System.Linq.Expressions.Expression<Func<int>> e = () => 1;", "")]
    public void FN0002_or_FN0005_whatever_else_is_not_supported(string body, string types, string members = "")
    {
        CSharpCompilation compilation = GeneratorHarness.Compile(InBody(body).TrimEnd().TrimEnd('}') + members + "}" + types);
        Assert.DoesNotContain(compilation.GetDiagnostics(), d => d.Severity == DiagnosticSeverity.Error);
        Assert.Contains(Assert.Single(GeneratorHarness.Generate(compilation).Diagnostics).Id, (string[])["FN0002", "FN0005"]);
    }

    [Fact]
    public void FN0002_an_iterator() => AssertDiagnostic(
        """
        static partial class Nets
        {
            [Network("Tiny")]
            static void Tiny(NetworkBuilder net)
            {
                foreach (int i in Numbers())
                    net.Output($"o{i}", net.Constant(i));
            }

            static IEnumerable<int> Numbers()
            {
                «yield return 1;»
            }
        }
        """,
        "FN0002",
        "This C# is not supported in a network declaration: an iterator method ('yield'); fill a List<T> and return it (in Nets.Numbers, called from Nets.Tiny at File0.cs:6)");

    [Fact]
    public void FN0002_code_that_does_not_compile() => AssertDiagnostic(
        InBody("x = «Missing(x)»;"), "FN0002",
        "This C# is not supported in a network declaration: 'Missing(x)' has compile errors, or uses what a generator makes; correct it, or write it out in this project");

    [Theory]
    [InlineData("static partial class Nets { [Network(\"N\")] static void «N»(int net) { } }", "'N' does not take a NetworkBuilder alone; a network is 'static void Name(NetworkBuilder net)' with a body.")]
    [InlineData("partial class Nets { [Network(\"N\")] void «N»(NetworkBuilder net) { } }", "'N' is not static; a network is 'static void Name(NetworkBuilder net)' with a body.")]
    [InlineData("static partial class Nets { [Network(\"N\")] static int «N»(NetworkBuilder net) => 1; }", "'N' returns something; a network is 'static void Name(NetworkBuilder net)' with a body.")]
    [InlineData("static partial class Nets { [Network(\"\")] static void «N»(NetworkBuilder net) { } }", "The network of 'N' has no name; write [Network(\"Name\")].")]
    [InlineData("static class Nets { [Network(\"N\")] static void «N»(NetworkBuilder net) { } }", "The type 'Nets' contains the network method 'N', to which the generator adds; declare it 'partial'.")]
    [InlineData("partial class Nets<T> { [Network(\"N\")] static void «N»(NetworkBuilder net) { } }", "The network method 'N' is in the generic type 'Nets'; move it to one that is not generic.")]
    public void FN0003_wrong_method(string source, string message) => AssertDiagnostic(source, "FN0003", message);

    [Theory]
    [InlineData("«while (true) { }»", "The declaration does not end within 1000000 loop iterations and calls; this loop or call was reached last.")]
    [InlineData("var a = «new int[int.MaxValue]»;", "This array has more than 4194304 elements.")]
    [InlineData("string s = \"ab\"; while (true) s = «s + s»;", "This text is longer than 4194304 characters.")]
    public void FN0004_limits(string body, string message) => AssertDiagnostic(InBody(body), "FN0004", message);

    [Fact]
    public void FN0004_endless_recursion()
    {
        CSharpCompilation compilation = GeneratorHarness.Compile(InBody("Endless(x); static Tensor Endless(Tensor t) => Endless(t);"));
        Diagnostic diagnostic = Assert.Single(GeneratorHarness.Generate(compilation).Diagnostics);
        Assert.Equal("FN0004", diagnostic.Id);
        Assert.Equal("Endless(t)", GeneratorHarness.TextAt(compilation, diagnostic));
    }

    [Fact]
    public void FN0005_a_member_that_is_not_allowed() => AssertDiagnostic(
        InBody("«Console.WriteLine(x)»;"), "FN0005",
        "'System.Console.WriteLine(object?)' of System.Console can't be evaluated in a network declaration; declare what it computes in this project, or pass it as a constant.");

    [Theory]
    [InlineData("int[] a = [1]; int b = «a[1]»;", "IndexOutOfRangeException: Index was outside the bounds of the array.")]
    [InlineData("int a = 0; a = «1 / a»;", "DivideByZeroException: Attempted to divide by zero.")]
    [InlineData("string? s = null; int n = «s»!.Length;", "NullReferenceException: 's' uses null.")]
    [InlineData("«throw new InvalidOperationException(\"No.\");»", "InvalidOperationException: No.")]
    [InlineData("object o = 1; var s = «(string)o»;", "InvalidCastException: a Int32 is no string.")]
    [InlineData("int s = «x.Channels switch { 4 => 1 }»;", "SwitchExpressionException: no arm matches the value '3'.")]
    [InlineData("int m = «new List<int>().Max()»;", "InvalidOperationException: Sequence contains no elements")]
    [InlineData("byte b = checked(«(byte)(x.Channels * 100)»);", "OverflowException: Arithmetic operation resulted in an overflow.")]
    public void FN0006_exceptions(string body, string message) => AssertDiagnostic(InBody(body), "FN0006", message);

    [Fact]
    public void FN0006_inside_a_lambda_that_linq_calls() => AssertDiagnostic(
        InBody("int n = new[] { 1, 0 }.Select(i => «1 / i»).Sum();"), "FN0006", "DivideByZeroException: Attempted to divide by zero.");

    [Fact]
    public void FN0007_two_networks_of_one_name() => AssertDiagnostic(
        """
        namespace Zoo;

        static partial class Nets
        {
            [Network("Tiny")]
            static void First(NetworkBuilder net) => net.Output("o", net.Constant(1));

            [«Network("Tiny")»]
            static void Second(NetworkBuilder net) => net.Output("o", net.Constant(1));
        }
        """,
        "FN0007", "The network name 'Tiny' is already that of 'Zoo.Nets.First'; give this one another.");

    [Theory]
    [InlineData("«DateTime.Now»", "System.DateTime.Now")]
    [InlineData("«new Random()».Next()", "System.Random.Random()")]
    [InlineData("«Environment.ProcessorCount»", "System.Environment.ProcessorCount")]
    [InlineData("«Guid.NewGuid()»", "System.Guid.NewGuid()")]
    [InlineData("«\"a\".GetHashCode()»", "string.GetHashCode()")]
    [InlineData("«System.IO.File.ReadAllText(\"a\")»", "System.IO.File.ReadAllText(string)")]
    public void FN0008_what_differs_from_build_to_build(string expression, string member) => AssertDiagnostic(
        InBody($"var v = {expression};"), "FN0008",
        $"'{member}' differs from build to build or from machine to machine; a network declaration must always mean the same network.");

    [Fact]
    public void FN0009_is_reported_at_the_method_of_the_network()
    {
        var location = new LocationInfo("File.cs", new(10, 4), new(new(1, 2), new(1, 6)));
        var declaration = new NetworkDeclaration("M:Nets.Tiny", "Nets.Tiny", "Tiny", true, location, location);
        var failed = new EmittedNetwork("Nets.Tiny", "Tiny", null, "The arena is too large.");
        Diagnostic diagnostic = failed.Diagnose([declaration]).ToDiagnostic();
        Assert.Equal("FN0009", diagnostic.Id);
        Assert.Equal("The network 'Tiny' can't be compiled: The arena is too large.", diagnostic.GetMessage());
        Assert.Equal(location.Lines, diagnostic.Location.GetLineSpan().Span);
    }

    [Fact]
    public void Equal_diagnostics_are_equal_values()
    {
        var location = new LocationInfo("File.cs", new(10, 4), new(new(1, 2), new(1, 6)));
        DiagnosticInfo a = DiagnosticInfo.Create(Descriptors.GraphError, location, "text");
        Assert.Equal(a, DiagnosticInfo.Create(Descriptors.GraphError, location with { }, "text"));
        Assert.NotEqual(a, DiagnosticInfo.Create(Descriptors.GraphError, location, "other"));
        Assert.Equal(new EquatableArray<string>(["a"]).GetHashCode(), new EquatableArray<string>(["a"]).GetHashCode());
    }

    [Fact]
    public void Every_diagnostic_has_its_section_in_the_help_text()
    {
        string[] ids = [.. typeof(Descriptors).GetFields().Select(f => ((DiagnosticDescriptor)f.GetValue(null)!).Id)];
        Assert.Equal(9, ids.Distinct().Count());
        string help = GeneratorHarness.Resource("diagnostics.md");
        Assert.All(ids, id => Assert.Contains($"## {id}\n", help));
    }

    [Fact]
    public void Cancellation_stops_the_evaluation()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
        CSharpCompilation compilation = GeneratorHarness.Compile(InBody("for (int i = 0; i < 900; i++) for (int j = 0; j < 900; j++) { }"));
        Assert.ThrowsAny<OperationCanceledException>(() => GeneratorHarness.Driver().RunGenerators(compilation, source.Token));
    }
}
