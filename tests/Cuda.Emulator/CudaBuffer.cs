using System.Runtime.InteropServices;

namespace FocalNet.Tests.Cuda;

/// <summary>A pointer argument: a buffer and an offset into it in bytes, or null.</summary>
public readonly record struct CudaPointer(CudaBuffer? Buffer, long Offset)
{
    /// <summary>A null pointer.</summary>
    public static CudaPointer Null => default;
}

/// <summary>
/// Device memory of the emulator: aligned to 256 bytes as cudaMalloc aligns, with sentinels on both sides.
/// Give each tensor its own buffer: what runs over the end of a slice of an arena is not seen.
/// </summary>
public sealed unsafe class CudaBuffer : IDisposable
{
    private const int Alignment = 256, SentinelBytes = 1024;

    // NaN as float32, bf16 and fp16.
    private const uint Sentinel = 0xffa5ffa5;

    private byte* _memory;
    private NativeCell* _shadow;

    private CudaBuffer(string name, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Name = name;
        Bytes = bytes;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)(Padded + 2 * SentinelBytes), Alignment);
        new Span<uint>(_memory, SentinelBytes / 4).Fill(Sentinel);
        new Span<byte>(Data + Bytes, (int)(Padded - Bytes)).Fill(unchecked((byte)Sentinel));
        new Span<uint>(Data + Padded, SentinelBytes / 4).Fill(Sentinel);
    }

    /// <summary>The name that errors use.</summary>
    public string Name { get; }

    /// <summary>Size in bytes.</summary>
    public long Bytes { get; }

    /// <summary>Its address, for kernel parameters that hold pointers themselves.</summary>
    public nint Address => (nint)Data;

    internal bool Initialised { get; set; }

    private long Padded => (Bytes + 3) / 4 * 4;

    private byte* Data => _memory is null ? throw new ObjectDisposedException(Name) : _memory + SentinelBytes;

    /// <summary>A buffer with these contents.</summary>
    public static CudaBuffer Of<T>(string name, ReadOnlySpan<T> values) where T : unmanaged
    {
        var buffer = new CudaBuffer(name, (long)values.Length * sizeof(T));
        buffer.Write(values);
        return buffer;
    }

    /// <inheritdoc cref="Of{T}(string, ReadOnlySpan{T})"/>
    public static CudaBuffer Of<T>(string name, T[] values) where T : unmanaged => Of<T>(name, values.AsSpan());

    /// <summary>A poisoned buffer (NaN, −1): a checked launch refuses to read what nobody has written.</summary>
    public static CudaBuffer Uninitialised(string name, long bytes)
    {
        var buffer = new CudaBuffer(name, bytes);
        buffer.Poison();
        return buffer;
    }

    /// <summary>A poisoned buffer of <paramref name="count"/> elements.</summary>
    public static CudaBuffer Uninitialised<T>(string name, long count) where T : unmanaged => Uninitialised(name, count * sizeof(T));

    /// <summary>A place in the buffer, as a pointer argument.</summary>
    public CudaPointer At(long byteOffset) => new(this, byteOffset);

    /// <summary>Replaces the contents from the start on; the buffer counts as initialised.</summary>
    public void Write<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        if (bytes.Length > Bytes) throw new ArgumentException($"Buffer '{Name}' has {Bytes} bytes, not {bytes.Length}.", nameof(values));
        bytes.CopyTo(new Span<byte>(Data, checked((int)Bytes)));
        Initialised = true;
    }

    /// <summary>A copy of the contents.</summary>
    public T[] Read<T>() where T : unmanaged => new Span<T>(Data, checked((int)(Bytes / sizeof(T)))).ToArray();

    /// <summary>Fills the buffer with ones (NaN, −1) and forgets that anybody has written it.</summary>
    public void Poison()
    {
        new Span<byte>(Data, checked((int)Bytes)).Fill(0xff);
        Initialised = false;
        FreeShadow();
    }

    /// <summary>Says where something was written outside the buffer; null where nothing was.</summary>
    public string? DamagedSentinel()
    {
        var before = new Span<byte>(_memory, SentinelBytes);
        var after = new Span<byte>(Data + Bytes, (int)(Padded - Bytes) + SentinelBytes);
        var tail = (int)(Padded - Bytes);
        for (var i = 0; i < SentinelBytes; i++)
            if (before[i] != SentinelByte(i)) return $"buffer '{Name}': byte {i - SentinelBytes}, before its start, was overwritten";
        for (var i = 0; i < after.Length; i++)
            if (after[i] != (i < tail ? unchecked((byte)Sentinel) : SentinelByte(i - tail)))
                return $"buffer '{Name}': byte {Bytes + i}, behind its {Bytes} bytes, was overwritten";
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FreeShadow();
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    internal NativeBuffer Describe(bool withShadow)
    {
        if (withShadow && _shadow is null) _shadow = (NativeCell*)NativeMemory.AllocZeroed((nuint)Math.Max(Bytes, 1), (nuint)sizeof(NativeCell));
        return new() { Address = (ulong)Data, Bytes = (ulong)Bytes, Shadow = _shadow, Initialised = Initialised ? 1u : 0u };
    }

    private static byte SentinelByte(int i) => (byte)(Sentinel >> (8 * (i % 4)));

    private void FreeShadow()
    {
        NativeMemory.Free(_shadow);
        _shadow = null;
    }
}
