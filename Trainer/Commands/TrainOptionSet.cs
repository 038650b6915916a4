using System.CommandLine;
using System.Globalization;
using FocalNet.Trainer.Tasks;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Commands;

/// <summary>The options of training, and how they override a configuration, a run that is resumed, or a task's defaults.</summary>
internal sealed class TrainOptionSet
{
    private readonly TaskDefinition _task;
    private readonly Option<string?> _data, _preset, _network, _weights, _out, _config, _resume, _saveEvery;
    private readonly Option<int?> _epochs, _steps, _batch, _accumulate, _crop, _warmUpEpochs, _seed, _keep;
    private readonly Option<double?> _flip, _learningRate, _clip, _average;

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
        _weights = CommonOptions.Weights("Weights to start from: a file, or 'shipped' for those that come with the program; random ones if not given.");
        _epochs = CommonOptions.Integer("--epochs", $"Length in epochs, over which the learning rate runs its course. With --data {published.Epochs}.", 1);
        _steps = CommonOptions.Integer("--steps", $"Length in steps; with --epochs too, only the step to stop at. Without --data {embedded.Steps}.", 1);
        _batch = CommonOptions.Integer("--batch", $"Pictures in a batch, of each process. {Defaults(d => d.Batch)}", 1);
        _accumulate = CommonOptions.Integer("--accumulate", "Batches whose gradients are averaged for one step: the result of larger batches with the memory of small ones. 1 if not given.", 1);
        _crop = CommonOptions.Integer("--crop", $"Side of the random crops, 0 for whole pictures. {Defaults(d => d.Crop)}", 0);
        _flip = CommonOptions.Number("--flip", $"Probability that a pair is mirrored, 0 for no augmentation. {Defaults(d => d.Flip)}", 0, 1, isMinimumAllowed: true);
        _learningRate = CommonOptions.Number("--lr", $"Peak learning rate. {Defaults(d => d.LearningRate)}", 0, double.PositiveInfinity, isMinimumAllowed: false);
        _warmUpEpochs = CommonOptions.Integer("--warmup-epochs", $"Epochs of rising learning rate. {Defaults(d => d.WarmUpEpochs)}", 0);
        _clip = CommonOptions.Number("--clip", $"Largest norm of the gradient. {Defaults(d => d.Clip)}", 0, double.PositiveInfinity, isMinimumAllowed: false);
        _average = CommonOptions.Number("--ema", "Decay of a moving average of the weights, such as 0.999, which is then validated and kept; 0 for none, as if not given.", 0, 0.999999, isMinimumAllowed: true);
        _seed = CommonOptions.Integer("--seed", "Seed of all that is random. 1 if not given.", 0);
        _saveEvery = new Option<string?>("--save-every")
        {
            Description = "How often training saves itself beside its validations: steps as 500, or time as 90s, 10m, 2h. 10m if not given.", HelpName = "N|TIME",
        };
        _saveEvery.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && CheckpointPolicy.TryParse(result.Tokens[0].Value, 0) is null)
            {
                result.AddError($"--save-every takes a number of steps, or a time such as 90s, 10m or 2h, not '{result.Tokens[0].Value}'.");
            }
        });
        _keep = CommonOptions.Integer("--keep", "Numbered checkpoints to keep, the newest, beside last and best. 2 if not given.", 0);
        _out = new Option<string?>("--out") { Description = $"Folder for the run. runs/{task.Name} if not given, or runs/{task.Name}-2 and so on if taken.", HelpName = "DIR" };
        _config = new Option<string?>("--config") { Description = "Takes all options from a file, such as the run.json of a run; those given beside it come first.", HelpName = "FILE" };
        _resume = new Option<string?>("--resume")
        {
            Description = $"Goes on with a run from its last checkpoint, exactly; without RUN, the newest under runs/{task.Name}.", HelpName = "RUN", Arity = ArgumentArity.ZeroOrOne,
        };
    }

    public Option<int> Threads { get; } = CommonOptions.Threads();

    public Option<string> Device { get; } = CommonOptions.Device();

    public Option<Precision> Precision { get; } = CommonOptions.Precision();

    public Option<bool> Json { get; } = new("--json") { Description = "Writes what happens as JSON, one object a line, in place of text; with --dry-run, one document." };

    public void AddTo(Command command)
    {
        Option[] all =
        [
            _data, _preset, _network, _weights, _epochs, _steps, _batch, _accumulate, _crop, _flip, _learningRate, _warmUpEpochs, _clip, _average, _seed,
            Threads, Device, Precision, _saveEvery, _keep, _out, _config, _resume, Json,
        ];
        foreach (var option in all)
        {
            command.Add(option);
        }
    }

    /// <summary>Where a run begins or goes on.</summary>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    public (TrainingOptions Options, ResumePoint? Resume) Read(ParseResult result)
    {
        CommonOptions.RequireNetwork(result.GetValue(_network));
        if (result.GetResult(_resume) is not { Implicit: false })
        {
            return (Override(Defaults(result), result), null);
        }

        foreach (var other in new Option[] { _config, _preset, _out })
        {
            if (result.GetResult(other) is { Implicit: false })
            {
                throw new UsageException($"{other.Name} and --resume can't be given together: a run goes on with its own options in its own folder.");
            }
        }

        var resume = ResumePoint.Open(result.GetValue(_resume), _task);
        return (Override(resume.Options, result), resume);
    }

    private TrainingOptions Defaults(ParseResult result)
    {
        var output = result.GetValue(_out) ?? RunFolder.NextDefault(_task.Name);
        var preset = result.GetValue(_preset);
        if (result.GetValue(_config) is not { } config)
        {
            return TrainingOptions.For(_task, result.GetValue(_data), output, _task.Presets.FirstOrDefault(known => known.Name == preset));
        }

        return preset is null
            ? RunConfiguration.Read(config, _task, output)
            : throw new UsageException("--preset and --config can't be given together: name the preset in the file.");
    }

    /// <summary>What the command line says comes first.</summary>
    private TrainingOptions Override(TrainingOptions options, ParseResult result)
    {
        var (epochs, steps) = (result.GetValue(_epochs), result.GetValue(_steps));
        var hasLength = epochs is not null || steps is not null;
        var saving = options.Saving with { Keep = result.GetValue(_keep) ?? options.Saving.Keep };
        return options with
        {
            Data = result.GetValue(_data) ?? options.Data,
            Network = result.GetValue(_network) ?? options.Network,
            Weights = result.GetValue(_weights) ?? options.Weights,
            Epochs = hasLength ? epochs : options.Epochs,
            Steps = hasLength ? steps : options.Steps,
            Batch = result.GetValue(_batch) ?? options.Batch,
            Accumulate = result.GetValue(_accumulate) ?? options.Accumulate,
            Crop = RequireMultiple(result.GetValue(_crop) ?? options.Crop),
            Flip = result.GetValue(_flip) ?? options.Flip,
            LearningRate = result.GetValue(_learningRate) ?? options.LearningRate,
            WarmUpEpochs = result.GetValue(_warmUpEpochs) ?? options.WarmUpEpochs,
            Clip = result.GetValue(_clip) ?? options.Clip,
            AverageDecay = result.GetValue(_average) ?? options.AverageDecay,
            Precision = result.GetResult(Precision) is { Implicit: false } ? result.GetValue(Precision) : options.Precision,
            Seed = result.GetValue(_seed) ?? options.Seed,
            Saving = result.GetValue(_saveEvery) is { } interval ? CheckpointPolicy.TryParse(interval, saving.Keep)! : saving,
        };
    }

    private static int RequireMultiple(int crop)
    {
        const int Multiple = 4;
        return crop % Multiple == 0 ? crop : throw new UsageException(FormattableString.Invariant(
            $"--crop {crop} is no multiple of {Multiple}, which the networks need. Take {(crop + Multiple - 1) / Multiple * Multiple}."));
    }
}
