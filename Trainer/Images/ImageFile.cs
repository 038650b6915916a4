using NetVips;

namespace FocalNet.Trainer.Images;

/// <summary>What a file says of its picture before the pixels.</summary>
/// <param name="Width">Columns, after EXIF orientation.</param>
/// <param name="Height">Rows, likewise.</param>
/// <param name="BitDepth">Bits a sample, 8 or 16.</param>
internal readonly record struct PictureHead(int Width, int Height, int BitDepth);

/// <summary>
/// Reads PNG, JPEG, WebP and TIFF into a <see cref="Picture"/>. What the file is, its content decides, not
/// its extension. EXIF orientation is applied; CMYK and other colour spaces become sRGB; of a file with
/// several pages the first is read. <see cref="ImageFileWriter"/> is the way back.
/// </summary>
internal static class ImageFile
{
    private const string HandledKinds = "PNG, JPEG, WebP and TIFF with 8 or 16 bits are handled";

    /// <summary>The extensions of files that folder listings pick up, in lower case.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"];

    static ImageFile()
    {
        // libvips keeps results by file name and would return a picture that has since been rewritten.
        Cache.Max = 0;
        // What libvips warns of, the exception that follows says too; its lines would tear the progress display.
        Log.SetLogHandler("VIPS", Enums.LogLevelFlags.Warning, static (_, _, _) => { });
    }

    public static bool HasPictureExtension(string path) =>
        Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <exception cref="ImageException">The file is missing, empty, no picture, damaged or of an unsupported kind.</exception>
    public static Picture Read(string path) => Decode(ReadBytes(path), path);

    /// <summary>A picture from the bytes of its file.</summary>
    /// <param name="bytes">All of the file.</param>
    /// <param name="path">The file, which writing then never overwrites; or what to call it in messages.</param>
    /// <exception cref="ImageException">As <see cref="Read"/>.</exception>
    public static Picture Decode(byte[] bytes, string path)
    {
        if (bytes.Length == 0)
        {
            throw new ImageException(ImageFailure.Empty, path, "there are no bytes.", "Give a whole picture file.");
        }

        RequireHandledKind(path, Image.FindLoadBuffer(bytes), bytes);
        try
        {
            // A truncated file must fail here: without FailOn libvips fills the rest with grey.
            using var stored = Image.NewFromBuffer(bytes, failOn: Enums.FailOn.Error);
            using var upright = stored.Autorot();
            using var image = ToGreyOrRgb(path, upright);
            return ToPicture(path, image);
        }
        catch (OutOfMemoryException e)
        {
            throw new ImageException(ImageFailure.Unsupported, path, "the picture, or what its damaged head says of its size, does not fit the memory.",
                "Cut the picture into parts.", e);
        }
        catch (VipsException e)
        {
            throw new ImageException(ImageFailure.Damaged, path, $"the picture is damaged or cut short ({FirstLine(e)}).",
                "Copy or download the file again.", e);
        }
    }

    /// <summary>Width and height as <see cref="Read"/> would give them, from the file's head alone.</summary>
    /// <exception cref="ImageException">As <see cref="Read"/>, but damage past the head goes unseen.</exception>
    public static (int Width, int Height) ReadSize(string path)
    {
        var head = ReadHead(path);
        return (head.Width, head.Height);
    }

    /// <summary>What the file's head says of the picture that <see cref="Read"/> would give.</summary>
    /// <exception cref="ImageException">As <see cref="Read"/>, but damage past the head goes unseen.</exception>
    public static PictureHead ReadHead(string path)
    {
        try
        {
            using var stream = OpenStream(path);
            var head = new byte[16];
            var length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            stream.Position = 0;
            RequireHandledKind(path, Image.FindLoadStream(stream), head.AsSpan(0, length));
            stream.Position = 0;
            using var stored = Image.NewFromStream(stream);
            // Orientations 5 to 8 turn the picture by a quarter.
            var isTurned = stored.Contains("orientation") && (int)stored.Get("orientation") >= 5;
            var (width, height) = isTurned ? (stored.Height, stored.Width) : (stored.Width, stored.Height);
            return new PictureHead(width, height, stored.Format == Enums.BandFormat.Ushort ? 16 : 8);
        }
        catch (VipsException e)
        {
            throw new ImageException(ImageFailure.Damaged, path, $"the picture's head is damaged ({FirstLine(e)}).",
                "Copy or download the file again.", e);
        }
    }

    /// <summary>The extension that fits the content of a picture file: <c>.png</c>, <c>.jpg</c>, <c>.webp</c> or <c>.tif</c>.</summary>
    /// <exception cref="ImageException">It is no picture of these kinds.</exception>
    public static string ExtensionOf(byte[] bytes, string path)
    {
        var loader = bytes.Length == 0 ? null : Image.FindLoadBuffer(bytes);
        RequireHandledKind(path, loader, bytes);
        return loader switch
        {
            _ when loader!.Contains("Jpeg", StringComparison.Ordinal) => ".jpg",
            _ when loader.Contains("Webp", StringComparison.Ordinal) => ".webp",
            _ when loader.Contains("Tiff", StringComparison.Ordinal) => ".tif",
            _ => ".png",
        };
    }

    private static byte[] ReadBytes(string path)
    {
        using var stream = OpenStream(path);
        try
        {
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (IOException e)
        {
            throw new ImageException(ImageFailure.Damaged, path, $"the file cannot be read ({e.Message}).", "Check the disk, or copy the file again.", e);
        }
    }

    private static FileStream OpenStream(string path)
    {
        if (Directory.Exists(path))
        {
            throw new ImageException(ImageFailure.IsFolder, path, "this is a folder, not a picture.", "Name a file in it.");
        }

        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (stream.Length > 0)
            {
                return stream;
            }

            stream.Dispose();
            throw new ImageException(ImageFailure.Empty, path, "the file is empty.", "Copy or download it again.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException(ImageFailure.NotFound, path, "there is no such file.", "Check the path and its spelling.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ImageException(ImageFailure.AccessDenied, path, "access is denied.", "Check the file's permissions.", e);
        }
    }

    private static void RequireHandledKind(string path, string? loader, ReadOnlySpan<byte> head)
    {
        if (loader is null)
        {
            if (HasSignature(head))
            {
                throw new ImageException(ImageFailure.Damaged, path, "the picture is damaged or cut short (its head is incomplete).",
                    "Copy or download the file again.");
            }

            throw new ImageException(ImageFailure.NotAPicture, path, "the content is not a picture, whatever its extension says.",
                $"{HandledKinds}.");
        }

        string[] handled = ["Png", "Jpeg", "Webp", "Tiff"];
        if (!handled.Any(kind => loader.StartsWith("VipsForeignLoad" + kind, StringComparison.Ordinal)))
        {
            var kind = loader.Replace("VipsForeignLoad", "", StringComparison.Ordinal).Replace("Source", "", StringComparison.Ordinal).Replace("Buffer", "", StringComparison.Ordinal);
            throw new ImageException(ImageFailure.Unsupported, path, $"pictures of this kind ({kind}) are not handled.",
                $"Convert it: {HandledKinds}.");
        }
    }

    /// <summary>Whether a file that libvips does not recognise set out to be one of the kinds handled.</summary>
    private static bool HasSignature(ReadOnlySpan<byte> head) =>
        head.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G'])
        || head.StartsWith((ReadOnlySpan<byte>)[0xff, 0xd8, 0xff])
        || head.StartsWith("II*\0"u8) || head.StartsWith("MM\0*"u8)
        || (head.StartsWith("RIFF"u8) && head.Length >= 12 && head[8..].StartsWith("WEBP"u8));

    /// <summary>To 1 to 4 bands of 8 or 16 bits: grey or RGB, each with or without alpha.</summary>
    private static Image ToGreyOrRgb(string path, Image image)
    {
        if (image.Format is not (Enums.BandFormat.Uchar or Enums.BandFormat.Ushort))
        {
            throw new ImageException(ImageFailure.Unsupported, path, $"its samples are of the kind '{image.Format}'.",
                $"Convert it: {HandledKinds}.");
        }

        var depth = image.Format == Enums.BandFormat.Ushort ? 16 : 8;
        var result = image.Interpretation switch
        {
            // libvips has a CMYK profile of its own for files that carry none.
            Enums.Interpretation.Cmyk => image.IccTransform("srgb", embedded: true, depth: depth),
            Enums.Interpretation.Bw or Enums.Interpretation.Grey16 or Enums.Interpretation.Srgb or Enums.Interpretation.Rgb16
                or Enums.Interpretation.Rgb or Enums.Interpretation.Multiband => image.Copy(),
            _ => image.Colourspace(depth == 16 ? Enums.Interpretation.Rgb16 : Enums.Interpretation.Srgb),
        };
        if (result.Bands is >= 1 and <= 4)
        {
            return result;
        }

        var bands = result.Bands;
        result.Dispose();
        throw new ImageException(ImageFailure.Unsupported, path, $"it has {bands} channels.", "Save it as grey or RGB, with alpha or without.");
    }

    private static Picture ToPicture(string path, Image image)
    {
        var (width, height, bands) = (image.Width, image.Height, image.Bands);
        if (3L * width * height > Array.MaxLength)
        {
            throw new ImageException(ImageFailure.Unsupported, path, $"{width}×{height} pixels are too many for one buffer.", "Cut the picture into parts.");
        }

        var pixelCount = width * height;
        var isDeep = image.Format == Enums.BandFormat.Ushort;
        var bytes = isDeep ? [] : image.WriteToMemory<byte>();
        var deep = isDeep ? image.WriteToMemory<ushort>() : [];
        var pixels = isDeep ? PixelFormats.ToPlanar(deep, pixelCount, bands, 65535) : PixelFormats.ToPlanar(bytes, pixelCount, bands);
        ushort[]? alpha = null;
        if (bands is 2 or 4)
        {
            alpha = new ushort[pixelCount];
            for (var i = 0; i < pixelCount; i++)
            {
                var at = i * bands + bands - 1;
                alpha[i] = isDeep ? deep[at] : bytes[at];
            }
        }

        var format = new PictureFormat
        {
            BitDepth = isDeep ? 16 : 8,
            IsGrey = bands < 3,
            Alpha = alpha,
            Metadata = ImageMetadata.Read(image),
            HorizontalResolution = image.Xres,
            VerticalResolution = image.Yres,
        };
        return new Picture(width, height, pixels, format, path);
    }

    internal static string FirstLine(VipsException e)
    {
        var lines = e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        // The first line is NetVips's own heading, the second what libvips said.
        return lines.Length > 1 ? lines[1] : lines.FirstOrDefault() ?? "no reason given";
    }
}
