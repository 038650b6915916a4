namespace FocalNet.Samples.CustomNetwork;

/// <summary>Examples to learn from.</summary>
internal static class Edges
{
    /// <summary>Random numbers, and what the Laplace filter (4 times the pixel less its four neighbours, quartered) makes of them.</summary>
    public static void NewExample(Random random, int size, Span<float> image, Span<float> target)
    {
        foreach (ref float pixel in image)
            pixel = random.NextSingle();
        for (int y = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++)
                target[y * size + x] = At(image, x, y) - (At(image, x - 1, y) + At(image, x + 1, y) + At(image, x, y - 1) + At(image, x, y + 1)) / 4;
        }

        float At(ReadOnlySpan<float> pixels, int x, int y) => x >= 0 && y >= 0 && x < size && y < size ? pixels[y * size + x] : 0;
    }
}
