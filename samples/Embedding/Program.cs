using System.Diagnostics;
using System.Globalization;
using FocalNet.Model;
using FocalNet.Samples.Embedding;

// Restores a synthetic picture in memory: Embedding [weights [network]]. Without weights the network is freshly initialised,
// which shows that and how fast it runs, and restores nothing.
const int Width = 400, Height = 300;
byte[] picture = SyntheticPicture.Hazy(Width, Height);
using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    cancellation.Cancel();
};

try
{
    using Restorer restorer = args.Length > 0
        ? Restorer.Load(args.Length > 1 ? args[1] : null, args[0])
        : Restorer.Create(NetworkCatalog.Find("Tiny"), NetworkWeights.Initial(NetworkCatalog.Find("Tiny"), seed: 1));

    for (int run = 1; run <= 2; run++)
    {
        byte[] restored = new byte[picture.Length];
        long start = Stopwatch.GetTimestamp();
        Embedding.Restore(restorer, picture, restored, Width, Height, new PercentLine(), cancellation.Token);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"\r{restorer.Network.Name}, {Width}×{Height}, run {run}: {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms, contrast {SyntheticPicture.Contrast(picture):F1} → {SyntheticPicture.Contrast(restored):F1}"));
    }
    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("\nCancelled.");
    return 130;
}
catch (Exception error) when (error is IOException or UnknownNetworkException or RestorationException
    or FocalNet.Runtime.Weights.WeightFormatException or FocalNet.Runtime.Weights.WeightMismatchException or FocalNet.Runtime.DeviceException)
{
    // Their messages say what is wrong and what to do.
    Console.Error.WriteLine(error.Message);
    return 1;
}
