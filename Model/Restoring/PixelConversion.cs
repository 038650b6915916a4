namespace FocalNet.Model;

/// <summary>Conversion of one sample type from and to the network's floats, where 0 is black and 1 is white.</summary>
internal interface ISampleFormat<T>
{
    static abstract float ToFloat(T sample);

    static abstract T FromFloat(float value);
}

/// <summary>8 bits: v/255, and back by rounding half up, as the reference implementation saves pictures.</summary>
internal readonly struct ByteSamples : ISampleFormat<byte>
{
    public static float ToFloat(byte sample) => sample / 255f;

    public static byte FromFloat(float value) => (byte)(Math.Clamp(value, 0f, 1f) * 255f + 0.5f);
}

/// <summary>16 bits: v/65535.</summary>
internal readonly struct UShortSamples : ISampleFormat<ushort>
{
    public static float ToFloat(ushort sample) => sample / 65535f;

    public static ushort FromFloat(float value) => (ushort)(Math.Clamp(value, 0f, 1f) * 65535f + 0.5f);
}

/// <summary>Floats as they are, clamped to 0 … 1 on the way out.</summary>
internal readonly struct FloatSamples : ISampleFormat<float>
{
    public static float ToFloat(float sample) => sample;

    public static float FromFloat(float value) => Math.Clamp(value, 0f, 1f);
}

/// <summary>A part of a padded picture, in pixels.</summary>
internal readonly record struct PixelRegion(int Left, int Top, int Width, int Height);

/// <summary>Moves pictures between the caller's layout and the network's padded planes.</summary>
/// <remarks>Layouts are checked against their spans before (<see cref="PixelLayout.Check"/>), so that every index fits an int.</remarks>
internal static class PixelConversion
{
    /// <summary>
    /// Fills three planes with a region of the padded picture: what lies beyond the right and lower edges mirrors the picture,
    /// without repeating the edge (as PyTorch's reflect), as often as it takes where the picture is smaller than the padding.
    /// </summary>
    public static void ToPlanes<T, TFormat>(ReadOnlySpan<T> source, in PixelLayout layout, Span<float> planes, PixelRegion region)
        where TFormat : struct, ISampleFormat<T>
    {
        int step = layout.SampleStep, within = Math.Clamp(layout.Width - region.Left, 0, region.Width);
        for (int channel = 0; channel < 3; channel++)
        {
            for (int y = 0; y < region.Height; y++)
            {
                int from = (int)layout.Index(0, Reflect(region.Top + y, layout.Height), layout.Channels == 1 ? 0 : channel);
                Span<float> row = planes.Slice((channel * region.Height + y) * region.Width, region.Width);
                for (int x = 0, i = from + region.Left * step; x < within; x++, i += step)
                    row[x] = TFormat.ToFloat(source[i]);
                for (int x = within; x < row.Length; x++)
                    row[x] = TFormat.ToFloat(source[from + Reflect(region.Left + x, layout.Width) * step]);
            }
        }
    }

    /// <summary>Takes the picture out of three padded planes. Grey is the mean of the three; alpha comes from the source.</summary>
    public static void FromPlanes<T, TFormat>(
        ReadOnlySpan<float> planes, int paddedWidth, int paddedHeight, ReadOnlySpan<T> source, Span<T> target, in PixelLayout layout)
        where TFormat : struct, ISampleFormat<T>
    {
        int plane = paddedWidth * paddedHeight;
        for (int y = 0; y < layout.Height; y++)
        {
            ReadOnlySpan<float> red = planes.Slice(y * paddedWidth, layout.Width);
            ReadOnlySpan<float> green = planes.Slice(plane + y * paddedWidth, layout.Width);
            ReadOnlySpan<float> blue = planes.Slice(2 * plane + y * paddedWidth, layout.Width);
            if (layout.Channels == 1)
            {
                Span<T> grey = target.Slice((int)layout.Index(0, y, 0), layout.Width);
                for (int x = 0; x < grey.Length; x++)
                    grey[x] = TFormat.FromFloat((red[x] + green[x] + blue[x]) / 3);
                continue;
            }
            WriteRow<T, TFormat>(red, target, layout, y, 0);
            WriteRow<T, TFormat>(green, target, layout, y, 1);
            WriteRow<T, TFormat>(blue, target, layout, y, 2);
            if (layout.Channels == 4)
                CopyAlpha(source, target, layout, y);
        }
    }

    /// <summary>The index within [0, extent) that mirroring at both ends leads to.</summary>
    public static int Reflect(int index, int extent)
    {
        if (extent == 1)
            return 0;
        long period = 2L * (extent - 1), folded = index % period;
        return (int)(folded < extent ? folded : period - folded);
    }

    private static void WriteRow<T, TFormat>(ReadOnlySpan<float> values, Span<T> target, in PixelLayout layout, int y, int channel)
        where TFormat : struct, ISampleFormat<T>
    {
        int step = layout.SampleStep;
        Span<T> samples = target[(int)layout.Index(0, y, channel)..];
        for (int x = 0, i = 0; x < values.Length; x++, i += step)
            samples[i] = TFormat.FromFloat(values[x]);
    }

    private static void CopyAlpha<T>(ReadOnlySpan<T> source, Span<T> target, in PixelLayout layout, int y)
    {
        int step = layout.SampleStep, start = (int)layout.Index(0, y, 3);
        for (int x = 0, i = start; x < layout.Width; x++, i += step)
            target[i] = source[i];
    }
}
