using FocalNet.Trainer.Data;

namespace FocalNet.Trainer.Tasks;

/// <summary>What training does unless told otherwise.</summary>
internal sealed record TrainingDefaults
{
    /// <summary>Name of the network.</summary>
    public required string Network { get; init; }

    public required int Batch { get; init; }

    /// <summary>Side of the random crops; 0 takes whole pictures.</summary>
    public required int Crop { get; init; }

    /// <summary>Probability that a pair is mirrored.</summary>
    public required double Flip { get; init; }

    public required double LearningRate { get; init; }

    public required int WarmUpEpochs { get; init; }

    /// <summary>Largest norm of the gradient of all parameters.</summary>
    public required double Clip { get; init; }

    /// <summary>Length of the run in epochs; null where <see cref="Steps"/> has it.</summary>
    public int? Epochs { get; init; }

    /// <summary>Length of the run in steps; null where <see cref="Epochs"/> has it.</summary>
    public long? Steps { get; init; }

    /// <summary>How often the run is validated on the way, the end included.</summary>
    public required int Validations { get; init; }

    /// <summary>At most so many held-out pictures are restored each time.</summary>
    public required int ValidationPictures { get; init; }
}

/// <summary>Settings of a published training run.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="Description">What they were published for.</param>
/// <param name="Settings">The settings.</param>
internal sealed record TrainingPreset(string Name, string Description, TrainingDefaults Settings)
{
    /// <summary>Whether a data set is the one they were published for; a preset without it is only taken by name, or for being the first.</summary>
    public Func<PairedFolder, bool>? Recognises { get; init; }
}

/// <summary>The drawn scenes that stand in for a data set.</summary>
/// <param name="TrainingScenes">How many to train on.</param>
/// <param name="TrainingSize">Their width and height.</param>
/// <param name="ValidationSize">Width and height of the held-out ones.</param>
internal sealed record SceneDefaults(int TrainingScenes, int TrainingSize, int ValidationSize);
