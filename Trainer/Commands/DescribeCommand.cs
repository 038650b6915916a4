using System.CommandLine;
using System.Globalization;
using FocalNet.Model;
using FocalNet.Trainer.Display;
using Spectre.Console;

namespace FocalNet.Trainer.Commands;

/// <summary>Parameters and arithmetic of the networks.</summary>
internal static class DescribeCommand
{
    private const int PaperSize = 256;

    public static Command Create(Terminal terminal)
    {
        var network = new Argument<string?>("network") { Description = "The network; all of them if not given.", Arity = ArgumentArity.ZeroOrOne };
        var size = new Option<string>("--size") { Description = "Height and width of the picture.", HelpName = "HxW", DefaultValueFactory = _ => "256x256" };
        var command = new Command("describe", "Prints parameters and multiply-accumulates of the networks, beside the paper's figures.") { network, size };
        command.SetAction(result =>
        {
            var name = result.GetValue(network);
            var (height, width) = CommonOptions.ParseSize(result.GetValue(size)!);
            Print(name is null ? NetworkCatalog.All : [NetworkCatalog.Find(name)], height, width, terminal);
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Print(IReadOnlyList<NetworkEntry> networks, int height, int width, Terminal terminal)
    {
        var isPaperSize = (height, width) == (PaperSize, PaperSize);
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn("network");
        foreach (var column in new[] { "parameters", "paper, M", "MACs, training", "MACs, restoring", "G as the paper counts", "paper, G" })
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (var network in networks)
        {
            var description = NetworkDescription.Of(network, height, width);
            table.AddRow(
                network.Name, Number(description.Parameters), description.Paper is { } p ? Fixed(p.ParametersInMillions, 2) : "–",
                Number(description.Macs), Number(description.RestoringMacs), Fixed(description.PaperGiga, 3),
                description.Paper is { } figures && isPaperSize ? Fixed(figures.Giga, 2) : "–");
        }

        terminal.Line(FormattableString.Invariant($"for one picture of {height}×{width} (height×width)"));
        terminal.Write(table);
        foreach (var network in networks)
        {
            terminal.Line($"{network.Name}: {network.Description}");
        }

        terminal.Line();
        terminal.Line("MACs are the convolutions' multiply-accumulates of a forward pass; restoring leaves out the two smaller outputs.");
        terminal.Line("The paper's G adds biases, activations and norms, and counts transposed convolutions at their output's resolution."
            + (isPaperSize ? "" : " Its figures are for 256×256."));
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Fixed(double value, int digits) => value.ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
