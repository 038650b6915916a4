using FocalNet.Model;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Restoring;

/// <summary>A job as people watch it: progress in place, and lines for what is worth keeping.</summary>
internal sealed class RestoreText(IProgressDisplay display) : IRestoreObserver
{
    private string _tiles = "";

    public void Planned(int pictures, int skipped)
    {
        if (skipped > 0)
        {
            display.Line(FormattableString.Invariant($"skipped   {skipped} of {pictures} pictures, which are there already; --overwrite restores them again"));
        }
    }

    public void Started(RestoreItem item, Picture picture, RestorationPlan plan)
    {
        _tiles = plan.IsWhole ? "" : FormattableString.Invariant($"  {plan.Tiles} tiles");
        if (!plan.IsWhole)
        {
            display.Line(FormattableString.Invariant(
                $"tiles     {Path.GetFileName(item.Input)}: {plan.Columns}×{plan.Rows} of {plan.TileWidth}×{plan.TileHeight} pixels, {plan.Passes} passes, {plan.Bytes / 1e6:F0} MB"));
        }
    }

    public void Progressed(RestoreProgress progress)
    {
        var remaining = progress.Overall.Remaining is { } time ? ProgressEstimator.Describe(time) : "…";
        display.Update(progress.Overall.Fraction, FormattableString.Invariant(
            $"picture {progress.Number}/{progress.Count}  ETA {remaining}  {Path.GetFileName(progress.Item.Input)}{_tiles}"));
    }

    public void Finished(RestoreItem item, double seconds)
    {
    }

    public void Skipped(RestoreItem item)
    {
    }

    public void Failed(RestoreItem item, string message) => display.Error("error: " + message);

    public void Ended(RestoreSummary summary)
    {
    }
}
