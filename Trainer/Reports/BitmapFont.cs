using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Reports;

/// <summary>
/// Letters of 5×7 dots for the labels in report pictures. Drawing them here needs no fonts on the machine and
/// gives the same pixels everywhere.
/// </summary>
internal static class BitmapFont
{
    public const int Height = 7;
    private const int Advance = 6;

    // Seven rows from the top, each five bits, the leftmost dot the highest.
    private static readonly Dictionary<char, byte[]> Glyphs = new()
    {
        ['A'] = [14, 17, 17, 31, 17, 17, 17],
        ['B'] = [30, 17, 17, 30, 17, 17, 30],
        ['C'] = [14, 17, 16, 16, 16, 17, 14],
        ['D'] = [30, 17, 17, 17, 17, 17, 30],
        ['E'] = [31, 16, 16, 30, 16, 16, 31],
        ['F'] = [31, 16, 16, 30, 16, 16, 16],
        ['G'] = [14, 17, 16, 23, 17, 17, 15],
        ['H'] = [17, 17, 17, 31, 17, 17, 17],
        ['I'] = [14, 4, 4, 4, 4, 4, 14],
        ['J'] = [7, 2, 2, 2, 2, 18, 12],
        ['K'] = [17, 18, 20, 24, 20, 18, 17],
        ['L'] = [16, 16, 16, 16, 16, 16, 31],
        ['M'] = [17, 27, 21, 21, 17, 17, 17],
        ['N'] = [17, 17, 25, 21, 19, 17, 17],
        ['O'] = [14, 17, 17, 17, 17, 17, 14],
        ['P'] = [30, 17, 17, 30, 16, 16, 16],
        ['Q'] = [14, 17, 17, 17, 21, 18, 13],
        ['R'] = [30, 17, 17, 30, 20, 18, 17],
        ['S'] = [15, 16, 16, 14, 1, 1, 30],
        ['T'] = [31, 4, 4, 4, 4, 4, 4],
        ['U'] = [17, 17, 17, 17, 17, 17, 14],
        ['V'] = [17, 17, 17, 17, 17, 10, 4],
        ['W'] = [17, 17, 17, 21, 21, 21, 10],
        ['X'] = [17, 17, 10, 4, 10, 17, 17],
        ['Y'] = [17, 17, 17, 10, 4, 4, 4],
        ['Z'] = [31, 1, 2, 4, 8, 16, 31],
        ['0'] = [14, 17, 19, 21, 25, 17, 14],
        ['1'] = [4, 12, 4, 4, 4, 4, 14],
        ['2'] = [14, 17, 1, 2, 4, 8, 31],
        ['3'] = [31, 2, 4, 2, 1, 17, 14],
        ['4'] = [2, 6, 10, 18, 31, 2, 2],
        ['5'] = [31, 16, 30, 1, 1, 17, 14],
        ['6'] = [6, 8, 16, 30, 17, 17, 14],
        ['7'] = [31, 1, 2, 4, 8, 8, 8],
        ['8'] = [14, 17, 17, 14, 17, 17, 14],
        ['9'] = [14, 17, 17, 15, 1, 2, 12],
        [' '] = [0, 0, 0, 0, 0, 0, 0],
        ['.'] = [0, 0, 0, 0, 0, 12, 12],
        [','] = [0, 0, 0, 0, 12, 4, 8],
        [':'] = [0, 12, 12, 0, 12, 12, 0],
        ['-'] = [0, 0, 0, 31, 0, 0, 0],
        ['+'] = [0, 4, 4, 31, 4, 4, 0],
        ['/'] = [0, 1, 2, 4, 8, 16, 0],
        ['='] = [0, 0, 31, 0, 31, 0, 0],
        ['('] = [2, 4, 8, 8, 8, 4, 2],
        [')'] = [8, 4, 2, 2, 2, 4, 8],
        ['%'] = [24, 25, 2, 4, 8, 19, 3],
        ['_'] = [0, 0, 0, 0, 0, 0, 31],
        ['?'] = [14, 17, 1, 2, 4, 0, 4],
    };

    public static int WidthOf(string text) => Math.Max(0, text.Length * Advance - 1);

    /// <summary>
    /// Draws a line in white; letters become capitals, and what has no glyph a question mark. What does not
    /// fit is cut off.
    /// </summary>
    public static void Draw(Picture picture, int left, int top, string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var rows = Glyphs.GetValueOrDefault(char.ToUpperInvariant(text[i])) ?? Glyphs['?'];
            for (var dot = 0; dot < 5 * Height; dot++)
            {
                var (x, y) = (left + i * Advance + dot % 5, top + dot / 5);
                if ((rows[dot / 5] >> (4 - dot % 5) & 1) == 0 || x < 0 || y < 0 || x >= picture.Width || y >= picture.Height)
                {
                    continue;
                }

                for (var channel = 0; channel < 3; channel++)
                {
                    picture.Channel(channel)[y * picture.Width + x] = 1f;
                }
            }
        }
    }
}
