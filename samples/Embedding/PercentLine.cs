using System.Globalization;

namespace FocalNet.Samples.Embedding;

/// <summary>Shows progress in one line of the terminal, and nothing where the output goes to a file.</summary>
public sealed class PercentLine : IProgress<double>
{
    /// <inheritdoc/>
    public void Report(double value)
    {
        if (!Console.IsOutputRedirected)
            Console.Write(string.Create(CultureInfo.InvariantCulture, $"\r{100 * value,3:F0} %"));
    }
}
