using System.Collections.Immutable;
using System.Text;

namespace Corpus;

[Flags]
public enum Parts : byte
{
    None = 0,
    Encoder = 1,
    Decoder = 2,
    Bottleneck = 4,
}

public interface ILayer
{
    string Name { get; }

    int Apply(int x);

    string Describe() => $"{Name}: {Apply(1)}";
}

public abstract class Layer(string name) : ILayer
{
    public static int Count;

    public string Name { get; } = name + Count++;

    public virtual int Apply(int x) => x + Offset;

    protected abstract int Offset { get; }

    public override string ToString() => $"<{Name}>";
}

public sealed class Shift(int offset) : Layer("shift")
{
    protected override int Offset => offset;
}

public sealed class Twice : Layer
{
    private readonly Layer _inner;

    public Twice(Layer inner)
        : base("twice")
    {
        _inner = inner;
    }

    public Twice()
        : this(new Shift(100))
    {
    }

    protected override int Offset => 0;

    public override int Apply(int x) => base.Apply(_inner.Apply(_inner.Apply(x)));

    string Label => "own";
}

public struct Point
{
    public int X;
    public int Y { get; set; }

    public Point(int x, int y)
    {
        X = x;
        Y = y;
    }

    public void Move() => X += 10;

    public static Point operator +(Point a, Point b) => new(a.X + b.X, a.Y + b.Y);

    public static implicit operator Point(int x) => new(x, x);

    public static explicit operator int(Point p) => p.X * 100 + p.Y;

    public int this[int axis]
    {
        get => axis == 0 ? X : Y;
        set
        {
            if (axis == 0)
                X = value;
            else
                Y = value;
        }
    }
}

public readonly record struct Size(int Width, int Height)
{
    public int Area => Width * Height;

    public static Size operator *(Size s, int factor) => new(s.Width * factor, s.Height * factor);
}

public record Stage(string Name, int[] Widths)
{
    public int Depth { get; init; } = Widths.Length;

    public Stage Deeper() => this with { Depth = Depth + 1, Name = Name + "'" };
}

public sealed record Special(string Name, int[] Widths, double Extra = 0.5) : Stage(Name, Widths)
{
    public override string ToString() => $"{Name}/{Extra}/{Depth}";
}

public sealed class Pair<T>(T first, T second)
{
    public T First { get; set; } = first;

    public T Second { get; set; } = second;

    public Pair<U> Map<U>(Func<T, U> f) => new(f(First), f(Second));

    public void Deconstruct(out T a, out T b) => (a, b) = (First, Second);

    public static Pair<T> Twice(T value) => new(value, value);
}

public class Settings
{
    public string Title { get; set; } = "none";

    public List<int> Items { get; } = [1];

    public Settings? Inner { get; init; }

    public int Half
    {
        get => field / 2;
        set => field = value;
    }

    public readonly Dictionary<Parts, string> Names = new();
}

public static class Table
{
    public static readonly int[] Widths = [32, 64, 128];
    public static readonly int Total = Widths.Sum() + Offset;
    public const int Offset = 5;

    static Table() => Ready = Total > 0;

    public static bool Ready { get; }
}

public static partial class Types
{
    [Network("Types")]
    public static void Declare(NetworkBuilder net)
    {
        Layer.Count = 0;
        Classes(net);
        Structs(net);
        Records(net);
        Enums(net);
        Collections(net);
        Texts(net);
        Generics(net);
        net.Finish();
    }

    private static void Classes(NetworkBuilder net)
    {
        ILayer[] layers = [new Shift(3), new Twice(new Shift(1)), new Twice()];
        foreach (ILayer layer in layers)
            net.Show(layer.Describe(), layer);
        net.Show("applied", layers.Aggregate(0, (x, layer) => layer.Apply(x)));
        net.Show("is", layers[1] is Layer and not Shift);
        net.Show("as", (layers[0] as Twice)?.Name);
        var settings = new Settings { Title = "t", Items = { 2, 3 }, Inner = new() { Title = "inner" }, Half = 9, Names = { [Parts.Decoder] = "d" } };
        settings.Inner!.Title += "!";
        settings.Items.Add(4);
        net.Show("settings", settings.Title + settings.Inner?.Title + settings.Inner?.Inner?.Title + settings.Half + settings.Names[Parts.Decoder]);
        net.List("items", settings.Items);
        net.Show("statics", Table.Total + (Table.Ready ? 1 : 0));
        var anonymous = new { A = 1, Name = "n" };
        net.Show("anonymous", anonymous with { A = 2 });
        net.Show("equal", anonymous.Equals(new { A = 1, Name = "n" }));
        net.Show("object", new Settings());
        net.Show("same", settings == settings.Inner || settings != settings || ReferenceEquals(settings, settings));
    }

    private static void Structs(NetworkBuilder net)
    {
        Point p = new(1, 2), q = p;
        q.X = 5;
        q.Y++;
        q.Move();
        Point[] points = new Point[2];
        points[0] = q;
        points[0].X++;
        points[1].Y = 4;
        Point r = points[0];
        r[1] = 7;
        net.List("structs", new[] { p.X, p.Y, q.X, q.Y, points[0].X, points[1].Y, r[0], points[0][1] });
        net.Show("operator", (int)(p + 3));
        net.Show("size", new Size(2, 3) * 2);
        net.Show("equal structs", new Size(2, 3) == new Size(2, 3) && new Size(1, 1) != default);
        net.Show("area", (new Size(2, 3) with { Width = 10 }).Area);
        Point zero = default;
        net.Show("zero", zero.X);
        Point? maybe = null;
        net.Show("maybe", maybe?.X ?? -1);
        maybe = new Point(4, 4);
        net.Show("some", maybe.Value.X + maybe?.Y);
        (Point point, int number) tuple = (p, 3);
        tuple.point.X = 50;
        net.Show("struct in tuple", tuple.point.X + p.X);
    }

    private static void Records(NetworkBuilder net)
    {
        var stage = new Stage("a", [1, 2]);
        Stage deeper = stage.Deeper();
        net.Show("with", deeper.Name + deeper.Depth + stage.Depth);
        net.Show("equal records", stage == deeper with { Depth = 2, Name = "a" });
        net.Show("special", new Special("s", [1], Extra: 2) { Depth = 7 });
        var (name, widths) = stage;
        net.Show("deconstructed", name + widths.Length);
        net.Show("options", new BlockOptions(3) { Bias = false });
        Stage virtualStage = new Special("v", []);
        net.Show("virtual", virtualStage with { Name = "w" });
        net.Show("set", new HashSet<BlockOptions>() { new(1), new(1), new(2) }.Count);
        var initializer = new Initializer(1, 2) with { Scale = 4 };
        net.Show("compiled", initializer);
    }

    private static void Enums(NetworkBuilder net)
    {
        Parts parts = Parts.Encoder | Parts.Bottleneck;
        net.Show("flags", parts.ToString());
        net.Show("has", parts.HasFlag(Parts.Encoder) && (parts & Parts.Decoder) == 0);
        net.Show("text", $"{parts} {parts:D} {Activation.Gelu,6}|{(int)parts}");
        net.List("values", Enum.GetValues<Activation>());
        net.List("names", Enum.GetNames<Activation>());
        var names = new Dictionary<Activation, string> { [Activation.Gelu] = "g", [Activation.None] = "n" };
        net.Show("key", names[Activation.Gelu] + names.ContainsKey(Activation.Square));
        net.List("ordered", new[] { Activation.Square, Activation.None }.OrderBy(a => a));
        net.Show("compare", Activation.Gelu > Activation.None);
        Activation[] all = new Activation[2];
        net.Show("default enum", $"{all[1]} {default(Activation)}");
        net.Show("compiled enum", $"{Axes.Spatial} {(Axes)3} {net.Mode == NetworkMode.Training}");
        net.Show("mode", net.Mode switch { NetworkMode.Inference => "i", NetworkMode.Training => "t", _ => "?" });
        net.Show("concat", "a" + Activation.Gelu + Axes.C);
    }

    private static void Collections(NetworkBuilder net)
    {
        int[] a = [1, 2, 3, 4, 5];
        int[,] grid = { { 1, 2, 3 }, { 4, 5, 6 } };
        int[][] jagged = [[1], [2, 3]];
        grid[1, 2] += 10;
        net.List("ranges", (int[])[.. a[1..^1], a[^1], .. jagged[1], grid[1, 2], grid.GetLength(1), grid.Length]);
        List<string> list = ["x", .. new[] { "y", "z" }];
        list.Insert(1, "i");
        list[^1] = "last";
        net.List("list", list);
        net.Show("text ranges", "abcdef"[1..3] + "abcdef"[^1] + "abc"[..1]);
        net.Show("linq", a.Where(x => x > 1).Select((x, i) => x * i).Skip(1).Take(2).Sum());
        net.List("zip", a.Zip(list, (n, s) => $"{s}{n}"));
        net.List("groups", a.GroupBy(x => x % 2 == 0).Select(g => $"{g.Key}:{g.Count()}"));
        net.Show("any", a.Any(x => x > 4) && a.All(x => x > 0) && !a.Contains(9) && list.Contains("x"));
        net.Show("max", a.Max() + a.Min() + a.First(x => x > 2) + a.Last() + a.Count(x => x < 3));
        net.List("dictionary", a.ToDictionary(x => x, x => x * x).Select(p => p.Key + p.Value));
        foreach (var (key, value) in new Dictionary<string, int> { ["k"] = 1 })
            net.Show(key, value);
        IReadOnlyList<int> read = [1, 2, 3];
        IEnumerable<double> doubles = [1, 2.5];
        net.Show("interfaces", read.Count + read[1] + doubles.Sum());
        ImmutableArray<int> immutable = [1, 2];
        net.Show("immutable", immutable.Length + immutable.Add(4)[2]);
        (int Count, string Name) pair = (Count: 1, Name: "n");
        pair.Count += 5;
        (long, double) wide = (1, 2);
        net.Show("tuples", pair + " " + wide + (pair == (6, "n")) + pair.Item2);
        var (x1, (y1, _)) = (1, (2, 3));
        net.Show("nested tuple", x1 + y1);
        net.Show("long tuple", (1, 2, 3, 4, 5, 6, 7, 8, 9).Item9);
        net.List("list of tuples in lists", new List<(int A, string B)> { (1, "a"), (2, "b") }.Select(t => t.B + t.A));
        net.List("stack", new Stack<int>(a));
        Array.Reverse(a);
        net.List("reversed", a);
        net.Show("index", Array.IndexOf(a, 4) + list.IndexOf("y"));
        net.Show("slice", a is [_, .. var rest] ? rest.Length : 0);
        net.List("repeat", Enumerable.Repeat(Activation.Gelu, 2).Append(Activation.None).Concat([Activation.Square]));
        net.List("select many", jagged.SelectMany(r => r).Reverse());
    }

    private static void Texts(NetworkBuilder net)
    {
        double d = 1234.5678;
        int n = 42;
        net.Show("formats", $"{d:F2}|{n,6}|{n,-6}|{n:X4}|{d:E3}|{{}}|{1e-5}|{0.1 + 0.2}|{1e21}");
        net.Show("format", string.Format("{0}-{1:F1}", n, d) + string.Format(System.Globalization.CultureInfo.InvariantCulture, "{0:N1}", d));
        net.Show("join", string.Join(", ", "a", "b") + string.Join('-', new[] { 1, 2 }) + string.Concat("a", "b", "c", "d", "e"));
        net.Show("members", "a.b.c".Split('.').Length + "Abc".ToLowerInvariant() + " x ".Trim() + "abc".Replace("b", "-") + "abc".Contains('b') + "a".PadLeft(3, '.'));
        var builder = new StringBuilder();
        builder.Append("a").Append(1).Append($"[{n}]").AppendLine($"{d:F0}").Append('c', 3);
        net.Show("builder", builder.ToString().Replace("\r", "").Replace('\n', '/'));
        net.Show("create", string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{d}") + FormattableString.Invariant($"{d}"));
        net.Show("to string", d.ToString() + n.ToString("D5") + true.ToString() + 'c'.ToString() + d.ToString("F1", System.Globalization.CultureInfo.InvariantCulture));
        net.Show("nameof", nameof(Types) + nameof(d));
        net.Show("empty", string.IsNullOrEmpty(string.Empty) && "a" == "A".ToLowerInvariant() && string.Equals("a", "A", StringComparison.OrdinalIgnoreCase));
        net.Show("raw", $$"""{ {{n}} }""");
    }

    private static void Generics(NetworkBuilder net)
    {
        Pair<int> pair = new(1, 2);
        Pair<string> mapped = pair.Map(x => $"<{x}>");
        var (first, second) = mapped;
        net.Show("pair", first + second + Pair<double>.Twice(1.5).Second);
        net.Show("identity", Identity(5) + Identity<string>("a").Length);
        net.Show("default", Make<int>() + (Make<string>() ?? "null"));
        net.Show("array", Fill<double>(3, i => i / 2.0).Sum());
        net.Show("new", Fresh<Settings>().Title);
        net.Show("nested generic", Wrap(new[] { 1, 2 }).First.Length);
        net.Show("is generic", Is<int>(5) && !Is<string>(5));
    }

    private static T Identity<T>(T value) => value;

    private static T? Make<T>() => default;

    private static T Fresh<T>()
        where T : new() => new();

    private static Pair<T> Wrap<T>(T value) => Pair<T>.Twice(value);

    private static bool Is<T>(object value) => value is T;

    private static T[] Fill<T>(int count, Func<int, T> make)
    {
        var result = new T[count];
        for (int i = 0; i < count; i++)
            result[i] = make(i);
        return result;
    }
}
