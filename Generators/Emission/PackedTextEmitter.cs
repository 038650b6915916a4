using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace FocalNet.Generators.Emission;

/// <summary>Emits texts as Runtime's <c>PackedText</c> reads them. Above each literal the text stands as comments, for people.</summary>
internal static class PackedTextEmitter
{
    // Names are people's own. What ends a line in C# would end the comment.
    private const string LineEnd = "[\\r\\u0085\\u2028\\u2029]";

    /// <summary>Emits a property with a packed text.</summary>
    /// <param name="code">Receives it.</param>
    /// <param name="property">Name of the property.</param>
    /// <param name="texts">Texts to pack together; in most cases one.</param>
    public static void Emit(CodeWriter code, string property, params IReadOnlyList<string>[] texts)
    {
        foreach (string line in texts.SelectMany(t => t))
            code.Line(line.Length == 0 ? "//" : "// " + Regex.Replace(line, LineEnd, " "));
        code.Line($"private static ReadOnlySpan<byte> {property} => \"{Pack(string.Join("\0", texts.Select(t => string.Join("\n", t))))}\"u8;");
    }

    private static string Pack(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        using var packed = new MemoryStream();
        using (var stream = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            stream.Write(bytes, 0, bytes.Length);
        return Convert.ToBase64String(packed.ToArray());
    }
}
