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
    /// <summary>
    /// Restoring at sizes from launch-bound to compute-bound, and a training step, as the kernel study lists them. What tells most comes
    /// first, and what takes most memory last, because there may not be time for all.
    /// </summary>
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("Dehaze", false, "bf16", 1, 256, 256),
        new("Dehaze", false, "fast", 1, 256, 256),
        new("Dehaze", true, "bf16", 32, 256, 256),
        new("Dehaze", false, "bf16", 1, 1080, 1920),
        new("Dehaze", false, "bf16", 32, 256, 256),
        new("Dehaze", true, "fast", 32, 256, 256),
        new("Dehaze", false, "fast", 1, 1080, 1920),
        new("Dehaze", false, "fast", 32, 256, 256),
        new("Dehaze", false, "strict", 1, 256, 256),
        new("Dehaze", false, "bf16", 1, 620, 460),
        new("Dehaze", false, "fast", 1, 620, 460),
        new("Dehaze", false, "bf16", 1, 2160, 3840),
        new("Dehaze", false, "fast", 1, 2160, 3840),
    ];

    /// <summary>One small workload of each kind, to see that everything works: minutes even where a device is emulated.</summary>
    public static IReadOnlyList<Workload> Quick { get; } =
    [
        new("Tiny", false, "bf16", 1, 16, 24),
        new("Tiny", false, "fast", 1, 16, 24),
        new("Tiny", true, "bf16", 2, 16, 16),
        new("Tiny", false, "bf16", 3, 16, 16),
        new("Tiny", true, "fast", 1, 16, 24),
        new("Tiny", false, "strict", 1, 16, 24),
    ];

    /// <summary>From words: network, inference or training, precision, N, H, W.</summary>
    /// <exception cref="FormatException">They make no sense.</exception>
    public static Workload Parse(ReadOnlySpan<string> words)
    {
        if (words.Length != 6 || words[1] is not ("inference" or "training") || words[2] is not ("strict" or "fast" or "bf16"))
            throw new FormatException("A workload is: NETWORK inference|training strict|fast|bf16 N H W.");
        return new Workload(words[0], words[1] == "training", words[2], Int(words[3]), Int(words[4]), Int(words[5]));

        static int Int(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
    }

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{Network} {(IsTraining ? "training" : "inference")} {Precision} {Images} {Height} {Width}");
}
