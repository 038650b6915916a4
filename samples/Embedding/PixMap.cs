using System.Globalization;
using System.Text;

namespace FocalNet.Samples.Embedding;

/// <summary>Binary portable pixmaps (P6) of 8 bits a sample.</summary>
internal static class PixMap
{
    /// <summary>Reads a picture: width, height and samples RGBRGB….</summary>
    /// <exception cref="InvalidDataException">The file is something else.</exception>
    public static (int Width, int Height, byte[] Pixels) Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int position = 0;
        string kind = Word(file, ref position);
        int width = Number(path, file, ref position), height = Number(path, file, ref position), white = Number(path, file, ref position);
        if (kind != "P6" || white != 255 || width < 1 || height < 1 || file.Length - position != 3L * width * height)
            throw new InvalidDataException($"{path} is no binary PPM picture of 8 bits a sample; 'convert IN -depth 8 OUT.ppm' makes one.");
        return (width, height, file[position..]);
    }

    /// <summary>Writes a picture.</summary>
    public static void Write(string path, int width, int height, ReadOnlySpan<byte> pixels)
    {
        string temporary = path + ".tmp";
        using (FileStream file = File.Create(temporary))
        {
            file.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"P6\n{width} {height}\n255\n")));
            file.Write(pixels);
        }
        File.Move(temporary, path, overwrite: true);
    }

    private static int Number(string path, byte[] file, ref int position) =>
        int.TryParse(Word(file, ref position), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new InvalidDataException($"{path} is no PPM picture: its head has no width, height and white.");

    // One white space ends a word; comments run to the end of their line.
    private static string Word(byte[] file, ref int position)
    {
        var word = new StringBuilder();
        for (; position < file.Length && word.Length < 16; position++)
        {
            char next = (char)file[position];
            if (next == '#' && word.Length == 0)
                position = Array.IndexOf(file, (byte)'\n', position) is var end and >= 0 ? end : file.Length;
            else if (!char.IsWhiteSpace(next))
                word.Append(next);
            else if (word.Length > 0)
                break;
        }
        position++;
        return word.ToString();
    }
}
