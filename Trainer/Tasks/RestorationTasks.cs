using FocalNet.Model;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Data.Layouts;

namespace FocalNet.Trainer.Tasks;

/// <summary>The tasks there are.</summary>
internal static class RestorationTasks
{
    // Steps of two crops of 96: twelve a second on two Zen 4 cores, so about two minutes; three with the first build. For haze, crops
    // of 96 gained a decibel more than four of 64 at equal cost: the network's statistics are those of whole pictures.
    private static readonly TrainingDefaults Short = new()
    {
        Network = "Tiny",
        Batch = 2,
        Crop = 96,
        Flip = 0.5,
        LearningRate = 8e-4,
        WarmUpEpochs = 1,
        Clip = 0.001,
        Steps = 1500,
        Validations = 4,
        ValidationPictures = 8,
    };

    private static readonly SceneDefaults Scenes = new(TrainingScenes: 200, TrainingSize: 128, ValidationSize: 192);

    // See docs/data.md, "What the default runs make", for what they cost and give.
    private static readonly DegradationShares Shares = new(Clean: 0.12, Slight: 0.12);

    // As the published training script has it for RESIDE indoor.
    private static readonly TrainingDefaults Indoor = new()
    {
        Network = "Dehaze",
        Batch = 32,
        Crop = 256,
        Flip = 0.5,
        LearningRate = 8e-4,
        WarmUpEpochs = 3,
        Clip = 0.001,
        Epochs = 1000,
        Validations = 100,
        ValidationPictures = 16,
    };

    public static IReadOnlyList<TaskDefinition> All { get; } = [Dehaze(), Desnow(), Deblur()];

    public static TaskDefinition? TryFind(string name) =>
        All.FirstOrDefault(task => string.Equals(task.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The clear pictures of RESIDE outdoor are JPEG files that several hazy ones share; those of RESIDE indoor are PNG files.</summary>
    private static bool IsOutdoor(PairedFolder pairs) => pairs.Naming == PairNaming.Prefix
        && pairs.Pairs.Count(pair => Path.GetExtension(pair.Target).ToLowerInvariant() is ".jpg" or ".jpeg") > pairs.Count / 2;

    private static TaskDefinition Dehaze() => new()
    {
        Task = RestorationTask.Dehaze,
        Name = "dehaze",
        Description = "Trains a network to remove haze: on drawn scenes, or on the picture pairs of --data.",
        Degraded = "hazy",
        Presets =
        [
            new TrainingPreset("reside-indoor", "RESIDE indoor (ITS), and any set without settings of its own", Indoor),
            new TrainingPreset("reside-outdoor", "RESIDE outdoor (OTS)", Indoor with
            {
                Batch = 8, LearningRate = 1e-4, WarmUpEpochs = 1, Clip = 0.01, Epochs = 30, Validations = 30,
            })
            {
                Recognises = IsOutdoor,
            },
            // Clip and warm-up are not published; they are those of the network itself.
            new TrainingPreset("ablation", "table 5 of the paper, on RESIDE indoor", Indoor with { Network = "Tiny", Batch = 4, LearningRate = 1e-4, Epochs = 300 }),
        ],
        Embedded = Short,
        Scenes = Scenes,
        Degradation = DrawnDegradations.Haze,
        Shares = Shares,
    };

    private static TaskDefinition Desnow() => new()
    {
        Task = RestorationTask.Desnow,
        Name = "desnow",
        Description = "Trains a network to remove falling snow: on drawn scenes, or on the picture pairs of --data.",
        Degraded = "snowy",
        Presets = [new TrainingPreset("desnow", "CSD, SRRS and Snow100K", Indoor with { Network = "Desnow", Epochs = 2000 })],
        Embedded = Short,
        Scenes = Scenes,
        Degradation = DrawnDegradations.Snow,
        Shares = Shares,
    };

    private static TaskDefinition Deblur() => new()
    {
        Task = RestorationTask.Deblur,
        Name = "deblur",
        Description = "Trains a network to remove defocus blur: on drawn scenes, or on the picture pairs of --data.",
        Degraded = "unsharp",
        // Network, crop, flip and learning rate are published. The rest is not: warm-up and clip are those of the other tasks, and
        // batch and epochs give 350 pictures 130,000 steps.
        Presets = [new TrainingPreset("dpdd", "DPDD", Indoor with { Network = "Deblur", Batch = 8, Epochs = 3000 })],
        Embedded = Short,
        Scenes = Scenes,
        Degradation = DrawnDegradations.Defocus,
        Shares = Shares,
    };
}
