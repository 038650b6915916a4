using FocalNet.Model;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Restoring;

/// <summary>What became of a job.</summary>
/// <param name="Restored">Pictures restored now.</param>
/// <param name="Skipped">Pictures that an earlier run had restored.</param>
/// <param name="Failed">Pictures that could not be restored.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Cancelled">It was stopped before the end.</param>
internal readonly record struct RestoreSummary(int Restored, int Skipped, int Failed, double Seconds, bool Cancelled);

/// <summary>A picture in progress.</summary>
/// <param name="Item">The picture.</param>
/// <param name="Number">1, 2, … among those that are to be restored.</param>
/// <param name="Count">How many are to be restored.</param>
/// <param name="Share">Of this picture, 0 … 1.</param>
/// <param name="Overall">Of all; never goes back.</param>
internal sealed record RestoreProgress(RestoreItem Item, int Number, int Count, double Share, ProgressState Overall);

/// <summary>Hears what a job does, in order, on its thread.</summary>
internal interface IRestoreObserver
{
    /// <summary>Before the first picture.</summary>
    /// <param name="pictures">Pictures named.</param>
    /// <param name="skipped">Those of them that are there already.</param>
    void Planned(int pictures, int skipped);

    /// <summary>A picture was read and will be restored as planned.</summary>
    void Started(RestoreItem item, Picture picture, RestorationPlan plan);

    void Progressed(RestoreProgress progress);

    void Finished(RestoreItem item, double seconds);

    void Skipped(RestoreItem item);

    /// <param name="item">The picture.</param>
    /// <param name="message">What went wrong, with the file's name.</param>
    void Failed(RestoreItem item, string message);

    void Ended(RestoreSummary summary);
}
