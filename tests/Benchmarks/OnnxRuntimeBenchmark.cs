using System.Diagnostics;
using System.Globalization;
using FocalNet.Model;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using Microsoft.ML.OnnxRuntime;

namespace FocalNet.Benchmarks;

/// <summary>
/// Whole networks against ONNX Runtime: the same weights and picture, turn by turn in one process, so that a shared machine
/// disturbs both alike. Prints medians as a Markdown table.
/// </summary>
internal static class OnnxRuntimeBenchmark
{
    private const int FewestRuns = 5, MostRuns = 200;

    public static void Run(double secondsPerCase, bool large)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, .NET {Environment.Version}, {Environment.ProcessorCount} processors; FocalNet: {DeviceText()}"));
        Console.WriteLine();
        Console.WriteLine("| network | size | threads | runs | FocalNet.Compiler, ms | ONNX Runtime, ms | ratio | largest difference |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        (string Network, int Height, int Width)[] cases =
        [
            ("Tiny", 64, 64), ("Dehaze", 256, 256), ("Dehaze", 460, 620), ("Deblur", 256, 256), .. large ? [("Dehaze", 1080, 1920)] : (ReadOnlySpan<(string, int, int)>)[],
        ];
        foreach ((string network, int height, int width) in cases)
        {
            foreach (int threads in new[] { 1, Environment.ProcessorCount }.Distinct())
                Compare(NetworkCatalog.Find(network), new RunSize(1, height, width), threads, secondsPerCase);
        }
    }

    private static void Compare(NetworkEntry network, RunSize size, int threads, double seconds)
    {
        float[] parameters = NetworkWeights.Initial(network, 1), image = Noise(3 * size.Height * size.Width), restored = new float[image.Length];
        using var device = new CpuDevice(threads);
        using CpuExecutor executor = device.CreateExecutor(NetworkPlans.Inference(network));
        executor.LoadParameters(parameters);
        executor.Bind(size);
        using var options = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        // Its threads would otherwise spin through our turns.
        options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        using var session = new InferenceSession(OnnxExport.Encode(network, parameters), options);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(image, [1, 3, size.Height, size.Width]);
        float[] theirs = new float[image.Length];
        using OrtValue output = OrtValue.CreateTensorValueFromMemory(theirs, [1, 3, size.Height, size.Width]);
        using var run = new RunOptions();

        // Both from NCHW floats to NCHW floats.
        void Ours()
        {
            executor.SetInput("image", image);
            executor.Run();
            executor.GetOutput("restored", restored);
        }

        void Theirs() => session.Run(run, ["image"], [input], ["restored"], [output]);

        (double ours, double other, int runs) = Medians(Ours, Theirs, seconds);
        double difference = restored.Zip(theirs, (a, b) => Math.Abs((double)a - b)).Max();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {network.Name} | {size.Height}×{size.Width} | {threads} | {runs} | {ours:F2} | {other:F2} | {other / ours:F2} | {difference:E1} |"));
    }

    private static (double Ours, double Theirs, int Runs) Medians(Action ours, Action theirs, double seconds)
    {
        List<double> first = [], second = [];
        for (int i = 0; i < 2; i++)
        {
            ours();
            theirs();
        }
        var clock = Stopwatch.StartNew();
        while (first.Count < FewestRuns || (clock.Elapsed.TotalSeconds < seconds && first.Count < MostRuns))
        {
            first.Add(Milliseconds(ours));
            second.Add(Milliseconds(theirs));
        }
        return (Median(first), Median(second), first.Count);
    }

    private static double Milliseconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        int middle = values.Count / 2;
        return values.Count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    private static float[] Noise(int count)
    {
        var random = new Random(1);
        var values = new float[count];
        foreach (ref float value in values.AsSpan())
            value = random.NextSingle();
        return values;
    }

    private static string DeviceText()
    {
        using var device = new CpuDevice();
        return device.Description;
    }
}
