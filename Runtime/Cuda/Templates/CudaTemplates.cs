using System.Reflection;

namespace FocalNet.Runtime.Cuda.Templates;

/// <summary>
/// The hand-written CUDA texts that every generated kernel stands on: device functions and kernel templates, by file name.
/// A text that uses others says so in a line <c>// needs: a.cu b.cu</c> before its first line of code.
/// </summary>
public static class CudaTemplates
{
    private const string Needs = "// needs:";
    private static readonly Assembly Home = typeof(CudaTemplates).Assembly;

    /// <summary>All file names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Home.GetManifestResourceNames().Where(name => name.EndsWith(".cu", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>The text of one file, without the files it needs.</summary>
    /// <param name="name">A file name such as <c>device_functions.cu</c>.</param>
    /// <exception cref="ArgumentException">There is no such template.</exception>
    public static string Text(string name)
    {
        using Stream stream = Home.GetManifestResourceStream(name)
            ?? throw new ArgumentException($"There is no CUDA template '{name}'. There are: {string.Join(", ", Names)}.", nameof(name));
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The files that these files need, and they themselves: each once, after all that it needs.</summary>
    /// <exception cref="ArgumentException">A name that is no template.</exception>
    /// <exception cref="InvalidOperationException">Files that need each other.</exception>
    public static IReadOnlyList<string> InOrder(params IEnumerable<string> names)
    {
        var order = new List<string>();
        var open = new List<string>();
        foreach (string name in names)
            Visit(name, open, order);
        return order;
    }

    /// <summary>The texts of <see cref="InOrder"/>, one after the other: what stands before a generated kernel.</summary>
    /// <inheritdoc cref="InOrder"/>
    public static string Source(params IEnumerable<string> names) => string.Concat(InOrder(names).Select(Text));

    private static void Visit(string name, List<string> open, List<string> order)
    {
        if (order.Contains(name))
            return;
        if (open.Contains(name))
            throw new InvalidOperationException($"CUDA templates need each other: {string.Join(" → ", open.Append(name))}.");
        open.Add(name);
        foreach (string needed in NeededBy(Text(name)))
            Visit(needed, open, order);
        open.Remove(name);
        order.Add(name);
    }

    private static IEnumerable<string> NeededBy(string text)
    {
        foreach (string line in text.Split('\n').TakeWhile(line => line.StartsWith("//", StringComparison.Ordinal)))
            if (line.StartsWith(Needs, StringComparison.Ordinal))
                foreach (string name in line[Needs.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                    yield return name;
    }
}
