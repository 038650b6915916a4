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
        var layout = new PixelLayout(picture.Width, picture.Height, 3, PixelOrder.Planar);
        restorer.Restore(picture.Pixels, restored, layout, progress, cancellation);
        return picture.WithPixels(restored);
    }
}
