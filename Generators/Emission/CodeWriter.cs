using System.Text;

namespace FocalNet.Generators.Emission;

/// <summary>Text with indentation.</summary>
internal sealed class CodeWriter
{
    private readonly StringBuilder _text = new();
    private int _indent;

    /// <summary>A line; an empty one stays empty.</summary>
    public CodeWriter Line(string line = "")
    {
        if (line.Length > 0)
            _text.Append(' ', 4 * _indent).Append(line);
        _text.Append('\n');
        return this;
    }

    /// <summary>An opening brace on its own line.</summary>
    public CodeWriter Open()
    {
        Line("{");
        _indent++;
        return this;
    }

    /// <summary>A closing brace, with what follows it.</summary>
    public CodeWriter Close(string after = "")
    {
        _indent--;
        return Line("}" + after);
    }

    public override string ToString() => _text.ToString();
}
