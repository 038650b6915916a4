using System.Globalization;
using System.Text;

namespace FocalNet.Runtime.Plans;

/// <summary>The lines that the plan texts of all devices have: memory and names. Steps are each device's own.</summary>
internal abstract class PlanTextReader
{
    private readonly List<ArenaSpec> _arenas = [];
    private readonly List<BufferSpec> _buffers = [];
    private readonly List<BindingSpec> _inputs = [], _outputs = [];
    private readonly List<StateSpec> _states = [];
    private readonly List<ParameterSpec> _parameters = [];
    private string _name = "";
    private int _divisor = 1, _persistent;
    private GradientSpec? _gradient;

    /// <summary>Whether buffer lines name the type of their elements.</summary>
    protected virtual bool HasElementTypes => false;

    /// <summary>What the lines so far say about memory and names.</summary>
    public PlanLayout Layout() => new()
    {
        Name = _name,
        Divisor = _divisor,
        PersistentArena = _persistent,
        Arenas = [.. _arenas],
        Buffers = [.. _buffers],
        Inputs = [.. _inputs],
        Outputs = [.. _outputs],
        States = [.. _states],
        Parameters = [.. _parameters],
        Gradient = _gradient,
    };

    /// <exception cref="FormatException">A line makes no sense.</exception>
    public void ReadAll(ReadOnlySpan<byte> utf8)
    {
        int number = 0;
        foreach (string line in Encoding.UTF8.GetString(utf8).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            number++;
            try
            {
                Read(line);
            }
            catch (Exception exception) when (exception is FormatException or IndexOutOfRangeException or ArgumentException or OverflowException)
            {
                throw new FormatException($"Line {number} of the plan makes no sense: {line} ({exception.Message})", exception);
            }
        }
    }

    /// <summary>Reads a line that is none of memory and names.</summary>
    protected abstract void ReadStep(string item, string line);

    protected static ViewSpec[] Views(string text) => [.. text.Split(';').Select(View)];

    protected static ViewSpec View(string text)
    {
        int colon = text.IndexOf(':');
        return new ViewSpec(Int(text[..colon]), Int(text[(colon + 1)..]));
    }

    protected static ShapeSpec Shape(string text)
    {
        string[] extents = text[1..^1].Split(',');
        return new ShapeSpec(Extent(extents[0]), Int(extents[1]), Extent(extents[2]), Extent(extents[3]));
    }

    protected static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    protected static double Double(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private void Read(string line)
    {
        string item = line[..line.IndexOf(' ')];
        switch (item)
        {
            case "plan":
                string[] plan = line.Split(' ');
                (_name, _divisor, _persistent) = (plan[1], Int(plan[3]), Int(plan[5]));
                break;
            case "arena":
                string[] arena = line.Split(' ');
                _arenas.Add(new ArenaSpec(arena[1].Contains('N'), arena[1].Contains('H'), arena[1].Contains('W'), Long(arena[2])));
                break;
            case "buffer":
                string[] buffer = line.Split(' ', 6);
                _buffers.Add(new BufferSpec(Int(buffer[1]), Long(buffer[2]), Shape(buffer[3]), HasElementTypes ? Element(buffer[4]) : ElementType.Float32));
                break;
            case "input":
                _inputs.Add(Binding(line));
                break;
            case "output":
                _outputs.Add(Binding(line));
                break;
            case "state":
                string[] state = line.Split(' ', 5);
                _states.Add(new StateSpec(state[4], View(state[2]), Shape(state[1]), (float)Double(state[3])));
                break;
            case "gradient":
                string[] gradient = line.Split(' ');
                _gradient = new GradientSpec(Shape(gradient[1]), View(gradient[2]), Int(gradient[3]));
                break;
            case "parameter":
                _parameters.Add(Parameter(line.Split(' ', 7)));
                break;
            default:
                ReadStep(item, line);
                break;
        }
    }

    private static ElementType Element(string text) => text switch
    {
        "float" => ElementType.Float32,
        "bf16" => ElementType.BFloat16,
        _ => throw new FormatException($"There is no element type '{text}': use float or bf16."),
    };

    private static BindingSpec Binding(string line)
    {
        string[] parts = line.Split(' ', 4);
        return new BindingSpec(parts[3], Shape(parts[1]), View(parts[2]));
    }

    private static ParameterSpec Parameter(string[] parts)
    {
        ShapeSpec shape = Shape(parts[3]);
        return new ParameterSpec(
            parts[6], [.. parts[2].Split('x').Select(Int)], [shape.N.Value, shape.C, shape.H.Value, shape.W.Value], Int(parts[1]),
            new InitialValues(Double(parts[4]), Double(parts[5])));
    }

    private static ExtentSpec Extent(string text)
    {
        ExtentSymbol symbol = text[0] switch
        {
            'N' => ExtentSymbol.Images,
            'H' => ExtentSymbol.Height,
            'W' => ExtentSymbol.Width,
            _ => ExtentSymbol.None,
        };
        if (symbol == ExtentSymbol.None)
            return Int(text);
        return new ExtentSpec(symbol, text.Length == 1 ? 1 : Int(text[2..]));
    }
}
