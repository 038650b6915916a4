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

/// <summary>Moves pictures between the caller's layout and the network's padded planes.</summary>
internal static class PixelConversion
{
    /// <summary>
    /// Fills three planes of a padded size: what lies beyond the right and lower edges mirrors the picture, without
    /// repeating the edge (as PyTorch's reflect), as often as it takes where the picture is smaller than the padding.
    /// </summary>
    public static void ToPlanes<T, TFormat>(ReadOnlySpan<T> source, in PixelLayout layout, Span<float> planes, int paddedWidth, int paddedHeight)
        where TFormat : struct, ISampleFormat<T>
    {
        for (int channel = 0; channel < 3; channel++)
        {
            int from = layout.Channels == 1 ? 0 : channel;
            for (int y = 0; y < paddedHeight; y++)
            {
                Span<float> row = planes.Slice((channel * paddedHeight + y) * paddedWidth, paddedWidth);
                int sourceRow = Reflect(y, layout.Height);
                for (int x = 0; x < row.Length; x++)
                    row[x] = TFormat.ToFloat(source[(int)layout.Index(x < layout.Width ? x : Reflect(x, layout.Width), sourceRow, from)]);
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
            for (int x = 0; x < layout.Width; x++)
            {
                int p = y * paddedWidth + x;
                if (layout.Channels == 1)
                {
                    target[(int)layout.Index(x, y, 0)] = TFormat.FromFloat((planes[p] + planes[plane + p] + planes[2 * plane + p]) / 3);
                    continue;
                }
                for (int channel = 0; channel < 3; channel++)
                    target[(int)layout.Index(x, y, channel)] = TFormat.FromFloat(planes[channel * plane + p]);
                if (layout.Channels == 4)
                    target[(int)layout.Index(x, y, 3)] = source[(int)layout.Index(x, y, 3)];
            }
        }
    }

    /// <summary>The index within [0, extent) that mirroring at both ends leads to.</summary>
    public static int Reflect(int index, int extent)
    {
        if (extent == 1)
            return 0;
        int period = 2 * (extent - 1), folded = index % period;
        return folded < extent ? folded : period - folded;
    }
}
