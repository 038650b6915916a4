using System.Globalization;

namespace FocalNet.Runtime.Weights;

/// <summary>A weight file is damaged, of an unknown format, or holds what this library refuses to read.</summary>
public sealed class WeightFormatException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="file">The file (and part of it), as the message shows it.</param>
    /// <param name="detail">What is wrong, and the way out where there is one.</param>
    /// <param name="tensor">The tensor concerned, if known.</param>
    /// <param name="offset">Byte offset in <paramref name="file"/>, if known.</param>
    /// <param name="inner">The cause.</param>
    public WeightFormatException(string file, string detail, string? tensor = null, long? offset = null, Exception? inner = null)
        : base(Compose(file, detail, tensor, offset), inner)
    {
        File = file;
        Tensor = tensor;
        Offset = offset;
    }

    /// <summary>The file (and part of it).</summary>
    public string File { get; }

    /// <summary>The tensor concerned, if known.</summary>
    public string? Tensor { get; }

    /// <summary>Byte offset in <see cref="File"/>, if known.</summary>
    public long? Offset { get; }

    private static string Compose(string file, string detail, string? tensor, long? offset)
    {
        var place = (tensor is null ? "" : $", tensor '{Printable(tensor)}'")
            + (offset is null ? "" : string.Create(CultureInfo.InvariantCulture, $", byte {offset}"));
        return $"{file}{place}: {detail}";
    }

    /// <summary>Text from an untrusted file, fit for a terminal: no control characters, at most 120 characters.</summary>
    internal static string Printable(string text)
    {
        var clean = string.Concat(text.Take(120).Select(character => char.IsControl(character) || char.IsSurrogate(character) ? '?' : character));
        return text.Length > 120 ? clean + "…" : clean;
    }
}
