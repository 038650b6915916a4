using System.Buffers.Binary;
using System.Text;

namespace FocalNet.Runtime.Weights.PyTorch;

/// <summary>A bounds-checked cursor over pickle bytes. Lengths are compared with what is left before anything is allocated.</summary>
/// <param name="source">The file, and the part of it, for messages.</param>
/// <param name="bytes">The bytes.</param>
/// <param name="truncated">Whether the file goes on after <paramref name="bytes"/>: then reading past them is a limit, not damage.</param>
internal sealed class PickleInput(string source, byte[] bytes, bool truncated)
{
    /// <summary>Pickles of checkpoints hold names and shapes, not data: those of this network take 100 KB.</summary>
    internal const int MaxBytes = 16 << 20;

    /// <summary>A checkpoint needs about 30 operations a tensor; this bounds time and memory for hostile ones.</summary>
    private const int MaxOperations = 2_000_000;

    private int operations;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal int Position { get; private set; }

    /// <summary>Counts operations, and items that an operation copies.</summary>
    internal void Spend(int count)
    {
        operations = count > MaxOperations - operations
            ? throw Error($"the pickle takes more than {MaxOperations} operations.")
            : operations + count;
    }

    internal byte ReadByte() => Take(1)[0];

    internal ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    internal int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    internal uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    internal ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Pickle stores doubles big-endian.</summary>
    internal double ReadDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    internal ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)(bytes.Length - Position))
        {
            throw truncated
                ? Error($"the pickle is larger than {MaxBytes >> 20} MB; checkpoints of weights are not.")
                : Error("the pickle ends early; the file is damaged or not completely copied.");
        }
        var span = bytes.AsSpan(Position, (int)count);
        Position += (int)count;
        return span;
    }

    internal string ReadText(ulong length)
    {
        var start = Position;
        try
        {
            return StrictUtf8.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw Error("a text is not valid UTF-8.", start);
        }
    }

    /// <summary>The text up to the next line feed.</summary>
    internal string ReadLine()
    {
        var length = bytes.AsSpan(Position).IndexOf((byte)'\n');
        // Without a line feed this takes one byte too many and so reports the end.
        var line = ReadText(length < 0 ? (ulong)(bytes.Length - Position) + 1 : (ulong)length);
        Position++;
        return line;
    }

    internal WeightFormatException Error(string detail, int? offset = null) => new(source, detail, offset: offset ?? Position);
}
