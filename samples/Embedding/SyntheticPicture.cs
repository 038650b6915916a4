namespace FocalNet.Samples.Embedding;

/// <summary>A picture made of formulas, so that the sample needs no file and no image library.</summary>
public static class SyntheticPicture
{
    /// <summary>Coloured tiles that fade into white haze towards the top; rows padded to a multiple of four bytes.</summary>
    public static byte[] Hazy(int width, int height)
    {
        int stride = (3 * width + 3) / 4 * 4;
        var picture = new byte[stride * height];
        for (int y = 0; y < height; y++)
        {
            // Light that reaches the eye through haze: I = J·t + A·(1 − t).
            double transmission = 0.2 + 0.7 * y / height;
            for (int x = 0; x < width; x++)
            {
                bool dark = (x / 40 + y / 40) % 2 == 0;
                ReadOnlySpan<double> colour = [dark ? 0.1 : 0.8, (double)x / width, dark ? 0.5 : 0.2];
                for (int channel = 0; channel < 3; channel++)
                    picture[y * stride + 3 * x + channel] = (byte)(255 * (colour[channel] * transmission + 0.9 * (1 - transmission)));
            }
        }
        return picture;
    }

    /// <summary>Standard deviation of all samples.</summary>
    public static double Contrast(ReadOnlySpan<byte> samples)
    {
        double sum = 0, squares = 0;
        foreach (byte sample in samples)
        {
            sum += sample;
            squares += (double)sample * sample;
        }
        double mean = sum / samples.Length;
        return Math.Sqrt(Math.Max(0, squares / samples.Length - mean * mean));
    }
}
