using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Display;

namespace FocalNet.Trainer;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        using var interruption = new Interruption();
        return CommandLine.Run(arguments, Terminal.OfProcess(), interruption.Token);
    }
}
