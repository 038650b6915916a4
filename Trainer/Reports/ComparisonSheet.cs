using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Reports;

/// <summary>A picture and what to write above it.</summary>
internal sealed record LabelledPicture(string Label, Picture Picture);

/// <summary>
/// Pictures side by side, row below row, each with its label above: before, after, truth. Every column is as
/// wide as its widest picture, every row as high as its highest; nothing is scaled.
/// </summary>
internal static class ComparisonSheet
{
    private const int Gap = 4;
    private const int LabelHeight = BitmapFont.Height + 6;
    private const float Background = 0.13f;

    /// <exception cref="ArgumentException">There is nothing to show.</exception>
    public static Picture Compose(IReadOnlyList<IReadOnlyList<LabelledPicture>> rows)
    {
        var columns = rows.Count == 0 ? 0 : rows.Max(row => row.Count);
        if (columns == 0)
        {
            throw new ArgumentException("A sheet needs at least one picture.", nameof(rows));
        }

        var widths = Enumerable.Range(0, columns).Select(column => rows.Max(row => column < row.Count ? row[column].Picture.Width : 0)).ToArray();
        var heights = rows.Select(row => row.Count == 0 ? 0 : row.Max(cell => cell.Picture.Height)).ToArray();
        var sheet = new Picture(widths.Sum() + Gap * (columns + 1), heights.Sum() + rows.Count * (LabelHeight + Gap) + Gap);
        Array.Fill(sheet.Pixels, Background);
        var top = Gap;
        for (var row = 0; row < rows.Count; row++)
        {
            var left = Gap;
            for (var column = 0; column < rows[row].Count; column++)
            {
                var (label, picture) = rows[row][column];
                BitmapFont.Draw(sheet, left, top + 3, Shorten(label, widths[column]));
                Place(sheet, picture, left, top + LabelHeight);
                left += widths[column] + Gap;
            }

            top += heights[row] + LabelHeight + Gap;
        }

        return sheet;
    }

    /// <summary>A hazy picture, what was made of it, and the clear one where it is known.</summary>
    public static Picture BeforeAfterTruth(Picture before, Picture after, Picture? truth)
    {
        List<LabelledPicture> row = [new("before", before), new("after", after)];
        if (truth is not null)
        {
            row.Add(new LabelledPicture("truth", truth));
        }

        return Compose([row]);
    }

    private static string Shorten(string label, int width)
    {
        while (label.Length > 1 && BitmapFont.WidthOf(label) > width)
        {
            label = label[..^1];
        }

        return label;
    }

    private static void Place(Picture sheet, Picture picture, int left, int top)
    {
        for (var channel = 0; channel < 3; channel++)
        {
            for (var y = 0; y < picture.Height; y++)
            {
                var row = picture.Channel(channel).Slice(y * picture.Width, picture.Width);
                row.CopyTo(sheet.Channel(channel)[((top + y) * sheet.Width + left)..]);
            }
        }
    }
}
