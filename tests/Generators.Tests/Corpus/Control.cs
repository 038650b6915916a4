namespace Corpus;

public static partial class Control
{
    [Network("Control")]
    public static void Declare(NetworkBuilder net)
    {
        net.Show("loops", Loops());
        for (int i = -1; i < 6; i++)
            net.Show($"switch {i}", Switch(i));
        int number = 0;
        foreach (object? value in new object?[] { 1, -5, 20, "text", "", 2.5, null, Activation.Gelu, (1, 2), new BlockOptions(9), new[] { 1, 2, 3 } })
            net.Show($"pattern {number++}", Pattern(value));
        net.Show("recursion", Factorial(10));
        Closures(net);
        References(net);
        net.Show("query", string.Join(",", from x in Enumerable.Range(0, 5) where x % 2 == 0 orderby -x select x * x));
        net.Finish();
    }

    private static int Loops()
    {
        int sum = 0;
        for (int i = 0, j = 10; i < j; i++, j--)
        {
            if (i == 2)
                continue;
            sum += i * j;
        }
        int n = 0;
        while (true)
        {
            if (++n > 4)
                break;
            sum += n;
        }
        do
            sum++;
        while (sum % 7 != 0);
        foreach (char c in "abc")
        {
            foreach (var (x, y) in new[] { (1, 2), (3, 4) })
            {
                if (x == 3)
                    break;
                sum += c * y;
            }
        }
        foreach (long wide in new[] { 1, 2 })
            sum += (int)(wide << 2);
        return sum;
    }

    private static string Switch(int value)
    {
        switch (value)
        {
            case 0:
            case 1:
                return "low";
            case 2 when value > 3:
                return "never";
            case 2:
                break;
            case > 3 and < 5:
                {
                    string inner = "four";
                    return inner;
                }
            default:
                return value < 0 ? "negative" : "other";
        }
        return "two";
    }

    private static string Pattern(object? value) => value switch
    {
        null => "null",
        int and > 10 => "large",
        int n when n < 0 => $"negative {n}",
        int n => $"int {n}",
        string { Length: 0 } => "empty",
        string s => s.ToUpperInvariant(),
        double and not 3.5 => "double",
        Activation.Gelu or Activation.Square => "activation",
        BlockOptions { Channels: > 5, Activation: Activation.Gelu } and (var channels, _, _) => $"block {channels}",
        (int a, int b) => $"pair {a + b}",
        int[] and [var first, .., 3] => $"array {first}",
        _ => "other",
    };

    private static long Factorial(int n) => n <= 1 ? 1 : n * Factorial(n - 1);

    private static void Closures(NetworkBuilder net)
    {
        var actions = new List<Func<int>>();
        for (int i = 0; i < 3; i++)
        {
            int copy = i * 10;
            actions.Add(() => copy++ + i);
        }
        foreach (int i in Enumerable.Range(0, 2))
            actions.Add(() => i);
        int w = 0;
        while (w < 2)
        {
            int inner = w++;
            actions.Add(() => inner + 100);
        }
        net.List("closures", actions.Select(a => a()));
        net.List("closures again", actions.Select(a => a()));

        int counter = 0;
        int Next(int step = 1) => counter += step;
        Next();
        Next(step: 5);
        Func<int, int> next = Next;
        Action<int, string> show = (n, s) => net.Show(s, n);
        show(next(7), "local function");
        int Fibonacci(int n) => n < 2 ? n : Fibonacci(n - 1) + Fibonacci(n - 2);
        net.Show("fibonacci", Fibonacci(10));
        Func<int, Func<int, int>> curry = a => b => a * 10 + b;
        net.Show("curry", curry(4)(2));
        Func<int, int>? recursive = null;
        recursive = n => n == 0 ? 0 : n + recursive!(n - 1);
        net.Show("recursive lambda", recursive(4));
        net.List("method group", new[] { 4.0, 9.0 }.Select(Math.Sqrt));
        net.List("nested local", Nest(3));

        static List<int> Nest(int depth)
        {
            var found = new List<int>();
            void Visit(int level)
            {
                var later = new List<Action>();
                for (int k = 0; k < 2 && level < depth; k++)
                {
                    int at = level * 10 + k;
                    later.Add(() => found.Add(at));
                    Visit(level + 1);
                }
                later.ForEach(a => a());
            }
            Visit(0);
            return found;
        }
    }

    private static void References(NetworkBuilder net)
    {
        int a = 1, b = 2;
        Swap(ref a, ref b);
        Split(17, out int tens, out var ones);
        Split(5, out _, out ones);
        int[] items = [1, 2, 3];
        Swap(ref items[0], ref items[2]);
        net.List("references", new[] { a, b, tens, ones, items[0] });
        var map = new Dictionary<string, int> { ["x"] = 1, ["y"] = 2 };
        net.Show("found", map.TryGetValue("y", out int found) ? found : -1);
        net.Show("missing", map.TryGetValue("z", out int missing) ? 1 : missing);
        net.Show("sum", Sum() + Sum(1, 2, 3) + Sum([4, 5]) + Named(c: 3, a: 1));
        net.Show("if var", map is { Count: 2 } both && both["x"] is var x and > 0 ? x + 5 : 0);
        if (!int.TryParse("12", out int parsed))
            return;
        net.Show("parsed", parsed);
    }

    private static void Swap<T>(ref T a, ref T b) => (a, b) = (b, a);

    private static void Split(int value, out int tens, out int ones)
    {
        tens = value / 10;
        ones = value % 10;
    }

    private static int Sum(params int[] values) => values.Sum();

    private static int Named(int a, int b = 20, int c = 300) => a + 2 * b + 3 * c;
}
