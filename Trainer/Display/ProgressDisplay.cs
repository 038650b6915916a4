using Spectre.Console;

namespace FocalNet.Trainer.Display;

/// <summary>How a lengthy command shows where it is.</summary>
internal interface IProgressDisplay
{
    /// <summary>Where it is: overwrites what was there, or is left out where there is too much of it.</summary>
    /// <param name="fraction">0…1.</param>
    /// <param name="text">Rate, remaining time and the like.</param>
    void Update(double fraction, string text);

    /// <summary>Something worth keeping.</summary>
    void Line(string text = "");

    /// <summary>Something that went wrong.</summary>
    void Error(string text);
}

/// <summary>Lines for files and pipes, not more often than every ten seconds.</summary>
internal sealed class PlainProgress(Terminal terminal, TimeProvider time) : IProgressDisplay
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private long? _lastUpdate;

    public void Update(double fraction, string text) => Update(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{100 * fraction,3:F0} %  {text}"));

    /// <summary>Where it is, when nobody knows how long it goes on.</summary>
    public void Update(string text)
    {
        if (_lastUpdate is { } last && time.GetElapsedTime(last) < Interval)
        {
            return;
        }

        _lastUpdate = time.GetTimestamp();
        terminal.Line(text);
    }

    public void Line(string text = "") => terminal.Line(text);

    public void Error(string text) => terminal.Error(text);
}

/// <summary>A bar with text, redrawn in place.</summary>
internal sealed class LiveProgress(Terminal terminal, ProgressContext context) : IProgressDisplay
{
    private readonly ProgressTask _task = context.AddTask(" ", maxValue: 1);

    public void Update(double fraction, string text)
    {
        _task.Description = Markup.Escape(text);
        _task.Value = fraction;
    }

    public void Line(string text = "") => terminal.Line(text);

    // Through the same console as the bar, which would otherwise be drawn over it.
    public void Error(string text) => terminal.Line(text);
}

/// <summary>Shows nothing but what went wrong: for output that a program reads.</summary>
internal sealed class SilentProgress(Terminal? terminal = null) : IProgressDisplay
{
    public void Update(double fraction, string text)
    {
    }

    public void Line(string text = "")
    {
    }

    public void Error(string text) => terminal?.Error(text);
}
