using System.Diagnostics;
using System.Globalization;
using FocalNet.Model;
using FocalNet.Runtime.Cpu;
using FocalNet.Samples.Embedding;

// Restores a synthetic picture of 256×256 and writes it: Embedding [OUT.png [WEIGHTS [NETWORK]]]. Without weights the network is
// freshly initialised, which shows that and how fast it runs, and restores nothing.
const int Width = 256, Height = 256, Stride = 3 * Width;
string path = args.Length > 0 ? args[0] : "restored.png";
using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    cancellation.Cancel();
};

try
{
    // A program that was compiled for a processor without AVX2 would be half as fast or less: see the project file.
    Console.WriteLine(CpuFeatures.Description);
    long start = Stopwatch.GetTimestamp();
    using Restorer restorer = args.Length > 1
        ? Restorer.Load(args.Length > 2 ? args[2] : null, args[1])
        : Restorer.Create(NetworkCatalog.Find("Tiny"), NetworkWeights.Initial(NetworkCatalog.Find("Tiny"), seed: 1));
    TimeSpan loading = Stopwatch.GetElapsedTime(start);

    byte[] picture = SyntheticPicture.Hazy(Width, Height), restored = new byte[picture.Length];
    start = Stopwatch.GetTimestamp();
    Embedding.Restore(restorer, picture, restored, Width, Height, new PercentLine(), cancellation.Token);
    TimeSpan restoring = Stopwatch.GetElapsedTime(start);

    start = Stopwatch.GetTimestamp();
    PngWriter.Write(path, restored, Width, Height, Stride);
    TimeSpan writing = Stopwatch.GetElapsedTime(start);
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"\r{restorer.Network.Name}, {Width}×{Height}, contrast {SyntheticPicture.Contrast(picture):F1} → {SyntheticPicture.Contrast(restored):F1}; loading took {loading.TotalMilliseconds:F1} ms, restoring {restoring.TotalMilliseconds:F1}, writing {writing.TotalMilliseconds:F1}: {path}"));
    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("\nCancelled.");
    return 130;
}
catch (Exception error) when (error is IOException or UnauthorizedAccessException or UnknownNetworkException or RestorationException
    or FocalNet.Runtime.Weights.WeightFormatException or FocalNet.Runtime.Weights.WeightMismatchException or FocalNet.Runtime.DeviceException)
{
    // Their messages say what is wrong and what to do.
    Console.Error.WriteLine(error.Message);
    return 1;
}
