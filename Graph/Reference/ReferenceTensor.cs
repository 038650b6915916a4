namespace FocalNet.Graph.Reference;

/// <summary>A float64 tensor in logical order N, C, H, W, row-major.</summary>
public sealed class ReferenceTensor
{
    /// <summary>A tensor of zeros.</summary>
    public ReferenceTensor(int[] extents)
        : this(extents, new double[checked(extents[0] * extents[1] * extents[2] * extents[3])])
    {
    }

    /// <summary>A tensor over given data.</summary>
    public ReferenceTensor(int[] extents, double[] data)
    {
        if (extents.Length != 4 || (long)extents[0] * extents[1] * extents[2] * extents[3] != data.Length)
            throw new GraphException($"{Text.Of(data.Length)} values do not fill a tensor [{string.Join(",", extents.Select(e => Text.Of(e)))}].");
        Extents = extents;
        Data = data;
    }

    /// <summary>N, C, H, W.</summary>
    public int[] Extents { get; }

    /// <summary>The values.</summary>
    public double[] Data { get; }

    /// <summary>One element.</summary>
    public ref double this[int n, int c, int h, int w] => ref Data[((n * Extents[1] + c) * Extents[2] + h) * Extents[3] + w];

    /// <summary>Index of the element that broadcasting reads at a position of a larger tensor.</summary>
    public int BroadcastIndex(int n, int c, int h, int w) =>
        (((Extents[0] == 1 ? 0 : n) * Extents[1] + (Extents[1] == 1 ? 0 : c)) * Extents[2] + (Extents[2] == 1 ? 0 : h)) * Extents[3] +
        (Extents[3] == 1 ? 0 : w);

    /// <summary>The element that broadcasting reads at a position of a larger tensor.</summary>
    public double Broadcast(int n, int c, int h, int w) => Data[BroadcastIndex(n, c, h, w)];

    /// <summary>Index in the order of memory, NHWC.</summary>
    public int MemoryIndex(int n, int c, int h, int w) => ((n * Extents[2] + h) * Extents[3] + w) * Extents[1] + c;

    /// <summary>Sets every element.</summary>
    public void Fill(double value)
    {
        for (int i = 0; i < Data.Length; i++)
            Data[i] = value;
    }

    /// <summary>Calls back for every element with its index and position.</summary>
    public void ForEach(Action<int, int, int, int, int> action)
    {
        int i = 0;
        for (int n = 0; n < Extents[0]; n++)
        {
            for (int c = 0; c < Extents[1]; c++)
            {
                for (int h = 0; h < Extents[2]; h++)
                {
                    for (int w = 0; w < Extents[3]; w++)
                        action(i++, n, c, h, w);
                }
            }
        }
    }
}
