using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using FocalNet.Runtime.Plans;

namespace FocalNet.Benchmarks;

/// <summary>The command line: a command for each table of docs/benchmarks.</summary>
internal static class BenchmarkCommands
{
    private static readonly Option<string[]> Networks = new("--network") { Description = "Rows of these networks alone.", HelpName = "NAME" };
    private static readonly Option<RunSize[]> Sizes = new("--size") { Description = "Rows of these sizes alone; with --network also sizes that are in no table.", HelpName = "HxW", CustomParser = ParseSizes };
    private static readonly Option<int[]> Threads = new("--threads") { Description = "Rows with these numbers of threads; one and one a processor if not given.", HelpName = "N" };
    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON document, in seconds, bytes and operations." };
    private static readonly Option<double> Seconds = new("--seconds") { Description = "For how long each row is measured, five runs at least (three of the longest).", DefaultValueFactory = _ => 3 };

    public static RootCommand Root()
    {
        var root = new RootCommand("Measures kernels and networks on the processor, beside ONNX Runtime where it has the same.")
        {
            Kernels(),
            Rows("onnxruntime", "Time of restoring beside ONNX Runtime, and the error of both against float64.", "", (rows, result, table) => OnnxRuntimeBenchmark.Run(rows, result.GetValue(Seconds), table)),
            Rows("memory", "Peak resident set of restoring beside ONNX Runtime, in processes of their own.", "Dehaze 1080x1920", (rows, _, table) => MemoryBenchmark.Run(rows, table)),
            Rows("training", "A training step, over the FMA peak measured meanwhile.", "Dehaze 256x256", (rows, result, table) => TrainingBenchmark.Run(rows, result.GetValue(Seconds), table)),
            Rows("threads", "All threads against one, with and without pauses between the calls.", "Dehaze 256x256", (rows, result, table) => ThreadBenchmark.Run(rows, result.GetValue(Seconds), table)),
            Start(),
            MemorySide(),
        };
        return root;
    }

    private static Command Kernels()
    {
        var which = new Argument<string[]>("which") { Description = "forward, gradient, accuracy; all if none is named.", Arity = ArgumentArity.ZeroOrMore };
        which.AcceptOnlyFromAmong("forward", "gradient", "accuracy");
        var command = new Command("kernels", "Convolution kernels against the FMA peak, one thread.") { which };
        command.SetAction(result => KernelBenchmarks.Run(result.GetValue(which) ?? []));
        return command;
    }

    private static Command Rows(string name, string description, string defaults, Action<IReadOnlyList<NetworkCase>, ParseResult, ResultTable> run)
    {
        var command = new Command(name, description) { Networks, Sizes, Threads, Seconds, Json };
        command.SetAction(result =>
        {
            IReadOnlyList<NetworkCase> rows = Select(result, defaults);
            var table = new ResultTable(name, result.GetValue(Json));
            run(rows, result, table);
            table.Finish();
        });
        return command;
    }

    private static Command Start()
    {
        var native = new Option<string?>("--native") { Description = "The sample as native code: dotnet publish samples/Embedding -r linux-x64 -p:Native=true.", HelpName = "FILE" };
        var starts = new Option<int>("--starts") { Description = "Starts of each.", DefaultValueFactory = _ => 11 };
        var command = new Command("start", "From the start of the embedding sample to its written picture.") { native, starts, Networks, Json };
        command.SetAction(result =>
        {
            string[] networks = result.GetValue(Networks) is { Length: > 0 } named ? named : ["Tiny", "Dehaze"];
            var table = new ResultTable("start", result.GetValue(Json));
            StartBenchmark.Run(NetworkCase.Select(networks, [new RunSize(1, 256, 256)], [1]), result.GetValue(native), result.GetValue(starts), table);
            table.Finish();
        });
        return command;
    }

    // What a row of the memory table starts for each side.
    private static Command MemorySide()
    {
        var side = new Argument<MemorySide>("side");
        var path = new Argument<string>("path");
        var command = new Command(MemoryBenchmark.SideCommand) { side, path, Networks, Sizes, Threads };
        command.Hidden = true;
        command.SetAction(result => MemoryBenchmark.RunSide(Select(result, "").Single(), result.GetValue(side), result.GetValue(path)!));
        return command;
    }

    private static IReadOnlyList<NetworkCase> Select(ParseResult result, string defaults)
    {
        string[] networks = result.GetValue(Networks) ?? [];
        RunSize[] sizes = result.GetValue(Sizes) ?? [];
        if (networks.Length == 0 && sizes.Length == 0 && defaults.Split(' ') is [var network, var size])
            (networks, sizes) = ([network], [ParseSize(size) ?? throw new FormatException(size)]);
        IReadOnlyList<NetworkCase> rows = NetworkCase.Select(networks, sizes, result.GetValue(Threads) ?? []);
        return rows.Count > 0 ? rows : throw new ArgumentException("No row of the table has that network and size; name both, --network and --size, for a row of your own.");
    }

    private static RunSize[] ParseSizes(ArgumentResult result)
    {
        var sizes = new List<RunSize>();
        foreach (Token token in result.Tokens)
        {
            if (ParseSize(token.Value) is { } size)
                sizes.Add(size);
            else
                result.AddError($"--size takes height and width as 256x256, both multiples of 4, not '{token.Value}'.");
        }

        return [.. sizes];
    }

    private static RunSize? ParseSize(string text) =>
        text.Split('x', '×') is [var h, var w]
            && int.TryParse(h, NumberStyles.None, CultureInfo.InvariantCulture, out int height) && int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out int width)
            && height > 0 && width > 0 && height % 4 == 0 && width % 4 == 0
            ? new RunSize(1, height, width)
            : null;
}
