namespace FocalNet.Trainer.Metrics;

/// <summary>
/// The sizes at which the published evaluation works. Its rounding to a multiple of four always goes up by
/// one to four pixels: a size that is a multiple already counts as four larger in the formulas, although
/// nothing is padded then.
/// </summary>
/// <param name="CountedWidth">W of the formulas.</param>
/// <param name="CountedHeight">H of the formulas.</param>
/// <param name="PaddedRight">Columns added by reflection before the network.</param>
/// <param name="PaddedBottom">Rows added likewise.</param>
/// <param name="Ratio">By how much both pictures shrink before SSIM.</param>
internal readonly record struct PaperGeometry(int CountedWidth, int CountedHeight, int PaddedRight, int PaddedBottom, int Ratio)
{
    public int PooledWidth => CountedWidth / Ratio;

    public int PooledHeight => CountedHeight / Ratio;

    public static PaperGeometry Of(int width, int height)
    {
        var countedWidth = (width + 4) / 4 * 4;
        var countedHeight = (height + 4) / 4 * 4;
        // Halves go to the even number, as Python's round does.
        var ratio = Math.Max(1, (int)Math.Round(Math.Min(countedWidth, countedHeight) / 256.0, MidpointRounding.ToEven));
        return new PaperGeometry(countedWidth, countedHeight, width % 4 == 0 ? 0 : countedWidth - width, height % 4 == 0 ? 0 : countedHeight - height, ratio);
    }
}
