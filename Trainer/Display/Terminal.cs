using Spectre.Console;
using Spectre.Console.Rendering;

namespace FocalNet.Trainer.Display;

/// <summary>Where a command writes: results and progress to the output, failures to the error stream.</summary>
internal sealed class Terminal
{
    // Wide enough that no table or path is broken where the output is a file.
    private const int WidthOfFiles = 400;

    private readonly TextWriter _error;
    private readonly IAnsiConsole _console;

    public Terminal(TextWriter output, TextWriter error, bool isInteractive)
    {
        _error = error;
        IsInteractive = isInteractive;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Interactive = isInteractive ? InteractionSupport.Yes : InteractionSupport.No,
            Ansi = isInteractive ? AnsiSupport.Detect : AnsiSupport.No,
        });
        if (!isInteractive)
        {
            _console.Profile.Width = WidthOfFiles;
            _console.Profile.Capabilities.Unicode = true;
        }
    }

    /// <summary>Whether a person watches: live progress then, and plain lines otherwise.</summary>
    public bool IsInteractive { get; }

    /// <param name="isWatched">Whether somebody may watch, should the output be a terminal.</param>
    public static Terminal OfProcess(bool isWatched) => new(Console.Out, Console.Error, isWatched && !Console.IsOutputRedirected);

    /// <summary>One that shows failures alone.</summary>
    public Terminal WithoutOutput() => new(TextWriter.Null, _error, isInteractive: false);

    /// <summary>The same with all on the error stream, for commands whose output is data.</summary>
    public Terminal OnErrorStream() => new(_error, _error, isInteractive: false);

    /// <summary>Writes a line as it is; what looks like markup stays text.</summary>
    public void Line(string text = "") => _console.Write(new UnbrokenText(text + "\n"));

    public void Error(string text)
    {
        _error.WriteLine(text);
        _error.Flush();
    }

    public void Write(IRenderable table) => _console.Write(table);

    /// <summary>Runs something lengthy with its progress shown.</summary>
    public void WithProgress(Action<IProgressDisplay> work)
    {
        if (!IsInteractive)
        {
            work(new PlainProgress(this, TimeProvider.System));
            return;
        }

        _console.Progress().AutoClear(true).HideCompleted(true)
            .Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => work(new LiveProgress(this, context)));
    }

    /// <summary>Text that the terminal wraps, not the library: a command that is printed can be copied whole.</summary>
    private sealed class UnbrokenText(string text) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => new(0, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
        {
            foreach (var line in text.TrimEnd('\n').Split('\n'))
            {
                yield return new Segment(line);
                yield return Segment.LineBreak;
            }
        }
    }
}
