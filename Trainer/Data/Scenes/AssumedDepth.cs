namespace FocalNet.Trainer.Data.Scenes;

/// <summary>
/// A depth for pictures that have none: open ground seen from eye height, near at the lower edge and far towards the upper,
/// where it stops at the horizon. It is wrong for most pictures and good enough to haze them for a demonstration.
/// </summary>
internal static class AssumedDepth
{
    private const float Near = 0.35f, Far = 2f;

    /// <summary>H×W depths between 0.35 and 2: inversely proportional to the distance below the horizon, a quarter down the picture.</summary>
    public static float[] Of(int width, int height)
    {
        var depth = new float[width * height];
        for (var y = 0; y < height; y++)
        {
            var belowHorizon = ((y + 0.5f) / height - 0.25f) / 0.75f;
            depth.AsSpan(y * width, width).Fill(belowHorizon <= Near / Far ? Far : Near / belowHorizon);
        }

        return depth;
    }

    /// <summary>Depths from a picture of the same size: black is 0, white is 2.</summary>
    public static float[] FromMap(Images.Picture map) => Array.ConvertAll(map.Channel(0).ToArray(), value => Far * value);
}
