using System.Buffers.Binary;
using System.Text;

namespace FocalNet.Cuda.Tests.Support;

/// <summary>What machine code says of a kernel.</summary>
/// <param name="Name">The kernel.</param>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="LocalBytes">Bytes of a thread's stack: arrays in local memory, and registers that were spilled.</param>
/// <param name="SharedBytes">Static shared memory of a block.</param>
/// <param name="CodeBytes">Size of its instructions.</param>
internal sealed record CubinKernel(string Name, int Registers, int LocalBytes, int SharedBytes, int CodeBytes);

/// <summary>Reads machine code (CUBIN, an ELF64 file), as <c>cuobjdump -res-usage</c> does.</summary>
internal static class Cubin
{
    // Of the sections of type "NVIDIA information": a byte of format, one of attribute, two of size, then pairs of symbol and value.
    private const int NvInfo = 0x70000000, FrameSize = 0x11, RegisterCount = 0x2f, HasValues = 4;
    private const int SymbolTable = 2, SymbolBytes = 24;

    private sealed record Section(string Name, int Type, int Offset, int Size, int Link, int Info);

    /// <summary>The kernels in it.</summary>
    public static IReadOnlyList<CubinKernel> Kernels(byte[] file)
    {
        Section[] sections = Sections(file);
        Section symbols = sections.Single(s => s.Type == SymbolTable);
        var registers = new Dictionary<string, int>();
        var local = new Dictionary<string, int>();
        Section common = sections.Single(s => s.Name == ".nv.info");
        for (int at = common.Offset; at < common.Offset + common.Size;)
        {
            int size = file[at] == HasValues ? BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at + 2)) : 0;
            if (size == 8 && file[at + 1] is FrameSize or RegisterCount)
            {
                string name = SymbolName(file, sections, symbols, BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 4)));
                (file[at + 1] == FrameSize ? local : registers)[name] = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 8));
            }
            at += 4 + size;
        }
        return [.. sections.Where(s => s.Name.StartsWith(".text.", StringComparison.Ordinal)).Select(s =>
        {
            string name = s.Name[".text.".Length..];
            return new CubinKernel(name, registers[name], local[name], sections.FirstOrDefault(o => o.Name == ".nv.shared." + name)?.Size ?? 0, s.Size);
        })];
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
                (int)BinaryPrimitives.ReadInt64LittleEndian(head[32..]), BinaryPrimitives.ReadInt32LittleEndian(head[40..]), BinaryPrimitives.ReadInt32LittleEndian(head[44..]));
        })];
    }

    private static string SymbolName(byte[] file, Section[] sections, Section symbols, int index) =>
        ZeroTerminated(file, sections[symbols.Link].Offset + BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(symbols.Offset + (index * SymbolBytes))));

    private static string ZeroTerminated(byte[] file, int at) => Encoding.ASCII.GetString(file.AsSpan(at, file.AsSpan(at).IndexOf((byte)0)));
}
