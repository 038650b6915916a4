using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Files;
using NetVips;

namespace FocalNet.Trainer.Images;

/// <summary>How pictures are written.</summary>
internal sealed record ImageWriteOptions
{
    public static ImageWriteOptions Default { get; } = new();

    /// <summary>Whether an existing file may be replaced. An input never is.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Files that are never replaced, beside the one that the picture was read from.</summary>
    public IReadOnlyCollection<string> Inputs { get; init; } = [];

    /// <summary>1…100 for JPEG and WebP; null takes 95 for JPEG and lossless for WebP.</summary>
    public int? Quality { get; init; }
}

/// <summary>
/// Writes a <see cref="Picture"/> as PNG, JPEG, WebP or TIFF after the extension, with its depth, greyness,
/// alpha and metadata as far as the format can hold them: JPEG and WebP have 8 bits, WebP has no grey, and
/// JPEG has no alpha (refused, since it would be lost unseen). libvips has no EXIF for TIFF: there ICC, XMP
/// and IPTC are kept.
/// </summary>
internal static class ImageFileWriter
{
    /// <exception cref="ImageException">The extension is unknown, the target exists, or writing failed.</exception>
    public static void Write(Picture picture, string path, ImageWriteOptions? options = null)
    {
        options ??= ImageWriteOptions.Default;
        Require(picture, path, options);
        var bytes = Encode(picture, path, options.Quality);
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            {
                Directory.CreateDirectory(folder);
            }

            AtomicFile.Write(path, stream => stream.Write(bytes), options.Overwrite);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ImageException(ImageFailure.AccessDenied, path, "writing is denied.", "Choose a folder that you may write to.", e);
        }
        catch (IOException e)
        {
            throw new ImageException(ImageFailure.WriteFailed, path, $"writing failed ({e.Message}).",
                "Free space on the disk or choose another folder; what was there before is untouched.", e);
        }
    }

    /// <summary>Throws what <see cref="Write"/> would throw for the path and the kind of picture, before there are pixels to write.</summary>
    /// <exception cref="ImageException">The extension is unknown or can't hold the picture, or the target exists.</exception>
    public static void Require(Picture picture, string path, ImageWriteOptions options)
    {
        RequireNoInput(picture, path, options);
        if (!options.Overwrite && (File.Exists(path) || Directory.Exists(path)))
        {
            throw new ImageException(ImageFailure.WouldOverwrite, path, "it exists already.", "Choose another name or folder, or allow overwriting.");
        }

        RequireFormat(picture, path);
    }

    /// <summary>The file's bytes; <paramref name="path"/> gives the extension and the name for messages.</summary>
    public static byte[] Encode(Picture picture, string path, int? quality = null)
    {
        var extension = RequireFormat(picture, path);
        try
        {
            using var image = ToImage(picture, isDeep: picture.Format.BitDepth == 16 && extension is (".png" or ".tif" or ".tiff"));
            // WebP turns grey to RGB, for which a grey profile would be wrong.
            var keepProfile = !(extension == ".webp" && picture.Format.IsGrey);
            using var complete = ImageMetadata.Apply(image, picture.Format, keepProfile);
            return extension switch
            {
                ".png" => complete.PngsaveBuffer(compression: 6),
                ".webp" => complete.WebpsaveBuffer(q: quality, lossless: quality is null, exact: true),
                ".tif" or ".tiff" => complete.TiffsaveBuffer(Enums.ForeignTiffCompression.Deflate, predictor: Enums.ForeignTiffPredictor.Horizontal),
                _ => complete.JpegsaveBuffer(q: quality ?? 95, optimizeCoding: true),
            };
        }
        catch (VipsException e)
        {
            throw new ImageException(ImageFailure.Unsupported, path, $"the picture ({picture.Width}×{picture.Height}) cannot be encoded ({ImageFile.FirstLine(e)}).",
                "Another format may hold it: PNG and TIFF take any size.", e);
        }
    }

    /// <summary>The extension in lower case; throws if its format can't hold the picture.</summary>
    /// <exception cref="ImageException">The extension is unknown, or the picture too large or with alpha.</exception>
    public static string RequireFormat(Picture picture, string path)
    {
        var extension = Path.GetExtension(path).ToLowerInvariant();
        if (!ImageFile.Extensions.Contains(extension))
        {
            throw new ImageException(ImageFailure.Unsupported, path, $"cannot write the extension '{extension}'.",
                $"Use one of {string.Join(", ", ImageFile.Extensions)}.");
        }

        // WebP's own limit is 16383 pixels a side, JPEG's 65535.
        var limit = extension switch { ".webp" => 16383, ".jpg" or ".jpeg" => 65535, _ => int.MaxValue };
        if (Math.Max(picture.Width, picture.Height) > limit)
        {
            throw new ImageException(ImageFailure.Unsupported, path, $"{picture.Width}×{picture.Height} pixels are more than the format can hold ({limit} a side).",
                "Write .png or .tif.");
        }

        return extension is ".jpg" or ".jpeg" && picture.Format.Alpha is not null
            ? throw new ImageException(ImageFailure.Unsupported, path, "JPEG cannot hold the picture's alpha channel.", "Write .png, .webp or .tif.")
            : extension;
    }

    private static Image ToImage(Picture picture, bool isDeep)
    {
        var samples = PixelFormats.ToInterleaved(picture, isDeep ? 65535 : 255);
        var bands = samples.Length / (picture.Width * picture.Height);
        if (isDeep)
        {
            using var deep = Image.NewFromMemoryCopy<ushort>(samples, picture.Width, picture.Height, bands, Enums.BandFormat.Ushort);
            return deep.Copy(interpretation: picture.Format.IsGrey ? Enums.Interpretation.Grey16 : Enums.Interpretation.Rgb16);
        }

        var bytes = Array.ConvertAll(samples, sample => (byte)sample);
        using var image = Image.NewFromMemoryCopy<byte>(bytes, picture.Width, picture.Height, bands, Enums.BandFormat.Uchar);
        return image.Copy(interpretation: picture.Format.IsGrey ? Enums.Interpretation.Bw : Enums.Interpretation.Srgb);
    }

    private static void RequireNoInput(Picture picture, string path, ImageWriteOptions options)
    {
        var target = FilePaths.Resolve(path);
        var inputs = picture.SourcePath is null ? options.Inputs : options.Inputs.Append(picture.SourcePath);
        if (inputs.Any(input => string.Equals(FilePaths.Resolve(input), target, FilePaths.Comparison)))
        {
            throw new ImageException(ImageFailure.WouldOverwrite, path, "this is an input picture, which is never overwritten.", "Choose another name or folder.");
        }
    }
}
