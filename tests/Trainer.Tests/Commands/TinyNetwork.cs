using FocalNet.Model;
using FocalNet.Runtime.Cpu;
using FocalNet.Trainer.Tasks;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Tests.Commands;

/// <summary>The smallest network with random weights, and the shortest runs.</summary>
internal static class TinyNetwork
{
    public static NetworkEntry Entry { get; } = NetworkCatalog.Find("Tiny");

    public static TaskDefinition Dehaze { get; } = RestorationTasks.TryFind("dehaze")!;

    /// <summary>Writes initial weights and gives their path.</summary>
    public static string SaveTinyWeights(this TemporaryFolder folder, string name = "tiny.safetensors")
    {
        NetworkWeights.Save(folder[name], Entry, NetworkWeights.Initial(Entry, 5));
        return folder[name];
    }

    /// <summary>Pairs of small pictures in a layout: input/ and target/ unless said otherwise.</summary>
    public static string SavePairs(this TemporaryFolder folder, string name, int count, int width = 20, int height = 16)
    {
        for (var i = 0; i < count; i++)
        {
            folder.Save($"{name}/input/p{i}.png", TestPictures.Noise(width, height, seed: i + 1));
            folder.Save($"{name}/target/p{i}.png", TestPictures.Noise(width, height, seed: i + 101));
        }

        return folder[name];
    }

    /// <summary>Trains in this process, on two threads.</summary>
    public static TrainingOutcome Train(
        TrainingOptions options, Action<long>? onStep = null, CancellationToken cancellation = default, ResumePoint? resume = null)
    {
        using var device = new CpuDevice(2);
        using var run = TrainingRun.Open(options, device, new StepObserver(onStep ?? (_ => { })), cancellation, resume);
        return run.Run(cancellation);
    }

    /// <summary>A run on drawn scenes that takes about a second.</summary>
    public static TrainingOptions ShortRun(string output) => TrainingOptions.For(Dehaze, null, output) with
    {
        Steps = 4,
        Batch = 2,
        Crop = 16,
        Scenes = new SceneDefaults(TrainingScenes: 5, TrainingSize: 24, ValidationSize: 32),
        Validations = 2,
        ValidationPictures = 2,
    };

    private sealed class StepObserver(Action<long> onStep) : ITrainingObserver
    {
        public void Started(TrainingStart start)
        {
        }

        public void Stepped(StepReport report) => onStep(report.Step);

        public void Validated(ValidationReport report)
        {
        }

        public void Saved(long step, string path)
        {
        }
    }
}
