using System.Text;
using CsCheck;

namespace FocalNet.Generators.Tests;

/// <summary>Random small programs: reading equals running.</summary>
public sealed class PropertyTests
{
    // Programs over tensors a, b, integers i, j, doubles d and texts s, all of which exist when a statement runs.
    private static readonly Gen<string> Integer = Recursive(
        Gen.OneOfConst("i", "j", "k.Length", "3", "-7", "a.Channels", "(net.IsTraining ? 1 : 2)"),
        inner => Gen.Select(inner, Gen.OneOfConst("+", "-", "*", "&", "|", "^"), inner, (x, op, y) => $"({x}) {op} ({y})"),
        inner => Gen.Select(inner, Gen.Int[1, 9], Gen.OneOfConst("/", "%", ">>", "<<"), (x, n, op) => $"({x}) {op} {n}"),
        inner => inner.Select(x => $"({x}) switch {{ < 0 => -1, 0 or 1 => j, var n when n % 2 == 0 => n / 2, _ => unchecked((int)(byte)({x})) }}"));

    private static readonly Gen<string> Number = Recursive(
        Gen.OneOf(Gen.OneOfConst("d", "0.1", "-2.5", "1e-3", "Math.PI", "0.5f"), Integer),
        inner => Gen.Select(inner, Gen.OneOfConst("+", "-", "*"), inner, (x, op, y) => $"({x}) {op} ({y})"),
        inner => inner.Select(x => $"Math.Sqrt(1.0 + Math.Abs((double)({x})))"));

    private static readonly Gen<string> Tensors = Recursive(
        Gen.OneOfConst("a", "b", "list[^1]"),
        inner => Gen.Select(inner, Gen.OneOfConst("+", "-", "*"), inner, (x, op, y) => $"({x}) {op} ({y})"),
        inner => Gen.Select(inner, Gen.OneOfConst("+", "-", "*"), Number, (x, op, y) => $"({x}) {op} (double)({y})"),
        inner => Gen.Select(inner, Gen.OneOfConst(".Abs()", ".Gelu()", ".Max(b)"), (x, call) => $"({x}){call}"),
        inner => Gen.Select(inner, Integer, (x, i) => $"Tensor.Concat(({x}), a).Slice(({i}) & 1, 2)"));

    private static readonly Gen<string> Simple = Gen.OneOf(
        Integer.Select(x => $"i = {x};"),
        Gen.Select(Gen.OneOfConst("+", "-", "*", "^", "|"), Integer, (op, x) => $"j {op}= {x};"),
        Number.Select(x => $"d = {x};"),
        Gen.Select(Number, Integer, (x, n) => $$"""s += $"{({{x}})},{({{n}}):D2}|";"""),
        Tensors.Select(x => $"a = {x};"),
        Tensors.Select(x => $"list.Add({x});"),
        Gen.Select(Tensors, Tensors, (x, y) => $"(a, b) = ({x}, {y});"),
        Integer.Select(x => $"k = [.. k.Take(3), {x}];"),
        Integer.Select(x => $"later.Add(() => i++ + {x});"),
        Gen.Const("foreach (var f in later.ToArray()) j ^= f();"),
        Tensors.Select(x => $"Tensor Local{{0}}(Tensor t) => t * i; b = Local{{0}}({x});"));

    private static readonly Gen<string> Statement = Gen.OneOf(
        Simple,
        Gen.Select(Integer, Simple, Simple, (c, x, y) => $"if (({c}) % 3 == 0) {{ {x} }} else {{ {y} }}"),
        Gen.Select(Gen.Int[0, 4], Simple, (n, x) => $"for (int q{{0}} = 0; q{{0}} < {n}; q{{0}}++) {{ int c = q{{0}}; later.Add(() => c += q{{0}}); {x} }}"),
        Simple.Select(x => $"foreach (int e in k) {{ if (e % 5 == 0) continue; {x} if (e > 100) break; }}"));

    [Fact]
    public void Random_programs_are_read_as_they_run() => Gen.Select(Statement.Array[4, 12], Gen.Int).Sample(
        (statements, _) => GeneratorHarness.AssertReadEqualsRun(Program(statements)), iter: 40, threads: 1);

    private static Gen<string> Recursive(Gen<string> leaf, params Func<Gen<string>, Gen<string>>[] forms)
    {
        Gen<string> result = leaf;
        for (int depth = 0; depth < 2; depth++)
        {
            Gen<string> inner = result;
            result = Gen.OneOf([leaf, .. forms.Select(f => f(inner))]);
        }
        return result;
    }

    private static string Program(string[] statements)
    {
        var text = new StringBuilder("""
            static partial class Nets
            {
                [Network("Random")]
                static void Declare(NetworkBuilder net)
                {
                    Tensor a = net.Image("a", 2), b = net.Image("b", 2);
                    int i = 1, j = 2;
                    int[] k = [4, 5];
                    double d = 0.25;
                    string s = "";
                    List<Tensor> list = [a];
                    List<Func<int>> later = [];

            """);
        for (int n = 0; n < statements.Length; n++)
            text.Append("        ").Append(statements[n].Replace("{0}", $"{n}")).Append('\n');
        return text.Append("""
                    net.Parameter($"{i} {j} {d} {s} {string.Join(",", k)}", Initializer.Constant(d), 1);
                    net.Output("out", a + b + list[^1]);
                }
            }
            """).ToString();
    }
}
