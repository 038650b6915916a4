using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Distributed;

namespace FocalNet.Trainer;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        var isLaunched = ProcessLaunch.IsPresent(Environment.GetEnvironmentVariable);
        if (isLaunched)
        {
            // mpirun gives each process a terminal of its own that nobody watches; .NET would greet it with control characters.
            Environment.SetEnvironmentVariable("TERM", "dumb");
        }

        using var interruption = new Interruption();
        return CommandLine.Run(arguments, Terminal.OfProcess(isWatched: !isLaunched), interruption.Token);
    }
}
