using FocalNet.Trainer.Display;
using FocalNet.Trainer.Tasks;
using FocalNet.Trainer.Training;
using FocalNet.Trainer.Weights;

namespace FocalNet.Trainer.Commands;

/// <summary>Which weights a command uses: those that were named, or else those of the newest run, or else those that come with the program.</summary>
internal static class WeightChoice
{
    /// <summary>What the option says of itself.</summary>
    public const string Description = "Weights: a file, or 'shipped' for those that come with the program. If not given, those of the newest run, or else the shipped ones.";

    /// <exception cref="UsageException">None were named, no default run has left any, and none come with the program.</exception>
    /// <exception cref="Runtime.Weights.WeightFormatException">The file that comes with the program is to be used, and is damaged or missing.</exception>
    public static string Find(string? named, TaskDefinition task, Terminal terminal)
    {
        if (named is not null && named != ShippedWeights.Keyword)
        {
            return named;
        }

        if (named is null && RunFolder.NewestBest(task.Name) is { } newest)
        {
            terminal.Line($"weights   {newest} (no --weights given: the newest run of {task.Name})");
            return newest;
        }

        if (named is null && !ShippedWeights.Has(task))
        {
            throw new UsageException(
                $"No --weights were given, there is no run in 'runs{Path.DirectorySeparatorChar}{task.Name}' to take them from, and none come with the program. "
                + $"Train a network first ({ShellText.Program} {task.Name}), or name a .safetensors, .pkl or .pth file with --weights.");
        }

        var shipped = ShippedWeights.Find(task);
        var reason = named is null ? $", as there are no --weights and no run in 'runs{Path.DirectorySeparatorChar}{task.Name}'" : "";
        terminal.Line($"weights   {shipped.Name}, which comes with the program{reason} (SHA-256 {shipped.Sha256})");
        return shipped.Path;
    }
}
