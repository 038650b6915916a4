using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Data;

/// <summary>The part of a pair that goes into a batch, the same for both pictures.</summary>
/// <param name="Left">First column.</param>
/// <param name="Top">First row.</param>
/// <param name="Width">Columns; may reach beyond the picture, which is then continued by reflection.</param>
/// <param name="Height">Rows, likewise.</param>
/// <param name="IsFlipped">Whether left and right change places.</param>
internal readonly record struct PairCrop(int Left, int Top, int Width, int Height, bool IsFlipped)
{
    public static PairCrop Draw(SeededRandom random, PicturePair pair, BatchOptions options)
    {
        var (width, height) = (pair.Input.Width, pair.Input.Height);
        var isFlipped = random.Chance(options.FlipProbability);
        if (options.Crop == 0)
        {
            return new PairCrop(0, 0, RoundUp(width, options.SizeMultiple), RoundUp(height, options.SizeMultiple), isFlipped);
        }

        var left = random.Range(0, Math.Max(0, width - options.Crop) + 1);
        var top = random.Range(0, Math.Max(0, height - options.Crop) + 1);
        return new PairCrop(left, top, options.Crop, options.Crop, isFlipped);
    }

    public static int RoundUp(int size, int multiple) => (size + multiple - 1) / multiple * multiple;

    /// <summary>Cuts the part out of a picture, 3×Height×Width.</summary>
    public void Copy(Picture picture, Span<float> target)
    {
        for (var channel = 0; channel < 3; channel++)
        {
            var plane = picture.Channel(channel);
            for (var y = 0; y < Height; y++)
            {
                var source = plane.Slice(Reflect(Top + y, picture.Height) * picture.Width, picture.Width);
                var row = target.Slice((channel * Height + y) * Width, Width);
                if (Left + Width <= picture.Width)
                {
                    source.Slice(Left, Width).CopyTo(row);
                }
                else
                {
                    for (var x = 0; x < Width; x++)
                    {
                        row[x] = source[Reflect(Left + x, picture.Width)];
                    }
                }

                if (IsFlipped)
                {
                    row.Reverse();
                }
            }
        }
    }

    /// <summary>A place beyond the end, mirrored at the last pixel as often as needed: 0 1 2 1 0 1 2 …</summary>
    public static int Reflect(int place, int length)
    {
        if (length == 1)
        {
            return 0;
        }

        var period = 2 * (length - 1);
        var within = place % period;
        return within < length ? within : period - within;
    }
}
