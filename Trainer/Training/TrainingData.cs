using FocalNet.Trainer.Data;

namespace FocalNet.Trainer.Training;

/// <summary>The pairs of a run.</summary>
/// <param name="Train">To train on.</param>
/// <param name="Held">To judge by.</param>
/// <param name="IsHeldOut">Whether <paramref name="Held"/> are others than <paramref name="Train"/>.</param>
internal sealed record TrainingData(IPairSource Train, IPairSource Held, bool IsHeldOut)
{
    /// <summary>Opens a data set, or draws scenes where none is given.</summary>
    /// <exception cref="DataSetException">The layout is unknown, a target is missing, or the sizes of a pair differ.</exception>
    /// <exception cref="Images.ImageException">A folder has no pictures, or a file is none.</exception>
    public static TrainingData Open(TrainingOptions options, CancellationToken cancellation)
    {
        if (options.Data is null)
        {
            var scenes = options.Scenes;
            return new TrainingData(
                options.Task.TrainingScenes(options.Seed, scenes.TrainingScenes, scenes.TrainingSize),
                options.Task.ValidationScenes(options.ValidationPictures, scenes.ValidationSize), IsHeldOut: true);
        }

        var train = PairedFolder.Open(options.Data, DataSplit.Train);
        var held = PairedFolder.Open(options.Data, DataSplit.Test);
        // Hours of training must not end at a pair that could have been refused at once.
        train.RequireEqualSizes(cancellation: cancellation);
        var isHeldOut = held.Root != train.Root;
        if (isHeldOut)
        {
            held.RequireEqualSizes(cancellation: cancellation);
        }

        return new TrainingData(train, held, isHeldOut);
    }
}
