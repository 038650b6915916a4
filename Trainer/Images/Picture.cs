namespace FocalNet.Trainer.Images;

/// <summary>
/// A picture as the network sees it: planar RGB (3×H×W, row-major) in 0…1, with what is needed to write it
/// back in the form in which it came. A grey file is held as three equal planes.
/// </summary>
internal sealed class Picture
{
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="pixels">3·height·width numbers: the red plane, then green, then blue.</param>
    /// <param name="format">How to write it back; 8-bit RGB without alpha or metadata when null.</param>
    /// <param name="sourcePath">The file it was read from, which writing never overwrites.</param>
    public Picture(int width, int height, float[] pixels, PictureFormat? format = null, string? sourcePath = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (pixels.LongLength != 3L * width * height)
        {
            throw new ArgumentException($"A {width}×{height} picture has {3L * width * height} numbers, not {pixels.LongLength}.", nameof(pixels));
        }

        Width = width;
        Height = height;
        Pixels = pixels;
        Format = format ?? PictureFormat.Rgb8;
        SourcePath = sourcePath;
    }

    public Picture(int width, int height)
        : this(width, height, new float[checked(3 * width * height)])
    {
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Planar RGB, 3×H×W.</summary>
    public float[] Pixels { get; }

    public PictureFormat Format { get; }

    public string? SourcePath { get; }

    /// <summary>One plane, H×W: 0 red, 1 green, 2 blue.</summary>
    public Span<float> Channel(int channel) => Pixels.AsSpan(channel * Width * Height, Width * Height);

    /// <summary>The same picture file with other pixels: what restoring returns.</summary>
    public Picture WithPixels(float[] pixels) => new(Width, Height, pixels, Format, SourcePath);

    /// <summary>The same pixels, to be written otherwise.</summary>
    public Picture WithFormat(PictureFormat format) => new(Width, Height, Pixels, format, SourcePath);
}

/// <summary>How a picture is stored in its file, beside its colours.</summary>
internal sealed record PictureFormat
{
    public static PictureFormat Rgb8 { get; } = new();

    /// <summary>Bits per sample in the file, 8 or 16.</summary>
    public int BitDepth { get; init; } = 8;

    public bool IsGrey { get; init; }

    /// <summary>The alpha plane, H×W, in 0…255 or 0…65535 after <see cref="BitDepth"/>; null without one.</summary>
    public ushort[]? Alpha { get; init; }

    /// <summary>EXIF, ICC, XMP and IPTC, under the names libvips gives them.</summary>
    public IReadOnlyList<MetadataField> Metadata { get; init; } = [];

    /// <summary>Pixels per millimetre, across.</summary>
    public double HorizontalResolution { get; init; } = 1;

    /// <summary>Pixels per millimetre, down.</summary>
    public double VerticalResolution { get; init; } = 1;

    /// <summary>
    /// Without EXIF, XMP and IPTC. The colour profile stays: it is part of what the numbers mean.
    /// </summary>
    public PictureFormat WithoutMetadata() => this with { Metadata = [.. Metadata.Where(f => f.Name == MetadataField.IccProfile)] };
}

/// <summary>One item of a file's metadata: text or bytes.</summary>
internal sealed record MetadataField(string Name, string? Text, byte[]? Bytes)
{
    public const string IccProfile = "icc-profile-data";
    public const string Exif = "exif-data";
    public const string Xmp = "xmp-data";
    public const string Iptc = "iptc-data";
}
