using System.Text;

namespace FocalNet.Graph.Planning.Reports;

/// <summary>Rows of text in columns, each as wide as its widest cell: numbers to the right, words to the left.</summary>
internal sealed class TextTable(params string[] heads)
{
    private readonly List<string[]> _rows = [heads];

    /// <summary>Adds a row; a cell that is missing stays empty.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>Appends the rows, indented by two spaces, without trailing spaces.</summary>
    public void AppendTo(StringBuilder text)
    {
        int[] widths = [.. heads.Select((_, i) => _rows.Max(r => i < r.Length ? r[i].Length : 0))];
        bool[] numeric = [.. heads.Select((_, i) => _rows.Skip(1).All(r => i >= r.Length || r[i].Length == 0 || IsNumber(r[i])))];
        foreach (string[] row in _rows)
        {
            var line = new StringBuilder();
            for (int i = 0; i < row.Length; i++)
                line.Append("  ").Append(numeric[i] ? row[i].PadLeft(widths[i]) : row[i].PadRight(widths[i]));
            text.Append(line.ToString().TrimEnd()).Append('\n');
        }
    }

    private static bool IsNumber(string cell) => cell.All(c => c is >= '0' and <= '9' or '.' or '-' or '%' or '–');
}
