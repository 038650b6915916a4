namespace FocalNet.Trainer.Images;

/// <summary>Between interleaved integer samples, as files have them, and planar floats, as networks have them.</summary>
internal static class PixelFormats
{
    /// <summary>
    /// The rule by which the reference implementation saves pictures: clamp to 0…1, add half a step, cut off.
    /// What is not a number becomes 0.
    /// </summary>
    public static int Quantize(float value, int maximum)
    {
        var clamped = value > 0f ? MathF.Min(value, 1f) : 0f;
        return Math.Min(maximum, (int)((clamped + 0.5f / maximum) * maximum));
    }

    /// <summary>Every number as an 8-bit file would give it back; the shape of a picture that was saved and read.</summary>
    public static float[] QuantizeTo8Bits(ReadOnlySpan<float> pixels)
    {
        var result = new float[pixels.Length];
        for (var i = 0; i < pixels.Length; i++)
        {
            result[i] = Quantize(pixels[i], 255) / 255f;
        }

        return result;
    }

    /// <summary>Interleaved samples of 1 to 4 bands to planar RGB; grey fills all three planes.</summary>
    public static float[] ToPlanar(ReadOnlySpan<ushort> samples, int pixelCount, int bands, int maximum)
    {
        var result = new float[checked(3 * pixelCount)];
        var colours = bands >= 3 ? 3 : 1;
        for (var channel = 0; channel < 3; channel++)
        {
            var plane = result.AsSpan(channel * pixelCount, pixelCount);
            var band = Math.Min(channel, colours - 1);
            for (var i = 0; i < plane.Length; i++)
            {
                plane[i] = samples[i * bands + band] / (float)maximum;
            }
        }

        return result;
    }

    /// <inheritdoc cref="ToPlanar(ReadOnlySpan{ushort}, int, int, int)"/>
    public static float[] ToPlanar(ReadOnlySpan<byte> samples, int pixelCount, int bands)
    {
        var result = new float[checked(3 * pixelCount)];
        var colours = bands >= 3 ? 3 : 1;
        for (var channel = 0; channel < 3; channel++)
        {
            var plane = result.AsSpan(channel * pixelCount, pixelCount);
            var band = Math.Min(channel, colours - 1);
            for (var i = 0; i < plane.Length; i++)
            {
                plane[i] = samples[i * bands + band] / 255f;
            }
        }

        return result;
    }

    /// <summary>
    /// Planar RGB to interleaved samples: grey (the mean of the planes) or RGB, then alpha if there is one.
    /// Alpha arrives at the picture's own depth and is brought to <paramref name="maximum"/>.
    /// </summary>
    public static ushort[] ToInterleaved(Picture picture, int maximum)
    {
        var pixelCount = picture.Width * picture.Height;
        var alpha = picture.Format.Alpha;
        var colours = picture.Format.IsGrey ? 1 : 3;
        var bands = colours + (alpha is null ? 0 : 1);
        var result = new ushort[checked(bands * pixelCount)];
        var red = picture.Channel(0);
        var green = picture.Channel(1);
        var blue = picture.Channel(2);
        for (var i = 0; i < pixelCount; i++)
        {
            var at = i * bands;
            if (colours == 1)
            {
                result[at] = (ushort)Quantize((red[i] + green[i] + blue[i]) / 3f, maximum);
                continue;
            }

            result[at] = (ushort)Quantize(red[i], maximum);
            result[at + 1] = (ushort)Quantize(green[i], maximum);
            result[at + 2] = (ushort)Quantize(blue[i], maximum);
        }

        if (alpha is not null)
        {
            var from = picture.Format.BitDepth == 16 ? 65535 : 255;
            for (var i = 0; i < pixelCount; i++)
            {
                result[i * bands + colours] = (ushort)((alpha[i] * (long)maximum + from / 2) / from);
            }
        }

        return result;
    }
}
