using System.CommandLine;
using FocalNet.Model;
using FocalNet.Runtime.Cpu;
using FocalNet.Trainer.Benchmarking;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Kernels;

namespace FocalNet.Trainer.Commands;

/// <summary>Times a network on the processor, layer by layer.</summary>
internal static class BenchCommand
{
    private const double DefaultSeconds = 2;

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        var network = new Argument<string?>("network") { Description = "The network; Dehaze if not given.", Arity = ArgumentArity.ZeroOrOne };
        var sizes = new Option<string[]>("--size") { Description = "Height and width of the picture; may be given several times. 256x256 if not given.", HelpName = "HxW" };
        var training = new Option<bool>("--training") { Description = "Time a training step, on a batch of one, instead of restoring." };
        var seconds = CommonOptions.Number("--seconds", "For how long each size is measured, five runs at least. 2 if not given.", 0, 3600, isMinimumAllowed: true);
        var json = new Option<bool>("--json") { Description = "Print one JSON document, in seconds, bytes and operations." };
        var (threads, precision) = (CommonOptions.Threads(), CommonOptions.Precision());
        threads.Description = "Threads to compare with one; 0 takes one a processor.";
        var command = new Command("bench", "Times a network on the processor with one thread and with all, layer by layer, against its peak measured meanwhile.")
        {
            network, sizes, training, seconds, threads, precision, json,
        };
        command.Add(BenchDataCommand.Create(terminal, cancellation));
        command.SetAction(result =>
        {
            var request = new Request(
                NetworkCatalog.Find(result.GetValue(network) ?? "Dehaze"), [.. SizesOf(result.GetValue(sizes))],
                result.GetValue(training) ? PlanMode.Training : PlanMode.Inference, TimeSpan.FromSeconds(result.GetValue(seconds) ?? DefaultSeconds),
                result.GetValue(threads), result.GetValue(precision));
            if (result.GetValue(json))
            {
                var (device, results) = Run(request, (_, _) => { }, cancellation);
                terminal.Line(BenchmarkText.Json(request.Network, request.Mode, device, results));
            }
            else
            {
                Print(request, terminal, cancellation);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static IEnumerable<(int Height, int Width)> SizesOf(string[]? texts) =>
        texts is { Length: > 0 } ? texts.Select(CommonOptions.ParseSize) : [(256, 256)];

    private static void Print(Request request, Terminal terminal, CancellationToken cancellation)
    {
        var (device, results) = ("", (IReadOnlyList<BenchmarkResult>)[]);
        terminal.WithProgress(display => (device, results) = Run(request, display.Update, cancellation));
        terminal.Line($"{request.Network.Name}, {request.Mode.ToString().ToLowerInvariant()}, on {device}");
        foreach (var result in results)
        {
            terminal.Line();
            terminal.Line(FormattableString.Invariant($"{result.Height}×{result.Width}, {Threads(result.Threads)}: {result.Steps.Count} steps, the slowest first"));
            terminal.Write(BenchmarkText.Steps(result));
        }

        terminal.Write(BenchmarkText.Summary(results));
        terminal.Line("GFLOP/s are those of direct convolution, two a multiply-accumulate, whatever the kernel does to need fewer: Winograd's can exceed the peak.");
        terminal.Line("The FMA peak is that of vector multiply-adds on as many threads, measured between the runs; bytes are operands and results, each counted once.");
    }

    private static (string Device, IReadOnlyList<BenchmarkResult> Results) Run(Request request, Action<double, string> progress, CancellationToken cancellation)
    {
        using var all = new CpuDevice(request.Threads, request.Precision == Precision.Strict);
        using var one = all.Threads == 1 ? null : new CpuDevice(1, request.Precision == Precision.Strict);
        CpuDevice[] devices = one is null ? [all] : [one, all];
        var benchmark = new CpuBenchmark(request.Network, request.Mode, request.Duration);
        var results = new List<BenchmarkResult>();
        foreach (var (height, width) in request.Sizes)
        {
            foreach (var device in devices)
            {
                progress((double)results.Count / (request.Sizes.Length * devices.Length), FormattableString.Invariant($"{height}×{width}, {Threads(device.Threads)}"));
                results.Add(benchmark.Run(device, height, width, cancellation));
            }
        }

        return (all.Description, results);
    }

    private static string Threads(int count) => count == 1 ? "1 thread" : FormattableString.Invariant($"{count} threads");

    private sealed record Request(NetworkEntry Network, (int Height, int Width)[] Sizes, PlanMode Mode, TimeSpan Duration, int Threads, Precision Precision);
}
