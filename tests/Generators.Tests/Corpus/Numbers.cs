namespace Corpus;

public static partial class Numbers
{
    private const long Big = 1L << 40;

    [Network("Numbers")]
    public static void Declare(NetworkBuilder net)
    {
        Arithmetic(net, 7, 2);
        Conversions(net, 300, 2.75);
        Compound(net);
        Nullables(net, null, 5);
        net.Finish();
    }

    private static void Arithmetic(NetworkBuilder net, int a, int b)
    {
        net.Show("add", a + b);
        net.Show("divide", a / b);
        net.Show("negative divide", -a / b);
        net.Show("remainder", -a % b);
        net.Show("double", a / 2.0);
        net.Show("long", a * Big);
        net.Show("conditional", a > b ? a : Big);
        net.Show("mixed", a > b ? 1 : 2.5);
        net.Show("shift", a << 33);
        net.Show("unsigned shift", -a >>> 28);
        net.Show("bits", (a & b) | (a ^ 12) | ~b);
        net.Show("overflow", unchecked(int.MaxValue + a));
        net.Show("float", 0.1f + a);
        net.Show("float divide", 1f / 3);
        net.Show("decimal", 1.10m * a);
        net.Show("uint", (uint)a - (uint)b * 4u);
        net.Show("ulong", ulong.MaxValue / (ulong)a);
        net.Show("uint minus", -(uint)a);
        net.Show("char", 'a' + b);
        net.Show("char text", "x" + 'c' + 1 + 2.5 + true + null);
        net.Show("compare", a < b || a >= b && !(a == b) ^ (a != b));
        net.Show("nan", double.NaN == double.NaN || double.NaN < 1 || !(double.NaN > 1));
        net.Show("sqrt", 1 / Math.Sqrt(a));
        net.Show("math", Math.Max(a, b) + Math.Pow(a, b) + Math.Round(2.5, MidpointRounding.AwayFromZero) + Math.Abs(-3));
        net.Show("mathf", MathF.Sqrt(2));
        net.Show("clamp", Math.Clamp(a, 0, 3));
        net.Show("constant", double.Epsilon + int.MinValue);
    }

    private static void Conversions(NetworkBuilder net, int i, double d)
    {
        byte narrow = (byte)i;
        short small = (short)(i * 1000);
        net.Show("byte", narrow);
        net.Show("short", small);
        net.Show("short sum", small + small);
        net.Show("truncate", (int)d);
        net.Show("negative truncate", (int)-d);
        net.Show("widen", (double)i);
        long wide = i;
        float single = i;
        net.Show("implicit", wide);
        net.Show("single", single / 7);
        net.Show("enum", (int)Activation.Square);
        net.Show("to enum", ((Activation)(1 + narrow - 44)).ToString());
        net.Show("unknown enum", $"{(Activation)9}");
        net.Show("char", (char)(65 + narrow % 3));
        net.Show("sbyte", (sbyte)i);
        net.Show("uint", (uint)-i);
        net.Show("float of double", (float)d / 3);
        net.Show("decimal", (decimal)d);
        object boxed = i;
        net.Show("unbox", (int)boxed + 1);
        net.Show("is", boxed is long);
        net.Show("as", (boxed as string) ?? "none");
        net.Show("parse", int.Parse("12") + double.Parse("1.5", System.Globalization.CultureInfo.InvariantCulture));
        net.Show("convert", Convert.ToInt32(2.5));
        net.Show("checked", checked((byte)(i - 100)));
    }

    private static void Compound(NetworkBuilder net)
    {
        int i = 5;
        i += 3;
        i -= 1;
        i *= i++ + ++i;
        i /= 2;
        i %= 50;
        i <<= 2;
        i >>= 1;
        i |= 64;
        i &= ~1;
        i ^= 5;
        net.Show("int", i--);
        net.Show("int after", i);
        byte b = 250;
        b += 10;
        b++;
        net.Show("byte", b);
        short s = 1;
        s <<= 3;
        net.Show("short", s);
        double d = 1;
        d += i;
        d /= 4;
        net.Show("double", d);
        long l = 1;
        l += i;
        l <<= 35;
        net.Show("long", l);
        char c = 'a';
        c++;
        net.Show("char", c);
        string text = "a";
        text += 1;
        text += 'b';
        text += null;
        net.Show("text", text);
        bool flag = true;
        flag &= i > 1000;
        flag |= d > 0;
        net.Show("flag", flag);
        Axes axes = Axes.N;
        axes |= Axes.Spatial;
        axes &= ~Axes.H;
        net.Show("axes", axes.ToString());
        Activation activation = Activation.None;
        activation++;
        activation += 1;
        net.Show("activation", activation.ToString());
        int[] counts = new int[3];
        int position = 0;
        counts[position++] += 5;
        counts[position++]++;
        counts[^1] = 9;
        net.List("counts", counts);
        net.Show("position", position);
        (i, d) = (3, i);
        net.Show("swapped", i + d);
    }

    private static void Nullables(NetworkBuilder net, int? none, int? some)
    {
        net.Show("none", none + 1);
        net.Show("some", some + 1);
        net.Show("value", some.Value);
        net.Show("has", none.HasValue);
        net.Show("default", none.GetValueOrDefault() + none.GetValueOrDefault(4));
        net.Show("coalesce", none ?? some ?? 1);
        net.Show("less", none < some);
        net.Show("equal", none == null);
        double? wide = some;
        net.Show("wide", wide);
        none ??= 8;
        none++;
        net.Show("assigned", none);
        string? text = null;
        net.Show("length", text?.Length);
        net.Show("upper", (text ?? "abc")?.ToUpperInvariant()?.Substring(1));
        Activation? kind = null;
        net.Show("enum", kind?.ToString() ?? "no");
    }
}
