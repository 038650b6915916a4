using System.Text.Json;

namespace FocalNet.Trainer.Training;

/// <summary>What is logged of one training step.</summary>
/// <param name="Step">From 1, over all epochs.</param>
/// <param name="Epoch">From 1.</param>
/// <param name="Losses">By name; "total" is what was minimised.</param>
/// <param name="GradientNorm">Global L2 norm before clipping.</param>
/// <param name="LearningRate">Used in this step.</param>
internal sealed record TrainingStep(long Step, int Epoch, IReadOnlyList<KeyValuePair<string, double>> Losses, double GradientNorm, double LearningRate);

/// <summary>
/// One JSON object a line, flushed with each, so that a run that is cut off leaves whole lines. Numbers that
/// JSON has no form for are written as the strings "NaN", "Infinity" and "-Infinity".
/// </summary>
internal sealed class TrainingLog : IDisposable
{
    private readonly FileStream _stream;

    /// <summary>Appends to a file. A last line that was cut off is removed, and so are steps after <paramref name="lastStep"/>.</summary>
    /// <param name="path">Created, with its folder, if missing.</param>
    /// <param name="lastStep">The last step of the checkpoint that is resumed; null keeps all.</param>
    public TrainingLog(string path, long? lastStep = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        _stream.SetLength(LengthToKeep(lastStep));
        _stream.Seek(0, SeekOrigin.End);
    }

    public void Write(TrainingStep step)
    {
        using (var json = new Utf8JsonWriter(_stream))
        {
            json.WriteStartObject();
            json.WriteNumber("step", step.Step);
            json.WriteNumber("epoch", step.Epoch);
            json.WriteStartObject("loss");
            foreach (var (name, value) in step.Losses)
            {
                WriteNumber(json, name, value);
            }

            json.WriteEndObject();
            WriteNumber(json, "gradientNorm", step.GradientNorm);
            WriteNumber(json, "learningRate", step.LearningRate);
            json.WriteEndObject();
        }

        _stream.WriteByte((byte)'\n');
        _stream.Flush();
    }

    /// <summary>Brings all lines to the disk.</summary>
    public void Flush() => _stream.Flush(flushToDisk: true);

    public void Dispose() => _stream.Dispose();

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteString(name, double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        }
    }

    private long LengthToKeep(long? lastStep)
    {
        var bytes = new byte[_stream.Length];
        _stream.ReadExactly(bytes);
        var kept = 0;
        while (bytes.AsSpan(kept).IndexOf((byte)'\n') is >= 0 and var length)
        {
            if (lastStep is { } last && StepOf(bytes.AsMemory(kept, length)) > last)
            {
                break;
            }

            kept += length + 1;
        }

        return kept;
    }

    private static long StepOf(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.GetProperty("step").GetInt64();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Not ours; keep it.
            return long.MinValue;
        }
    }
}
