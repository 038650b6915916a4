using FocalNet.Trainer.Display;
using FocalNet.Trainer.Tasks;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Commands;

/// <summary>Which weights a command uses when none were named.</summary>
internal static class WeightChoice
{
    /// <exception cref="UsageException">None were named and no default run has left any.</exception>
    public static string Find(string? named, TaskDefinition task, Terminal terminal)
    {
        if (named is not null)
        {
            return named;
        }

        var newest = RunFolder.NewestBest(task.Name) ?? throw new UsageException(
            $"No --weights were given, and there is no run in 'runs{Path.DirectorySeparatorChar}{task.Name}' to take them from. "
            + $"Train a network first ({ShellText.Program} {task.Name}), or name a .safetensors, .pkl or .pth file with --weights.");
        terminal.Line($"weights   {newest} (no --weights given: the newest run of {task.Name})");
        return newest;
    }
}
