using System.Globalization;
using FocalNet.Model;

namespace FocalNet.Trainer.Training.TensorBoard;

/// <summary>
/// An event file as TensorBoard reads it: records of Event messages (tensorflow/core/util/event.proto) with scalars and pictures. A
/// resumed run adds a file of its own, which tells TensorBoard to forget the steps that are taken again.
/// </summary>
internal sealed class EventFile : IDisposable
{
    // Field numbers of event.proto and summary.proto.
    private const int WallTime = 1, StepNumber = 2, FileVersion = 3, SummaryField = 5, SessionLogField = 7;
    private const int SessionStatus = 1, SessionStart = 1;
    private const int SummaryValue = 1, ValueTag = 1, ValueNumber = 2, ValuePicture = 4;
    private const int PictureHeight = 1, PictureWidth = 2, PictureChannels = 3, PictureBytes = 4;

    private readonly FileStream _stream;
    private readonly TimeProvider _time;

    /// <param name="folder">Where the file goes; its name has the time, so that files sort by age.</param>
    /// <param name="resumedAt">The step after which a resumed run goes on; null for a new run.</param>
    /// <param name="time">The clock.</param>
    public EventFile(string folder, long? resumedAt, TimeProvider time)
    {
        _time = time;
        _stream = Create(folder);
        Write(0, message => message.Text(FileVersion, "brain.Event:2"));
        if (resumedAt is { } step)
        {
            Write(step + 1, message => message.Message(SessionLogField, log => log.Integer(SessionStatus, SessionStart)));
        }
    }

    public void Scalars(long step, IEnumerable<(string Tag, double Value)> scalars) => Write(step, message => message.Message(SummaryField, summary =>
    {
        foreach (var (tag, number) in scalars)
        {
            summary.Message(SummaryValue, value =>
            {
                value.Text(ValueTag, tag);
                value.Single(ValueNumber, (float)number);
            });
        }
    }));

    /// <param name="step">Steps taken.</param>
    /// <param name="tag">Name.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="png">The picture as a PNG file, RGB.</param>
    public void Picture(long step, string tag, int width, int height, byte[] png) => Write(step, message => message.Message(SummaryField, summary =>
        summary.Message(SummaryValue, value =>
        {
            value.Text(ValueTag, tag);
            value.Message(ValuePicture, picture =>
            {
                picture.Integer(PictureHeight, height);
                picture.Integer(PictureWidth, width);
                picture.Integer(PictureChannels, 3);
                picture.Bytes(PictureBytes, png);
            });
        })));

    public void Flush() => _stream.Flush();

    public void Dispose() => _stream.Dispose();

    private FileStream Create(string folder)
    {
        for (var number = 0; ; number++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{_time.GetUtcNow().ToUnixTimeSeconds():0000000000}.{Environment.MachineName}.{number}");
            try
            {
                return new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            }
            catch (IOException) when (File.Exists(Path.Combine(folder, name)))
            {
                // Stopped and resumed within a second.
            }
        }
    }

    private void Write(long step, Action<ProtobufWriter> content)
    {
        var message = new ProtobufWriter();
        message.Double(WallTime, _time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
        message.Integer(StepNumber, step);
        content(message);
        RecordWriter.Write(_stream, message.ToArray());
    }
}
