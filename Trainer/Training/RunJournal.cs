using FocalNet.Trainer.Images;
using FocalNet.Trainer.Training.TensorBoard;

namespace FocalNet.Trainer.Training;

/// <summary>What a run writes down on its way: a line a step, events for TensorBoard, the comparison sheet.</summary>
internal sealed class RunJournal : IDisposable
{
    private const string SheetTag = "validation/before-after-truth";

    private readonly RunFolder _folder;
    private readonly TrainingLog _log;
    private readonly EventFile _events;

    /// <param name="folder">The run's folder.</param>
    /// <param name="resumedAt">The step that a resumed run goes on from; null for a new run.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="RunFolderException">The folder can't be written to.</exception>
    public RunJournal(RunFolder folder, long? resumedAt, TimeProvider time)
    {
        _folder = folder;
        TrainingLog? log = null;
        EventFile? events = null;
        folder.Try(folder.Log, () => log = new TrainingLog(folder.Log, resumedAt ?? 0));
        try
        {
            folder.Try(folder.Path, () => events = new EventFile(folder.Path, resumedAt, time));
        }
        catch
        {
            log!.Dispose();
            throw;
        }

        (_log, _events) = (log!, events!);
    }

    /// <param name="step">What is logged.</param>
    /// <param name="psnr">Of the restored batch, in dB; null where it makes no sense.</param>
    public void Step(TrainingStep step, double? psnr) => _folder.Try(_folder.Log, () =>
    {
        _log.Write(step);
        var scalars = step.Losses.Select(loss => (loss.Key == "total" ? "loss" : "loss/" + loss.Key, loss.Value))
            .Append(("gradient_norm", step.GradientNorm)).Append(("learning_rate", step.LearningRate));
        _events.Scalars(step.Step, (psnr is { } value ? scalars.Append(("psnr", value)) : scalars).Select(scalar => ("training/" + scalar.Item1, scalar.Item2)));
    });

    public void Validation(ValidationReport report) => _folder.Try(_folder.Path, () =>
    {
        var (psnr, ssim, error) = report.After;
        _events.Scalars(report.Step, [("validation/psnr", psnr), ("validation/ssim", ssim), ("validation/mae", error)]);
        if (report.Clean is { } clean)
        {
            _events.Scalars(report.Step, [("validation/psnr_clean", clean.Psnr)]);
        }

        _events.Flush();
    });

    /// <summary>Before, after and truth, for eyes.</summary>
    public void Sheet(long step, Picture sheet)
    {
        var png = _folder.SaveSheet(sheet);
        _folder.Try(_folder.Path, () =>
        {
            _events.Picture(step, SheetTag, sheet.Width, sheet.Height, png);
            _events.Flush();
        });
    }

    /// <summary>Brings the log to the disk: it must not be behind a checkpoint, even after a power cut.</summary>
    public void Flush() => _folder.Try(_folder.Log, () =>
    {
        _log.Flush();
        _events.Flush();
    });

    public void Dispose()
    {
        _log.Dispose();
        _events.Dispose();
    }
}
