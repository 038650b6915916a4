namespace Corpus;

/// <summary>Shows values of declarations in the IR: as names of parameters.</summary>
public static class Probe
{
    private static readonly Initializer Zero = Initializer.Constant(0);

    public static void Show(this NetworkBuilder net, string label, object? value) =>
        net.Parameter($"{label} = {value ?? "null"}, {Kind(value)}", Zero, 1);

    public static void List<T>(this NetworkBuilder net, string label, IEnumerable<T> values) =>
        net.Parameter($"{label} = [{string.Join("; ", values)}]", Zero, 1);

    public static void Finish(this NetworkBuilder net) => net.Output("result", net.Constant(1));

    // The boxed type matters: an int that was read as a long would print the same.
    private static string Kind(object? value) => value switch
    {
        int => "int",
        long => "long",
        uint => "uint",
        ulong => "ulong",
        short => "short",
        ushort => "ushort",
        byte => "byte",
        sbyte => "sbyte",
        char => "char",
        float => "float",
        double => "double",
        decimal => "decimal",
        bool => "bool",
        string => "string",
        Enum => "enum",
        _ => "object",
    };
}

public enum Activation
{
    None,
    Gelu,
    Square,
}

/// <summary>Options as the real networks have them.</summary>
public sealed record BlockOptions(int Channels, int Kernel = 3, Activation Activation = Activation.Gelu)
{
    public int Padding => Kernel / 2;

    public bool Bias { get; init; } = true;

    public static BlockOptions Default { get; } = new(4);
}
