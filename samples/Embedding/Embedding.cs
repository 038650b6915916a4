using FocalNet.Model;

namespace FocalNet.Samples.Embedding;

/// <summary>All that it takes to restore a picture within another program.</summary>
public static class Embedding
{
    /// <summary>Restores a picture whose rows are padded to a multiple of four bytes, as many picture libraries keep them.</summary>
    /// <param name="restorer">A network with its weights: make one, keep it, and use it from any thread.</param>
    /// <param name="source">8-bit RGB.</param>
    /// <param name="target">Receives the restored picture; may be the source.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="progress">Receives the share that is done.</param>
    /// <param name="cancellation">Stops the work; the target is then unchanged.</param>
    public static void Restore(
        Restorer restorer, ReadOnlySpan<byte> source, Span<byte> target, int width, int height, IProgress<double> progress, CancellationToken cancellation)
    {
        int stride = (3 * width + 3) / 4 * 4;
        var layout = new PixelLayout(width, height, Channels: 3, PixelOrder.Interleaved, stride);
        restorer.Restore(source, target, layout, progress, cancellation);
    }
}
