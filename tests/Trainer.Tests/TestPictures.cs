using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tests;

/// <summary>Small pictures with known content.</summary>
internal static class TestPictures
{
    /// <summary>Every sample a whole number of steps of the format's depth, so that files keep it exactly.</summary>
    public static Picture Noise(int width, int height, int seed = 1, PictureFormat? format = null)
    {
        format ??= PictureFormat.Rgb8;
        var maximum = format.BitDepth == 16 ? 65535 : 255;
        var random = new Random(seed);
        var pixels = new float[3 * width * height];
        var planes = format.IsGrey ? 1 : 3;
        for (var i = 0; i < planes * width * height; i++)
        {
            pixels[i] = random.Next(maximum + 1) / (float)maximum;
        }

        if (format.IsGrey)
        {
            var plane = pixels.AsSpan(0, width * height);
            plane.CopyTo(pixels.AsSpan(width * height));
            plane.CopyTo(pixels.AsSpan(2 * width * height));
        }

        return new Picture(width, height, pixels, format);
    }

    public static Picture Flat(int width, int height, float value)
    {
        var pixels = new float[3 * width * height];
        Array.Fill(pixels, value);
        return new Picture(width, height, pixels);
    }

    public static string Save(this TemporaryFolder folder, string name, Picture picture)
    {
        var path = folder[name];
        ImageFileWriter.Write(picture, path);
        return path;
    }
}
