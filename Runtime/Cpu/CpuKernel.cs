namespace FocalNet.Runtime.Cpu;

/// <summary>A generated CPU kernel: static code and the text it was compiled from.</summary>
/// <param name="name">Name, such as <c>conv3x3_64_64_gelu</c>.</param>
/// <param name="entry">Runs one chunk.</param>
/// <param name="source">The C# text, for people.</param>
public sealed unsafe class CpuKernel(string name, delegate*<in KernelArguments, in WorkSlice, void> entry, Func<string> source)
{
    /// <summary>Name.</summary>
    public string Name { get; } = name;

    /// <summary>Runs one chunk of the kernel.</summary>
    public delegate*<in KernelArguments, in WorkSlice, void> Entry { get; } = entry;

    /// <summary>The C# source of the kernel.</summary>
    public string Source => source();
}

/// <summary>What a launch hands to every chunk of a kernel. Filled once when a plan is bound to a run size.</summary>
public unsafe struct KernelArguments
{
    /// <summary>First element of each operand (its channel offset included).</summary>
    public float** Buffers;

    /// <summary>Floats from one pixel to the next, for each operand.</summary>
    public int* Pitches;

    /// <summary>N of the domain.</summary>
    public int Images;

    /// <summary>H of the domain.</summary>
    public int Height;

    /// <summary>W of the domain.</summary>
    public int Width;

    /// <summary>C of the domain.</summary>
    public int Channels;

    /// <summary>H of the anchor's main operand.</summary>
    public int InputHeight;

    /// <summary>W of the anchor's main operand.</summary>
    public int InputWidth;

    /// <summary>Partial results of chunk 0, for each chunked reduction.</summary>
    public float** Partials;

    /// <summary>Floats from one chunk's partial results to the next, for each chunked reduction.</summary>
    public int* PartialStrides;

    /// <summary>Convolutions are computed by their definition, whatever is faster. The same for all launches of an executor.</summary>
    public bool Strict;

    /// <summary>The run's N, H and W in pixels, for size constants.</summary>
    public int RunImages, RunHeight, RunWidth;
}

/// <summary>The chunk of one call.</summary>
/// <param name="chunk">Number of this chunk, from 0.</param>
/// <param name="chunks">Number of chunks that the work is cut into.</param>
/// <param name="scratch">The worker's scratch memory.</param>
/// <param name="chunksOfShare">How many of them are a worker's share.</param>
public unsafe readonly struct WorkSlice(int chunk, int chunks, float* scratch, int chunksOfShare = 1)
{
    /// <summary>Number of this chunk, from 0.</summary>
    public readonly int Chunk = chunk;

    /// <summary>Number of chunks that the work is cut into.</summary>
    public readonly int Chunks = chunks;

    /// <summary>How many chunks, one after the other, are a worker's share; the work is cut into equal shares first.</summary>
    public readonly int ChunksOfShare = chunksOfShare;

    /// <summary>
    /// This worker's scratch memory, aligned to 64 bytes; <see cref="ScratchFloats"/> floats. Its contents are undefined.
    /// </summary>
    public readonly float* Scratch = scratch;

    /// <summary>Floats of scratch that every worker has (1 MiB).</summary>
    public const int ScratchFloats = 1 << 18;

    /// <summary>This chunk's part of <paramref name="count"/> items: [start, end).</summary>
    public (long Start, long End) Range(long count) => (count * Chunk / Chunks, count * (Chunk + 1) / Chunks);

    /// <summary>
    /// This chunk's part of <paramref name="count"/> items that are best taken <paramref name="block"/> at a time: shares are equal, and a share is cut
    /// between blocks alone, so that it has as many as if it were one chunk.
    /// </summary>
    public (long Start, long End) Range(long count, int block)
    {
        long share = Chunk / ChunksOfShare, shares = Chunks / ChunksOfShare, first = count * share / shares, end = count * (share + 1) / shares;
        long blocks = (end - first + block - 1) / block, part = Chunk % ChunksOfShare;
        return (Math.Min(end, first + (blocks * part / ChunksOfShare * block)), Math.Min(end, first + (blocks * (part + 1) / ChunksOfShare * block)));
    }
}
