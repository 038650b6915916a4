using FocalNet.Trainer.Tasks;

namespace FocalNet.Trainer.Training;

/// <summary>Everything that decides what a training run does: the same options give the same run.</summary>
internal sealed record TrainingOptions
{
    public required TaskDefinition Task { get; init; }

    public required string Network { get; init; }

    /// <summary>A file to start from; null starts from random weights.</summary>
    public string? Weights { get; init; }

    /// <summary>A folder of picture pairs; null draws scenes.</summary>
    public string? Data { get; init; }

    /// <summary>The name of the published settings that the others were taken from where nothing else was said; null without a data set.</summary>
    public string? Preset { get; init; }

    /// <summary>
    /// Epochs over which the learning rate runs its course. Null lets it run its course over <see cref="Steps"/>.
    /// </summary>
    public int? Epochs { get; init; }

    /// <summary>Where to stop. With <see cref="Epochs"/> too, the run stops early and leaves the learning rate's course as it is.</summary>
    public long? Steps { get; init; }

    /// <summary>Pictures that a process computes with at once.</summary>
    public required int Batch { get; init; }

    /// <summary>Batches whose gradients are averaged for one step.</summary>
    public int Accumulate { get; init; } = 1;

    public required int Crop { get; init; }

    public required double Flip { get; init; }

    public required double LearningRate { get; init; }

    public required int WarmUpEpochs { get; init; }

    public required double Clip { get; init; }

    /// <summary>Decay of the moving average of the weights, which is then what is validated and kept as the best; 0 for none.</summary>
    public double AverageDecay { get; init; }

    /// <summary>How closely arithmetic keeps to its definition.</summary>
    public Precision Precision { get; init; }

    public required long Seed { get; init; }

    public required int Validations { get; init; }

    public required int ValidationPictures { get; init; }

    public required SceneDefaults Scenes { get; init; }

    public CheckpointPolicy Saving { get; init; } = CheckpointPolicy.Default;

    /// <summary>The folder that receives the run.</summary>
    public required string Out { get; init; }

    /// <summary>The options of a task with nothing else said.</summary>
    /// <param name="task">The task.</param>
    /// <param name="data">A folder of picture pairs; null draws scenes.</param>
    /// <param name="output">The folder that receives the run.</param>
    /// <param name="preset">Published settings; null takes those that suit the data set.</param>
    public static TrainingOptions For(TaskDefinition task, string? data, string output, TrainingPreset? preset = null)
    {
        preset ??= data is null ? null : task.PresetFor(data);
        var defaults = preset?.Settings ?? task.Embedded;
        return new TrainingOptions
        {
            Task = task,
            Network = defaults.Network,
            Data = data,
            Preset = preset?.Name,
            Epochs = defaults.Epochs,
            Steps = defaults.Steps,
            Batch = defaults.Batch,
            Crop = defaults.Crop,
            Flip = defaults.Flip,
            LearningRate = defaults.LearningRate,
            WarmUpEpochs = defaults.WarmUpEpochs,
            Clip = defaults.Clip,
            Seed = 1,
            Validations = defaults.Validations,
            ValidationPictures = defaults.ValidationPictures,
            Scenes = task.Scenes,
            Out = output,
        };
    }
}
