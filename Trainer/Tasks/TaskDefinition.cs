using FocalNet.Model;
using FocalNet.Trainer.Data;

namespace FocalNet.Trainer.Tasks;

/// <summary>All that the command line knows of a restoration task.</summary>
internal sealed record TaskDefinition
{
    public required RestorationTask Task { get; init; }

    /// <summary>Name on the command line.</summary>
    public required string Name { get; init; }

    /// <summary>What training for it does, for the help.</summary>
    public required string Description { get; init; }

    /// <summary>Settings with a data set: the published ones.</summary>
    public required TrainingDefaults Published { get; init; }

    /// <summary>Settings without one.</summary>
    public required TrainingDefaults Embedded { get; init; }

    public required SceneDefaults Scenes { get; init; }

    /// <summary>Draws pairs to train on, by seed, count and size.</summary>
    public required Func<long, int, int, IPairSource> TrainingScenes { get; init; }

    /// <summary>Draws pairs that training never sees, by count and size.</summary>
    public required Func<int, int, IPairSource> ValidationScenes { get; init; }
}

/// <summary>The tasks there are.</summary>
internal static class RestorationTasks
{
    public static IReadOnlyList<TaskDefinition> All { get; } = [Dehaze()];

    public static TaskDefinition? TryFind(string name) =>
        All.FirstOrDefault(task => string.Equals(task.Name, name, StringComparison.OrdinalIgnoreCase));

    private static TaskDefinition Dehaze() => new()
    {
        Task = RestorationTask.Dehaze,
        Name = "dehaze",
        Description = "Trains a network to remove haze: on drawn scenes, or on the picture pairs of --data.",
        // RESIDE indoor, as the published training script has it.
        Published = new TrainingDefaults
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
        },
        // Twelve steps a second on two Zen 4 cores, so about two minutes; three with the first build. Crops of 96 gained a
        // decibel more than four of 64 at equal cost: the network's statistics are those of whole pictures.
        Embedded = new TrainingDefaults
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
        },
        Scenes = new SceneDefaults(TrainingScenes: 200, TrainingSize: 128, ValidationSize: 192),
        TrainingScenes = (seed, count, size) => new ProceduralSource(ProceduralOptions.ForTraining(seed, count, size)),
        ValidationScenes = (count, size) => new ProceduralSource(ProceduralOptions.ForValidation(count, size)),
    };
}
