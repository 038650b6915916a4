using System.Buffers.Binary;
using System.Text;

namespace FocalNet.Runtime.Cuda.Compilation;

/// <summary>Reads machine code (CUBIN, an ELF64 file), as <c>cuobjdump -res-usage</c> does.</summary>
internal static class Cubin
{
    // Of the sections of type "NVIDIA information": a byte of format, one of attribute, two of size, then pairs of symbol and value.
    private const int NvInfo = 0x70000000, FrameSize = 0x11, RegisterCount = 0x2f, HasValues = 4;
    private const int SymbolTable = 2, SymbolBytes = 24;

    private sealed record Section(string Name, int Type, int Offset, int Size, int Link);

    /// <summary>What the file says of a kernel in it.</summary>
    /// <exception cref="FormatException">The file has no kernel of that name, or is no machine code as NVRTC writes it.</exception>
    public static MachineCode Read(byte[] file, string kernel)
    {
        try
        {
            Section[] sections = Sections(file);
            Section symbols = sections.Single(s => s.Type == SymbolTable), info = sections.Single(s => s.Name == ".nv.info"), code = sections.Single(s => s.Name == ".text." + kernel);
            int registers = 0, local = 0;
            for (int at = info.Offset; at < info.Offset + info.Size;)
            {
                int size = file[at] == HasValues ? BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at + 2)) : 0;
                if (size == 8 && SymbolName(file, sections, symbols, BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 4))) == kernel)
                {
                    int value = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 8));
                    registers = file[at + 1] == RegisterCount ? value : registers;
                    local = file[at + 1] == FrameSize ? value : local;
                }
                at += 4 + size;
            }
            return new MachineCode(kernel, file, registers, local, code.Size);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            throw new FormatException($"This is no machine code of {kernel} as NVRTC writes it.", exception);
        }
    }

    private static Section[] Sections(byte[] file)
    {
        int start = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(40)), bytes = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(58));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(60)), names = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(62));
        int text = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(start + (names * bytes) + 24));
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            ReadOnlySpan<byte> head = file.AsSpan(start + (i * bytes), bytes);
            return new Section(
                ZeroTerminated(file, text + BinaryPrimitives.ReadInt32LittleEndian(head)), BinaryPrimitives.ReadInt32LittleEndian(head[4..]), (int)BinaryPrimitives.ReadInt64LittleEndian(head[24..]),
                (int)BinaryPrimitives.ReadInt64LittleEndian(head[32..]), BinaryPrimitives.ReadInt32LittleEndian(head[40..]));
        })];
    }

    private static string SymbolName(byte[] file, Section[] sections, Section symbols, int index) =>
        ZeroTerminated(file, sections[symbols.Link].Offset + BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(symbols.Offset + (index * SymbolBytes))));

    private static string ZeroTerminated(byte[] file, int at) => Encoding.ASCII.GetString(file.AsSpan(at, file.AsSpan(at).IndexOf((byte)0)));
}
