using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FocalNet.Model;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Restoring;

/// <summary>
/// A job as programs read it: one JSON object a line, each with an <c>event</c>: planned, started, progress, finished, skipped,
/// failed, summary. Progress comes a hundred times a picture at most.
/// </summary>
/// <param name="line">Receives each line.</param>
internal sealed class RestoreJson(Action<string> line) : IRestoreObserver
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private (string Input, int Hundredth) _last = ("", -1);

    public void Planned(int pictures, int skipped) => Write("planned", w =>
    {
        w.WriteNumber("pictures", pictures);
        w.WriteNumber("skipped", skipped);
    });

    public void Started(RestoreItem item, Picture picture, RestorationPlan plan) => Write("started", w =>
    {
        WriteItem(w, item);
        w.WriteNumber("width", picture.Width);
        w.WriteNumber("height", picture.Height);
        w.WriteNumber("tiles", plan.Tiles);
        w.WriteNumber("passes", plan.Passes);
        w.WriteNumber("tileWidth", plan.TileWidth);
        w.WriteNumber("tileHeight", plan.TileHeight);
        w.WriteNumber("bytes", plan.Bytes);
    });

    public void Progressed(RestoreProgress progress)
    {
        var now = (progress.Item.Input, (int)(100 * progress.Share));
        if (now == _last)
        {
            return;
        }

        _last = now;
        Write("progress", w =>
        {
            w.WriteString("input", progress.Item.Input);
            w.WriteNumber("picture", progress.Number);
            w.WriteNumber("pictures", progress.Count);
            w.WriteNumber("share", Math.Round(progress.Share, 4));
            w.WriteNumber("total", Math.Round(progress.Overall.Fraction, 6));
            if (progress.Overall.Remaining is { } remaining)
            {
                w.WriteNumber("secondsLeft", Math.Round(remaining.TotalSeconds, 1));
            }
        });
    }

    public void Finished(RestoreItem item, double seconds) => Write("finished", w =>
    {
        WriteItem(w, item);
        w.WriteNumber("seconds", Math.Round(seconds, 3));
    });

    public void Skipped(RestoreItem item) => Write("skipped", w => WriteItem(w, item));

    public void Failed(RestoreItem item, string message) => Write("failed", w =>
    {
        WriteItem(w, item);
        w.WriteString("error", message);
    });

    public void Ended(RestoreSummary summary) => Write("summary", w =>
    {
        w.WriteNumber("restored", summary.Restored);
        w.WriteNumber("skipped", summary.Skipped);
        w.WriteNumber("failed", summary.Failed);
        w.WriteBoolean("cancelled", summary.Cancelled);
        w.WriteNumber("seconds", Math.Round(summary.Seconds, 3));
        w.WriteNumber("peakBytes", PeakBytes());
    });

    // The most memory that the process has had; 0 where the system does not tell.
    private static long PeakBytes()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    private static void WriteItem(Utf8JsonWriter writer, RestoreItem item)
    {
        writer.WriteString("input", item.Input);
        writer.WriteString("output", item.Output);
    }

    private void Write(string name, Action<Utf8JsonWriter> fields)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("event", name);
            fields(writer);
            writer.WriteEndObject();
        }

        line(Encoding.UTF8.GetString(buffer.ToArray()));
    }
}
