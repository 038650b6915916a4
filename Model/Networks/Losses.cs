using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Model;

/// <summary>Training losses.</summary>
public static class Losses
{
    /// <summary>Weight of the spectral part.</summary>
    public const double SpectralWeight = 0.1;

    /// <summary>
    /// The loss of the paper (section 3.4): over three scales, the mean absolute error plus a tenth of that of the Fourier
    /// transforms. Also declares the outputs <c>loss</c>, <c>loss.l1.full</c> … <c>loss.l1.quarter</c> and
    /// <c>loss.fft.full</c> … <c>loss.fft.quarter</c> (before weighting).
    /// </summary>
    /// <param name="net">The network.</param>
    /// <param name="restored">The network's pictures.</param>
    /// <param name="target">The true picture, [N, 3, H, W]; the smaller ones are resized from it, bilinearly.</param>
    /// <returns>A scalar.</returns>
    public static Tensor MultiScale(NetworkBuilder net, PicturePyramid restored, Tensor target)
    {
        (Tensor l1Full, Tensor fftFull) = OneScale(net, "full", restored.Full, target);
        (Tensor l1Half, Tensor fftHalf) = OneScale(net, "half", restored.Half, target.Resample(ResampleKind.BilinearHalf));
        (Tensor l1Quarter, Tensor fftQuarter) = OneScale(net, "quarter", restored.Quarter, target.Resample(ResampleKind.BilinearQuarter));
        Tensor loss = l1Quarter + l1Half + l1Full + SpectralWeight * (fftQuarter + fftHalf + fftFull);
        net.Output("loss", loss);
        return loss;
    }

    private static (Tensor L1, Tensor Spectral) OneScale(NetworkBuilder net, string scale, Tensor restored, Tensor target)
    {
        Tensor difference = restored - target;
        Tensor l1 = difference.Abs().Mean();
        Tensor spectral = SpectralL1(difference);
        net.Output($"loss.l1.{scale}", l1);
        net.Output($"loss.fft.{scale}", spectral);
        return (l1, spectral);
    }

    /// <summary>
    /// Mean absolute value of the unnormalised 2-D Fourier transform, real and imaginary parts counted apart. The transform
    /// is linear, so that of a difference of pictures is the difference of their transforms.
    /// </summary>
    /// <param name="difference">[N, C, H, W].</param>
    /// <returns>A scalar.</returns>
    public static Tensor SpectralL1(Tensor difference)
    {
        (Tensor real, Tensor imaginary) = difference.FourierTransform();
        return (real.Abs() + imaginary.Abs()).Sum(Axes.All) / (2 * difference.Size(Axes.All));
    }
}
