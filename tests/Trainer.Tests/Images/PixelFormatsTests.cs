using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tests.Images;

public sealed class PixelFormatsTests
{
    [Theory]
    [InlineData(-0.5f, 0)]
    [InlineData(float.NaN, 0)]
    [InlineData(0f, 0)]
    [InlineData(0.49f / 255f, 0)]
    [InlineData(0.51f / 255f, 1)]
    [InlineData(1f, 255)]
    [InlineData(1.5f, 255)]
    [InlineData(float.PositiveInfinity, 255)]
    public void Eight_bits_are_clamped_shifted_by_half_a_step_and_cut(float value, int expected) =>
        Assert.Equal(expected, PixelFormats.Quantize(value, 255));

    [Theory]
    [InlineData(255)]
    [InlineData(65535)]
    public void Every_integer_sample_survives(int maximum)
    {
        for (var sample = 0; sample <= maximum; sample++)
        {
            Assert.Equal(sample, PixelFormats.Quantize(sample / (float)maximum, maximum));
        }
    }
}
