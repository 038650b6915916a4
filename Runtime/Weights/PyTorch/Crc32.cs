namespace FocalNet.Runtime.Weights.PyTorch;

/// <summary>The checksum of zip archives (polynomial 0xEDB88320, reflected); the framework's reader does not check it.</summary>
internal static class Crc32
{
    private static readonly uint[] Table = BuildTable();

    internal static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes) crc = Table[(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] BuildTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
            table[i] = crc;
        }
        return table;
    }
}
