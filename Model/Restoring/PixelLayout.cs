namespace FocalNet.Model;

/// <summary>In which order the samples of a picture follow each other.</summary>
public enum PixelOrder
{
    /// <summary>All channels of a pixel, then the next pixel: RGBRGB….</summary>
    Interleaved,

    /// <summary>All pixels of a channel, then the next channel: RR…GG…BB….</summary>
    Planar,
}

/// <summary>How the samples of a picture lie in a span.</summary>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Channels">1 (grey), 3 (RGB) or 4 (RGB and alpha, which is copied unchanged).</param>
/// <param name="Order">Interleaved or planar.</param>
/// <param name="Stride">Samples (not bytes) from one row to the next; 0 where rows follow without a gap.</param>
public readonly record struct PixelLayout(
    int Width, int Height, int Channels = 3, PixelOrder Order = PixelOrder.Interleaved, int Stride = 0)
{
    /// <summary>Samples in a row.</summary>
    public long RowLength => Order == PixelOrder.Interleaved ? (long)Width * Channels : Width;

    /// <summary>Samples from one row to the next.</summary>
    public long RowStride => Stride == 0 ? RowLength : Stride;

    /// <summary>Samples from a pixel to the next of its row.</summary>
    public int SampleStep => Order == PixelOrder.Interleaved ? Channels : 1;

    /// <summary>
    /// Samples that a span of this layout must have at least, the gap after the last row not counted;
    /// <see cref="long.MaxValue"/> if they do not fit a number.
    /// </summary>
    public long Length
    {
        get
        {
            Int128 rows = Order == PixelOrder.Interleaved ? Height : (Int128)Height * Channels;
            Int128 samples = (rows - 1) * RowStride + RowLength;
            return samples > long.MaxValue ? long.MaxValue : (long)samples;
        }
    }

    /// <summary>Index of a sample.</summary>
    public long Index(int x, int y, int channel) => Order == PixelOrder.Interleaved
        ? y * RowStride + (long)x * Channels + channel
        : ((long)channel * Height + y) * RowStride + x;

    /// <summary>Throws unless the layout makes sense and a span is long enough for it.</summary>
    /// <param name="length">Samples in the span.</param>
    /// <param name="argument">Name of the span, for the message.</param>
    /// <exception cref="ArgumentException">It does not or is not; the message says what is wrong.</exception>
    public void Check(long length, string argument)
    {
        if (Width < 1 || Height < 1)
            throw new ArgumentException($"A picture needs at least one pixel, not {Width}×{Height}.", argument);
        if (Channels is not (1 or 3 or 4))
            throw new ArgumentException($"A picture has 1, 3 or 4 channels, not {Channels}.", argument);
        if (Order is not (PixelOrder.Interleaved or PixelOrder.Planar))
            throw new ArgumentException($"There is no pixel order {(int)Order}.", argument);
        if (RowStride < RowLength)
            throw new ArgumentException($"The stride of {Stride} samples is shorter than a row of {RowLength}.", argument);
        if (length < Length)
            throw new ArgumentException($"A picture of {Width}×{Height}×{Channels} with a stride of {RowStride} takes {Length} samples; the span has {length}.", argument);
    }
}
