using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Restoring;

/// <summary>From what the program may take in all to what a restorer may take for one picture.</summary>
internal static class RestoreMemory
{
    /// <summary>The program before it has read anything: runtime, libraries, compiled code.</summary>
    public const long ProgramBytes = 160_000_000;

    // Pictures from here on leave so much garbage behind that it is collected at once.
    private const int LargePixels = 2_000_000;

    /// <summary>The budget of <see cref="Model.Restorer.MemoryBudget"/> under which the whole program stays within a limit.</summary>
    /// <param name="limit">Bytes that the program may take; null for no limit.</param>
    /// <param name="picture">The picture.</param>
    /// <param name="output">File that it will become.</param>
    public static long? BudgetFor(long? limit, Picture picture, string output) =>
        limit is { } bytes ? Math.Max(1, bytes - ProgramBytes - EncodingBytes(picture, output)) : null;

    /// <summary>What to say when a picture does not fit a limit: in terms of the whole program, as the limit is.</summary>
    /// <param name="limit">Bytes that the program may take.</param>
    /// <param name="needed">Bytes that the restorer needs at least.</param>
    /// <param name="picture">The picture.</param>
    /// <param name="output">File that it will become.</param>
    public static RestorePlanException TooLittle(long limit, long needed, Picture picture, string output) => new(FormattableString.Invariant(
        $"{(needed + ProgramBytes + EncodingBytes(picture, output)) / 1e6:F0} MB are needed for {picture.Width}×{picture.Height} pixels even in the smallest tiles, and {limit / 1e6:F0} MB are available by --memory. Allow at least as much as is needed (--memory {Math.Ceiling((needed + ProgramBytes + EncodingBytes(picture, output)) / 1e6):F0}MB), or restore a smaller picture."));

    /// <summary>Frees what reading or restoring a large picture has left: the collector might wait too long to keep a limit.</summary>
    public static void CollectAfter(Picture picture)
    {
        if ((long)picture.Width * picture.Height >= LargePixels)
        {
            GC.Collect();
        }
    }

    // Beside the picture's floats: samples as the file has them, twice (here and in libvips), and the encoder's own, which for
    // lossless WebP is much. More than reading takes.
    private static long EncodingBytes(Picture picture, string output)
    {
        var bytesPerPixel = picture.Format.BitDepth == 16 ? 24 : 16;
        bytesPerPixel += picture.Format.Alpha is null ? 0 : 8;
        bytesPerPixel += Path.GetExtension(output).Equals(".webp", StringComparison.OrdinalIgnoreCase) ? 48 : 0;
        return (long)picture.Width * picture.Height * bytesPerPixel;
    }
}
