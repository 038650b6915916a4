using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tests.Data.Degradations;

public sealed class LinearLightTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.02)]
    [InlineData(0.0405)]
    [InlineData(0.2)]
    [InlineData(0.5)]
    [InlineData(0.731)]
    [InlineData(1.0)]
    public void The_curve_is_that_of_srgb(double shown)
    {
        var light = shown <= 0.04045 ? shown / 12.92 : Math.Pow((shown + 0.055) / 1.055, 2.4);
        Assert.Equal(light, LinearLight.Decode((float)shown), 1e-5);
        Assert.Equal(shown, LinearLight.Encode((float)light), 1e-5);
    }

    [Fact]
    public void Every_byte_survives_the_way_there_and_back()
    {
        for (var value = 0; value < 256; value++)
        {
            Assert.Equal(value, PixelFormats.Quantize(LinearLight.Encode(LinearLight.Decode(value / 255f)), 255));
        }
    }

    [Fact]
    public void What_lies_outside_is_clamped() =>
        Assert.Equal([0f, 1f, 0f, 1f], (float[])[LinearLight.Decode(-1f), LinearLight.Decode(2f), LinearLight.Encode(-1f), LinearLight.Encode(2f)]);
}
