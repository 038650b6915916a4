using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using FocalNet.Model;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Restoring;

/// <summary>Frames of a video as bare samples, row by row: what ffmpeg calls rawvideo.</summary>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Name">ffmpeg's name of the pixel format.</param>
/// <param name="Channels">1, 3 or 4.</param>
/// <param name="BytesPerSample">1, or 2 with the lower byte first.</param>
internal sealed partial record RawFormat(int Width, int Height, string Name, int Channels, int BytesPerSample)
{
    // Above Names, which is initialised from it.
    private static readonly Dictionary<string, (int Channels, int BytesPerSample)> Formats = new()
    {
        ["rgb24"] = (3, 1), ["rgb48le"] = (3, 2), ["rgba"] = (4, 1), ["rgba64le"] = (4, 2), ["gray"] = (1, 1), ["gray8"] = (1, 1), ["gray16le"] = (1, 2),
    };

    /// <summary>The pixel formats, under the names that ffmpeg has for them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Formats.Keys];

    /// <summary>Bytes of a frame.</summary>
    public long FrameBytes => (long)Width * Height * Channels * BytesPerSample;

    public PixelLayout Layout => new(Width, Height, Channels);

    /// <summary>From text such as 1920x1080 or 1920x1080:rgb48le; null if it is no such text.</summary>
    public static RawFormat? Parse(string text)
    {
        if (Text().Match(text) is not { Success: true } match
            || !int.TryParse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var width)
            || !int.TryParse(match.Groups[2].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var height))
        {
            return null;
        }

        var name = match.Groups[3].Success ? match.Groups[3].Value : "rgb24";
        return width > 0 && height > 0 && Formats.TryGetValue(name, out var format) && (long)width * height * format.Channels * format.BytesPerSample <= Array.MaxLength
            ? new RawFormat(width, height, name, format.Channels, format.BytesPerSample)
            : null;
    }

    [GeneratedRegex(@"^(\d+)[xX×](\d+)(?::([a-z0-9]+))?$")]
    private static partial Regex Text();
}

/// <summary>Restores a stream of raw frames, one after the other, in constant memory.</summary>
internal static class RawFrames
{
    /// <summary>Restores frames until the input ends.</summary>
    /// <returns>Frames restored.</returns>
    /// <param name="restorer">Restores each.</param>
    /// <param name="format">Size and pixel format.</param>
    /// <param name="input">Frames without anything between them.</param>
    /// <param name="output">Receives as many, of the same format.</param>
    /// <param name="onFrame">Called after each with their number so far.</param>
    /// <param name="cancellation">Stops between kernels.</param>
    /// <exception cref="ImageException">The input ends within a frame.</exception>
    public static long Restore(Restorer restorer, RawFormat format, Stream input, Stream output, Action<long> onFrame, CancellationToken cancellation)
    {
        var frame = new byte[format.FrameBytes];
        for (long frames = 0; ; frames++)
        {
            var length = input.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false);
            if (length == 0)
            {
                output.Flush();
                return frames;
            }

            if (length < frame.Length)
            {
                throw new ImageException(ImageFailure.Damaged, "standard input",
                    FormattableString.Invariant($"frame {frames + 1} ends after {length} of {frame.Length} bytes."),
                    $"Check that the frames are {format.Width}×{format.Height} {format.Name}: the {frames} before it were restored as such.");
            }

            RestoreOne(restorer, format, frame, cancellation);
            output.Write(frame);
            onFrame(frames + 1);
        }
    }

    private static void RestoreOne(Restorer restorer, RawFormat format, byte[] frame, CancellationToken cancellation)
    {
        if (format.BytesPerSample == 1)
        {
            restorer.Restore(frame, frame, format.Layout, null, cancellation);
            return;
        }

        var samples = MemoryMarshal.Cast<byte, ushort>(frame.AsSpan());
        SwapBytes(samples);
        restorer.Restore(samples, samples, format.Layout, null, cancellation);
        SwapBytes(samples);
    }

    private static void SwapBytes(Span<ushort> samples)
    {
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(samples, samples);
        }
    }
}
