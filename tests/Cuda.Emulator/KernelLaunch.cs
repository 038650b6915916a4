namespace FocalNet.Tests.Cuda;

/// <summary>Three extents, x running fastest.</summary>
public readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    /// <summary>A one-dimensional extent.</summary>
    public static implicit operator Dim3(int x) => new(x);

    /// <summary>Number of elements.</summary>
    public long Count => (long)X * Y * Z;

    /// <inheritdoc/>
    public override string ToString() => $"({X}, {Y}, {Z})";
}

/// <summary>One launch of a kernel.</summary>
/// <param name="Kernel">Its name.</param>
/// <param name="Grid">Blocks.</param>
/// <param name="Block">Threads of a block, at most 1024.</param>
/// <param name="SharedBytes">Dynamic shared memory in bytes.</param>
/// <param name="Seed">0 runs threads and blocks forward, 1 backward, any other shuffled.</param>
/// <param name="Arguments">
/// <see cref="CudaBuffer"/> or <see cref="CudaPointer"/> for pointers; int, uint, long, ulong, float or bool; a byte array for a struct.
/// </param>
public sealed record KernelLaunch(string Kernel, Dim3 Grid, Dim3 Block, int SharedBytes, ulong Seed, IReadOnlyList<object> Arguments)
{
    /// <summary>Buffers that the kernel reaches through pointers stored in a struct or in another buffer.</summary>
    public IReadOnlyList<CudaBuffer> OtherBuffers { get; init; } = [];
}

/// <summary>What a launch did: counts over all blocks. Accesses are counted by checked builds only.</summary>
public sealed record LaunchReport(long Threads, long Barriers, long Collectives, long Accesses);
