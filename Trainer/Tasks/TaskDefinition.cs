using FocalNet.Model;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tasks;

/// <summary>All that the command line knows of a restoration task.</summary>
internal sealed record TaskDefinition
{
    public required RestorationTask Task { get; init; }

    /// <summary>Name on the command line.</summary>
    public required string Name { get; init; }

    /// <summary>What training for it does, for the help.</summary>
    public required string Description { get; init; }

    /// <summary>What the drawn pictures are called, after "these are" and before "scenes".</summary>
    public required string Degraded { get; init; }

    /// <summary>Settings with a data set, by name: the published ones. The first is taken where the data set does not suggest another.</summary>
    public required IReadOnlyList<TrainingPreset> Presets { get; init; }

    /// <summary>The first of <see cref="Presets"/>.</summary>
    public TrainingDefaults Published => Presets[0].Settings;

    /// <summary>The settings for a data set: those of its own where it is recognised, or else the first.</summary>
    public TrainingPreset PresetFor(string data)
    {
        try
        {
            var pairs = PairedFolder.Find(data, DataSplit.Train);
            return Presets.FirstOrDefault(preset => preset.Recognises?.Invoke(pairs) == true) ?? Presets[0];
        }
        catch (Exception e) when (e is DataSetException or ImageException)
        {
            // Opening the data set will say what is wrong with it.
            return Presets[0];
        }
    }

    /// <summary>Settings without one.</summary>
    public required TrainingDefaults Embedded { get; init; }

    public required SceneDefaults Scenes { get; init; }

    /// <summary>What is done to the drawn scenes.</summary>
    public required Degradation Degradation { get; init; }

    /// <summary>How many of them are shown clean, or nearly so, to train on.</summary>
    public required DegradationShares Shares { get; init; }

    /// <summary>Draws pairs to train on.</summary>
    public IPairSource TrainingScenes(long seed, int count, int size) => new ProceduralSource(ProceduralOptions.ForTraining(Degradation, seed, count, size, Shares));

    /// <summary>Draws pairs that training never sees.</summary>
    public IPairSource ValidationScenes(int count, int size) => new ProceduralSource(ProceduralOptions.ForValidation(Degradation, count, size));
}
