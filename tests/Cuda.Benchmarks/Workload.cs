using System.Globalization;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>What is timed.</summary>
/// <param name="Network">Name of the network.</param>
/// <param name="IsTraining">A training step, or restoring.</param>
/// <param name="Precision">strict, fast or bf16.</param>
/// <param name="Images">Pictures in the batch.</param>
/// <param name="Height">Their height.</param>
/// <param name="Width">Their width.</param>
internal sealed record Workload(string Network, bool IsTraining, string Precision, int Images, int Height, int Width)
{
    /// <summary>Restoring at sizes from launch-bound to compute-bound, and a training step, as the kernel study lists them.</summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        .. from precision in (string[])["bf16", "fast"]
           from size in ((int Images, int Height, int Width)[])[(1, 256, 256), (1, 620, 460), (1, 1080, 1920), (1, 2160, 3840), (32, 256, 256)]
           select new Workload("Dehaze", false, precision, size.Images, size.Height, size.Width),
        new("Dehaze", true, "bf16", 32, 256, 256),
        new("Dehaze", true, "fast", 32, 256, 256),
    ];

    /// <summary>Small ones, to see that everything works: seconds even where a device is emulated.</summary>
    public static IReadOnlyList<Workload> Quick { get; } =
        [new("Tiny", false, "fast", 1, 16, 24), new("Tiny", false, "bf16", 1, 16, 24), new("Tiny", true, "fast", 1, 16, 24)];

    /// <summary>From words: network, inference or training, precision, N, H, W.</summary>
    /// <exception cref="FormatException">They make no sense.</exception>
    public static Workload Parse(ReadOnlySpan<string> words)
    {
        if (words.Length != 6 || words[1] is not ("inference" or "training") || words[2] is not ("strict" or "fast" or "bf16"))
            throw new FormatException("A workload is: NETWORK inference|training strict|fast|bf16 N H W.");
        return new Workload(words[0], words[1] == "training", words[2], Int(words[3]), Int(words[4]), Int(words[5]));

        static int Int(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    public override string ToString() =>
        FormattableString.Invariant($"{Network} {(IsTraining ? "training" : "inference")} {Precision} {Images} {Height} {Width}");
}
