using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace FocalNet.Tests.Cuda;

/// <summary>A shared variable of a module: offset and size in the thread-local block, and the function it belongs to.</summary>
public sealed record SharedVariable(string? Function, string Name, long Offset, long Bytes);

/// <summary>Reads the thread-local symbols of an ELF64 file, which are the shared variables of a module.</summary>
internal static class ElfSymbols
{
    private const int SymbolTable = 2, ThreadLocal = 6, SymbolBytes = 24;

    internal static IReadOnlyList<SharedVariable> SharedVariables(string path)
    {
        var file = File.ReadAllBytes(path).AsSpan();
        var sections = (int)BinaryPrimitives.ReadInt64LittleEndian(file[40..]);
        int sectionBytes = Short(file, 58), count = Short(file, 60);
        var result = new List<SharedVariable>();
        for (var i = 0; i < count; i++)
        {
            var section = file.Slice(sections + i * sectionBytes, sectionBytes);
            if (BinaryPrimitives.ReadInt32LittleEndian(section[4..]) != SymbolTable) continue;
            var names = Contents(file, file.Slice(sections + BinaryPrimitives.ReadInt32LittleEndian(section[40..]) * sectionBytes, sectionBytes));
            var symbols = Contents(file, section);
            for (var at = 0; at < symbols.Length; at += SymbolBytes)
            {
                var symbol = symbols.Slice(at, SymbolBytes);
                if ((symbol[4] & 15) != ThreadLocal) continue;
                var name = names[BinaryPrimitives.ReadInt32LittleEndian(symbol)..];
                result.Add(Describe(
                    Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]),
                    BinaryPrimitives.ReadInt64LittleEndian(symbol[8..]), BinaryPrimitives.ReadInt64LittleEndian(symbol[16..])));
            }
        }
        return [.. result.OrderBy(variable => variable.Offset)];
    }

    private static int Short(ReadOnlySpan<byte> file, int at) => BinaryPrimitives.ReadUInt16LittleEndian(file[at..]);

    private static Span<byte> Contents(Span<byte> file, Span<byte> section)
        => file.Slice((int)BinaryPrimitives.ReadInt64LittleEndian(section[24..]), (int)BinaryPrimitives.ReadInt64LittleEndian(section[32..]));

    // The mangled name of a static local is _ZZ <function> E <name>; of extern "C" functions the first is plainly length and name.
    private static SharedVariable Describe(string symbol, long offset, long bytes)
    {
        if (!symbol.StartsWith("_ZZ", StringComparison.Ordinal)) return new(null, symbol, offset, bytes);
        var (function, rest) = Source(symbol[3..]);
        if (function is not null && rest.StartsWith('E') && Source(rest[1..]).Name is { } name) return new(function, name, offset, bytes);
        return new(null, symbol, offset, bytes);
    }

    private static (string? Name, string Remainder) Source(string mangled)
    {
        var digits = mangled.TakeWhile(char.IsAsciiDigit).Count();
        if (digits == 0 || !int.TryParse(mangled.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var length)) return (null, mangled);
        return digits + length <= mangled.Length ? (mangled.Substring(digits, length), mangled[(digits + length)..]) : (null, mangled);
    }
}
