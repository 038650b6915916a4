using FocalNet.Model;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Restoring;

/// <summary>Between <see cref="Picture"/> and <see cref="Restorer"/>.</summary>
internal static class PictureRestoration
{
    /// <summary>The restored picture, to be written in the form in which the given one came.</summary>
    public static Picture Restore(Restorer restorer, Picture picture, IProgress<double>? progress, CancellationToken cancellation)
    {
        var restored = new float[picture.Pixels.Length];
        restorer.Restore(picture.Pixels, restored, LayoutOf(picture), progress, cancellation);
        return picture.WithPixels(restored);
    }

    /// <summary>Restores a picture in its own memory; when it fails, the picture is as before.</summary>
    public static void RestoreInPlace(Restorer restorer, Picture picture, IProgress<double>? progress, CancellationToken cancellation) =>
        restorer.Restore(picture.Pixels, picture.Pixels, LayoutOf(picture), progress, cancellation);

    /// <summary>How <see cref="RestoreInPlace"/> would do it.</summary>
    public static RestorationPlan Plan(Restorer restorer, Picture picture) => restorer.Plan(LayoutOf(picture), sizeof(float), inPlace: true);

    private static PixelLayout LayoutOf(Picture picture) => new(picture.Width, picture.Height, 3, PixelOrder.Planar);
}
