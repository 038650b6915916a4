using System.CommandLine;
using System.Globalization;
using FocalNet.Trainer.Tasks;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Commands;

/// <summary>The options of training, and how they override a task's defaults.</summary>
internal sealed class TrainOptionSet
{
    private readonly TaskDefinition _task;
    private readonly Option<string?> _data, _network, _weights, _preset, _out;
    private readonly Option<int?> _epochs, _steps, _batch, _crop, _warmUpEpochs, _seed;
    private readonly Option<double?> _flip, _learningRate, _clip;

    public TrainOptionSet(TaskDefinition task)
    {
        _task = task;
        var (published, embedded) = (task.Published, task.Embedded);
        string Defaults<T>(Func<TrainingDefaults, T> value) where T : IFormattable =>
            $"With --data {value(published).ToString(null, CultureInfo.InvariantCulture)}, without {value(embedded).ToString(null, CultureInfo.InvariantCulture)}.";

        _data = new Option<string?>("--data") { Description = "Folder of picture pairs; without it, scenes are drawn.", HelpName = "DIR" };
        _preset = new Option<string?>("--preset")
        {
            Description = $"Published settings, which the options below override: {string.Join("; ", task.Presets.Select(preset => $"{preset.Name} for {preset.Description}"))}. "
                + "With --data, those that suit the data set if not given.",
            HelpName = "NAME",
        };
        _preset.AcceptOnlyFromAmong([.. task.Presets.Select(preset => preset.Name)]);
        _network = CommonOptions.Network($"Network to train. With --data {published.Network}, without {embedded.Network}.");
        _weights = CommonOptions.Weights("Weights to start from; random ones if not given.");
        _epochs = CommonOptions.Integer("--epochs", $"Length in epochs, over which the learning rate runs its course. With --data {published.Epochs}.", 1);
        _steps = CommonOptions.Integer("--steps", $"Length in steps; with --epochs too, only the step to stop at. Without --data {embedded.Steps}.", 1);
        _batch = CommonOptions.Integer("--batch", $"Pictures in a batch. {Defaults(d => d.Batch)}", 1);
        _crop = CommonOptions.Integer("--crop", $"Side of the random crops, 0 for whole pictures. {Defaults(d => d.Crop)}", 0);
        _flip = CommonOptions.Number("--flip", $"Probability that a pair is mirrored, 0 for no augmentation. {Defaults(d => d.Flip)}", 0, 1, isMinimumAllowed: true);
        _learningRate = CommonOptions.Number("--lr", $"Peak learning rate. {Defaults(d => d.LearningRate)}", 0, double.PositiveInfinity, isMinimumAllowed: false);
        _warmUpEpochs = CommonOptions.Integer("--warmup-epochs", $"Epochs of rising learning rate. {Defaults(d => d.WarmUpEpochs)}", 0);
        _clip = CommonOptions.Number("--clip", $"Largest norm of the gradient. {Defaults(d => d.Clip)}", 0, double.PositiveInfinity, isMinimumAllowed: false);
        _seed = CommonOptions.Integer("--seed", "Seed of all that is random. 1 if not given.", 0);
        _out = new Option<string?>("--out") { Description = $"Folder for the run. runs/{task.Name} if not given, or runs/{task.Name}-2 and so on if taken.", HelpName = "DIR" };
    }

    public Option<int> Threads { get; } = CommonOptions.Threads();

    public Option<string> Device { get; } = CommonOptions.Device();

    public Option<Precision> Precision { get; } = CommonOptions.Precision();

    public void AddTo(Command command)
    {
        Option[] all = [_data, _preset, _network, _weights, _epochs, _steps, _batch, _crop, _flip, _learningRate, _warmUpEpochs, _clip, _seed, Threads, Device, Precision, _out];
        foreach (var option in all)
        {
            command.Add(option);
        }
    }

    public TrainingOptions Read(ParseResult result)
    {
        var network = result.GetValue(_network);
        CommonOptions.RequireNetwork(network);
        var defaults = TrainingOptions.For(
            _task, result.GetValue(_data), result.GetValue(_out) ?? RunFolder.NextDefault(_task.Name), _task.Presets.FirstOrDefault(preset => preset.Name == result.GetValue(_preset)));
        var (epochs, steps) = (result.GetValue(_epochs), result.GetValue(_steps));
        var hasLength = epochs is not null || steps is not null;
        return defaults with
        {
            Network = network ?? defaults.Network,
            Weights = result.GetValue(_weights),
            Epochs = hasLength ? epochs : defaults.Epochs,
            Steps = hasLength ? steps : defaults.Steps,
            Batch = result.GetValue(_batch) ?? defaults.Batch,
            Crop = RequireMultiple(result.GetValue(_crop) ?? defaults.Crop),
            Flip = result.GetValue(_flip) ?? defaults.Flip,
            LearningRate = result.GetValue(_learningRate) ?? defaults.LearningRate,
            WarmUpEpochs = result.GetValue(_warmUpEpochs) ?? defaults.WarmUpEpochs,
            Clip = result.GetValue(_clip) ?? defaults.Clip,
            Seed = result.GetValue(_seed) ?? defaults.Seed,
        };
    }

    private static int RequireMultiple(int crop)
    {
        const int Multiple = 4;
        return crop % Multiple == 0 ? crop : throw new UsageException(FormattableString.Invariant(
            $"--crop {crop} is no multiple of {Multiple}, which the networks need. Take {(crop + Multiple - 1) / Multiple * Multiple}."));
    }
}
