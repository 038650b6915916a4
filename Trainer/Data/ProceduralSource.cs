using FocalNet.Trainer.Data.Scenes;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Data;

/// <summary>What a <see cref="ProceduralSource"/> consists of.</summary>
internal sealed record ProceduralOptions
{
    /// <summary>The families, in turn.</summary>
    public required IReadOnlyList<SceneFamily> Families { get; init; }

    public required int Count { get; init; }

    /// <summary>Width and height of the scenes.</summary>
    public int Size { get; init; } = 256;

    public long Seed { get; init; }

    /// <summary>Whether a scene always has the same haze (to judge by) or a new one each time (to train on).</summary>
    public bool HasFixedHaze { get; init; }

    /// <summary>Scenes are drawn once and kept as far as this memory goes; the rest is drawn each time.</summary>
    public long CacheBytes { get; init; } = 1L << 30;

    public static ProceduralOptions ForTraining(long seed, int count, int size) =>
        new() { Families = SceneFamilies.Training, Count = count, Size = size, Seed = seed };

    /// <summary>The families that training never sees, with haze that stays the same.</summary>
    public static ProceduralOptions ForValidation(int count, int size) =>
        new() { Families = SceneFamilies.HeldOut, Count = count, Size = size, Seed = 7_001, HasFixedHaze = true };
}

/// <summary>
/// Hazy and clear pictures from drawn scenes. Both have 8 bits, as files would: the haze is computed from the
/// rounded clear picture and then rounded itself.
/// </summary>
internal sealed class ProceduralSource : IPairSource
{
    private readonly ProceduralOptions _options;
    private readonly Lazy<StoredScene>?[] _cache;

    public ProceduralSource(ProceduralOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Size, 1);
        ArgumentOutOfRangeException.ThrowIfZero(options.Families.Count);
        _options = options;
        _cache = new Lazy<StoredScene>?[options.Count];
        var bytesPerScene = (long)options.Size * options.Size * StoredScene.BytesPerPixel;
        var kept = Math.Min(options.Count, options.CacheBytes / bytesPerScene);
        for (var i = 0; i < kept; i++)
        {
            var index = i;
            _cache[i] = new Lazy<StoredScene>(() => Draw(index));
        }
    }

    public int Count => _options.Count;

    public string Description =>
        $"{Count} drawn scenes of {_options.Size}×{_options.Size} pixels ({string.Join(", ", _options.Families)}), seed {_options.Seed}";

    public PicturePair Load(int index, SeededRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        var scene = (_cache[index]?.Value ?? Draw(index)).ToScene(_options.Size);
        var hazeRandom = _options.HasFixedHaze ? new SeededRandom(_options.Seed, index, 1) : random;
        var hazy = PixelFormats.QuantizeTo8Bits(Haze.Draw(hazeRandom, scene).Apply(scene.Colours, scene.Depth));
        return new PicturePair(NameOf(index), new Picture(_options.Size, _options.Size, hazy), new Picture(_options.Size, _options.Size, scene.Colours));
    }

    private SceneFamily FamilyOf(int index) => _options.Families[index % _options.Families.Count];

    private string NameOf(int index) => $"{FamilyOf(index)}-{index / _options.Families.Count}";

    private StoredScene Draw(int index) =>
        StoredScene.From(SceneRenderer.Render(FamilyOf(index), _options.Seed, index / _options.Families.Count, _options.Size, _options.Size));

    /// <summary>A scene in five bytes a pixel. Half precision moves t by less than a quarter of an 8-bit step.</summary>
    private sealed record StoredScene(byte[] Colours, Half[] Depth)
    {
        public const int BytesPerPixel = 5;

        public static StoredScene From(Scene scene) => new(
            Array.ConvertAll(scene.Colours, value => (byte)PixelFormats.Quantize(value, 255)),
            Array.ConvertAll(scene.Depth, value => (Half)value));

        public Scene ToScene(int size) => new(size, size,
            Array.ConvertAll(Colours, value => value / 255f), Array.ConvertAll(Depth, value => (float)value));
    }
}
