namespace FocalNet.Model.Tests.Restoring;

/// <summary>Where tiles lie: for every extent, number, overlap and divisor within reason.</summary>
public sealed class TileAxisTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void Tiles_cover_the_picture_see_their_overlap_and_share_every_pixel(int divisor)
    {
        int cuts = 0;
        for (int extent = divisor; extent < 1500; extent += 7 * divisor)
        {
            foreach (int overlap in (int[])[0, 5, 48, 121])
            {
                foreach (int ramp in (int[])[0, 32])
                {
                    for (int count = 1; count < 12; count++)
                    {
                        if (TileAxis.Cut(extent, count, overlap, ramp, divisor) is not { } axis)
                            continue;
                        cuts++;
                        Check(axis, extent, count, overlap, divisor);
                    }
                }
            }
        }
        Assert.InRange(cuts, 500, int.MaxValue);
    }

    [Fact]
    public void So_many_tiles_that_they_would_be_no_shorter_than_the_picture_are_refused()
    {
        Assert.NotNull(TileAxis.Cut(400, 2, 48, 32, 4));
        Assert.Null(TileAxis.Cut(100, 2, 48, 32, 4));
        Assert.Null(TileAxis.Cut(400, 20, 0, 32, 4));
    }

    private static void Check(TileAxis axis, int extent, int count, int overlap, int divisor)
    {
        Assert.Equal(count, axis.Count);
        var shares = new float[extent];
        for (int tile = 0; tile < count; tile++)
        {
            int start = axis.Start(tile), end = start + axis.Length, ownStart = axis.OwnStart(tile), ownEnd = axis.OwnEnd(tile);
            Assert.Equal([0, 0, 0, 0], (int[])[start % divisor, axis.Length % divisor, ownStart % divisor, ownEnd % divisor]);
            Assert.Equal(tile == 0 ? 0 : axis.OwnEnd(tile - 1), ownStart);
            Assert.True(start >= 0 && end <= extent && ownStart < ownEnd);
            Assert.True(tile == 0 || ownStart - start >= overlap);
            Assert.True(tile == count - 1 || end - ownEnd >= overlap);
            float[] weights = axis.Weights(tile);
            for (int i = 0; i < weights.Length; i++)
            {
                Assert.InRange(weights[i], 0f, 1f);
                shares[start + i] += weights[i];
            }
        }
        Assert.Equal(extent, axis.OwnEnd(count - 1));
        Assert.All(shares, share => Assert.InRange(share, 1 - 1e-6f, 1 + 1e-6f));
    }
}
