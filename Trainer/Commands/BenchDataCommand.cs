using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FocalNet.Model;
using FocalNet.Trainer.Benchmarking;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Tasks;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Commands;

/// <summary>Measures whether reading, degrading and cropping keep up with training. Takes the options of training.</summary>
internal static class BenchDataCommand
{
    private const int BatchesAhead = 2;
    private const double DefaultSeconds = 5;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        var command = new Command("data", "Times the preparation of batches against training: pairs and batches a second, steps with and without it.");
        foreach (var task in RestorationTasks.All)
        {
            command.Add(CreateFor(task, terminal, cancellation));
        }

        return command;
    }

    private static Command CreateFor(TaskDefinition task, Terminal terminal, CancellationToken cancellation)
    {
        var options = new TrainOptionSet(task);
        var decoders = CommonOptions.Integer("--decoders", $"Threads that read, degrade and crop. {BatchPrefetcher.DefaultDecoders} here if not given.", 1);
        var seconds = CommonOptions.Number("--seconds", "For how long each of the three measurements goes on. 5 if not given.", 0, 3600, isMinimumAllowed: false);
        var command = new Command(task.Name, $"As '{task.Name}' would train.");
        options.AddTo(command);
        command.Add(decoders);
        command.Add(seconds);
        command.SetAction(result =>
        {
            using var device = Devices.Open(result.GetValue(options.Device)!, result.GetValue(options.Threads), result.GetValue(options.Precision));
            var training = options.Read(result).Options;
            var network = NetworkCatalog.Find(training.Network);
            var data = TrainingData.Open(training, cancellation);
            using var session = new TrainingSession(network, device, NetworkWeights.Initial(network, 1));
            var assembler = new BatchAssembler(
                data.Train, new BatchOptions { BatchSize = training.Batch, Crop = training.Crop, FlipProbability = training.Flip, SizeMultiple = session.Divisor }, training.Seed);
            var benchmark = new DataBenchmark(
                assembler, result.GetValue(decoders) ?? BatchPrefetcher.DefaultDecoders, BatchesAhead, TimeSpan.FromSeconds(result.GetValue(seconds) ?? DefaultSeconds));
            var rates = benchmark.Run(session, cancellation);
            if (result.GetValue(options.Json))
            {
                terminal.Line(Json(rates, training, network, data, device.Description));
            }
            else
            {
                Print(rates, training, network, data, device.Description, terminal);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static void Print(DataRates rates, TrainingOptions options, NetworkEntry network, TrainingData data, string device, Terminal terminal)
    {
        terminal.Line($"data      {data.Train.Description}");
        terminal.Line(FormattableString.Invariant($"batches   {options.Batch} × {(options.Crop == 0 ? "whole pictures" : $"{options.Crop}²")}, {BatchesAhead} ahead, {rates.Decoders} decoders"));
        terminal.Line($"network   {network.Name} on {device}");
        terminal.Line(FormattableString.Invariant($"alone     {rates.PairsPerSecond:F1} pairs/s, {rates.BatchesPerSecond:F2} batches/s prepared; {rates.StepsAlone:F2} steps/s trained"));
        terminal.Line(FormattableString.Invariant($"together  {rates.StepsTogether:F2} steps/s; training waits for batches {100 * rates.Waiting:F1} % of the time: {(rates.KeepsUp ? "they keep up" : "they do not keep up")}"));
    }

    private static string Json(DataRates rates, TrainingOptions options, NetworkEntry network, TrainingData data, string device) => new JsonObject
    {
        ["data"] = data.Train.Description,
        ["network"] = network.Name,
        ["device"] = device,
        ["batch"] = options.Batch,
        ["crop"] = options.Crop,
        ["decoders"] = rates.Decoders,
        ["pairsPerSecond"] = rates.PairsPerSecond,
        ["batchesPerSecond"] = rates.BatchesPerSecond,
        ["stepsPerSecondAlone"] = rates.StepsAlone,
        ["stepsPerSecondTogether"] = rates.StepsTogether,
        ["waitingShare"] = rates.Waiting,
        ["keepsUp"] = rates.KeepsUp,
    }.ToJsonString(Indented);
}
