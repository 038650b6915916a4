using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Data.Scenes;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Data;

/// <summary>What a <see cref="ProceduralSource"/> consists of.</summary>
internal sealed record ProceduralOptions
{
    /// <summary>The families, in turn.</summary>
    public required IReadOnlyList<SceneFamily> Families { get; init; }

    public required int Count { get; init; }

    /// <summary>What is done to the clear scenes.</summary>
    public required Degradation Degradation { get; init; }

    /// <summary>How many scenes it is done to slightly or not at all.</summary>
    public DegradationShares Shares { get; init; }

    /// <summary>Width and height of the scenes.</summary>
    public int Size { get; init; } = 256;

    public long Seed { get; init; }

    /// <summary>Whether a scene is always degraded in the same way (to judge by) or in a new one each time (to train on).</summary>
    public bool IsFixed { get; init; }

    /// <summary>Scenes are drawn once and kept as far as this memory goes; the rest is drawn each time.</summary>
    public long CacheBytes { get; init; } = 1L << 30;

    public static ProceduralOptions ForTraining(Degradation degradation, long seed, int count, int size, DegradationShares shares = default) =>
        new() { Families = SceneFamilies.Training, Degradation = degradation, Shares = shares, Count = count, Size = size, Seed = seed };

    /// <summary>The families that training never sees, degraded in a way that stays the same.</summary>
    public static ProceduralOptions ForValidation(Degradation degradation, int count, int size) =>
        new() { Families = SceneFamilies.HeldOut, Degradation = degradation, Count = count, Size = size, Seed = 7_001, IsFixed = true };
}

/// <summary>
/// Degraded and clear pictures from drawn scenes. Both have 8 bits, as files would: the degraded picture is computed from the
/// rounded clear one and then rounded itself.
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
        $"{Count} drawn scenes of {_options.Size}×{_options.Size} pixels ({string.Join(", ", _options.Families)}){SharesText}, seed {_options.Seed}";

    public PicturePair Load(int index, SeededRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        var scene = (_cache[index]?.Value ?? Draw(index)).ToScene(_options.Size);
        var source = _options.IsFixed ? new SeededRandom(_options.Seed, index, 1) : random;
        var degraded = PixelFormats.QuantizeTo8Bits(_options.Shares.Apply(_options.Degradation, scene, source));
        return new PicturePair(NameOf(index), new Picture(_options.Size, _options.Size, degraded), new Picture(_options.Size, _options.Size, scene.Colours));
    }

    private string SharesText => _options.Shares == default
        ? ""
        : FormattableString.Invariant($", {100 * _options.Shares.Clean:0.#} % shown clean and {100 * _options.Shares.Slight:0.#} % slightly degraded");

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
