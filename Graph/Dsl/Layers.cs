using FocalNet.Graph.Ir;

namespace FocalNet.Graph.Dsl;

/// <summary>Composite layers that any network may want, made of primitives.</summary>
public static class Layers
{
    /// <summary>Mean over axes, which become 1.</summary>
    public static Tensor Mean(this Tensor x, Axes axes) => x.Sum(axes) / x.Size(axes);

    /// <summary>Mean of all elements.</summary>
    public static Tensor Mean(this Tensor x) => x.Mean(Axes.All);

    /// <summary>Gaussian error linear unit in its exact form, x·Φ(x) = x/2·(1 + erf(x/√2)) (Hendrycks and Gimpel 2016).</summary>
    public static Tensor Gelu(this Tensor x) => x * (0.5 + 0.5 * (x * (1 / Math.Sqrt(2))).Erf());

    /// <summary>
    /// Instance normalisation: each channel of each picture to mean 0 and (biased) variance 1, then times weight plus bias
    /// (Ulyanov et al. 2016; PyTorch's InstanceNorm2d without running statistics).
    /// </summary>
    /// <param name="x">[N, C, H, W].</param>
    /// <param name="weight">[1, C, 1, 1].</param>
    /// <param name="bias">[1, C, 1, 1].</param>
    /// <param name="epsilon">Added to the variance.</param>
    public static Tensor InstanceNorm(this Tensor x, Tensor weight, Tensor bias, double epsilon = 1e-5)
    {
        Tensor centred = x - x.Mean(Axes.Spatial);
        Tensor variance = (centred * centred).Mean(Axes.Spatial);
        return centred * ((variance + epsilon).Sqrt().Reciprocal() * weight) + bias;
    }

    /// <summary>The unnormalised 2-D discrete Fourier transform of a real tensor, as real and imaginary parts.</summary>
    public static (Tensor Real, Tensor Imaginary) FourierTransform(this Tensor x)
    {
        Tensor cosine = x.CosineTransform(alongHeight: false), sine = x.SineTransform(alongHeight: false);
        Tensor real = cosine.CosineTransform(alongHeight: true) - sine.SineTransform(alongHeight: true);
        Tensor imaginary = -(cosine.SineTransform(alongHeight: true) + sine.CosineTransform(alongHeight: true));
        return (real, imaginary);
    }
}
