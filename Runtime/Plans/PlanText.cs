using System.Globalization;
using System.Text;
using FocalNet.Runtime.Cpu;

namespace FocalNet.Runtime.Plans;

/// <summary>
/// Reads a plan from the text that the generator emits, one item a line. Plans are data: as text they cost the C#
/// compiler one literal and the JIT nothing, and people can read them.
/// </summary>
/// <remarks>
/// <code>
/// plan Tiny.Inference divisor 4 persistent 0
/// arena - 2925792                              flags of N, H, W; size in units
/// buffer 1 0 [N,32,H,W] conv                   arena, offset, shape, what it is
/// input [N,3,H,W] 4:0 image                    shape, view (buffer:channel), name
/// output [N,3,H,W] 9:0 restored
/// state [1,P,1,1] 0:0 0 parameters             shape, view, initial value, name
/// gradient [1,P,1,1] 31:0 412                  shape, view, first step of the optimizer; not in every plan
/// parameter 0 16x16x3x3 [16,16,3,3] 0 0.08 name.weight
/// prepare 3 1:0;2:0 domain input PerThread - name
/// step 7 4:0;2:0;5:16 domain input Fixed Sum@[1,16,1,1]@6:0 name
/// </code>
/// </remarks>
public static class PlanText
{
    /// <summary>Parses a plan.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="kernels">The kernels that steps name by index.</param>
    /// <exception cref="FormatException">A line makes no sense: the text was not made by this version's generator.</exception>
    public static ExecutionPlan Parse(ReadOnlySpan<byte> utf8, IReadOnlyList<CpuKernel> kernels)
    {
        var reader = new Reader(kernels);
        int number = 0;
        foreach (string line in Encoding.UTF8.GetString(utf8).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            number++;
            try
            {
                reader.Read(line);
            }
            catch (Exception exception) when (exception is FormatException or IndexOutOfRangeException or ArgumentException or OverflowException)
            {
                throw new FormatException($"Line {number} of the plan makes no sense: {line}", exception);
            }
        }
        return reader.Plan();
    }

    private sealed class Reader(IReadOnlyList<CpuKernel> kernels)
    {
        private readonly List<ArenaSpec> _arenas = [];
        private readonly List<BufferSpec> _buffers = [];
        private readonly List<BindingSpec> _inputs = [], _outputs = [];
        private readonly List<StateSpec> _states = [];
        private readonly List<ParameterSpec> _parameters = [];
        private readonly List<StepSpec> _prepare = [], _steps = [];
        private string _name = "";
        private int _divisor = 1, _persistent;
        private GradientSpec? _gradient;

        public ExecutionPlan Plan() => new()
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
            Prepare = [.. _prepare],
            Steps = [.. _steps],
            Gradient = _gradient,
        };

        public void Read(string line)
        {
            switch (line[..line.IndexOf(' ')])
            {
                case "plan":
                    string[] plan = line.Split(' ');
                    (_name, _divisor, _persistent) = (plan[1], Int(plan[3]), Int(plan[5]));
                    break;
                case "arena":
                    string[] arena = line.Split(' ');
                    _arenas.Add(new ArenaSpec(arena[1].Contains('N'), arena[1].Contains('H'), arena[1].Contains('W'), long.Parse(arena[2], CultureInfo.InvariantCulture)));
                    break;
                case "buffer":
                    string[] buffer = line.Split(' ', 5);
                    _buffers.Add(new BufferSpec(Int(buffer[1]), long.Parse(buffer[2], CultureInfo.InvariantCulture), Shape(buffer[3])));
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
                case "prepare":
                    _prepare.Add(Step(line.Split(' ', 8)));
                    break;
                case "step":
                    _steps.Add(Step(line.Split(' ', 8)));
                    break;
                default:
                    throw new FormatException("Unknown item.");
            }
        }

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

        private StepSpec Step(string[] parts) => new(
            kernels[Int(parts[1])],
            [.. parts[2].Split(';').Select(View)],
            Shape(parts[3]),
            Shape(parts[4]),
            Enum.Parse<Chunking>(parts[5]),
            parts[6] == "-" ? [] : [.. parts[6].Split(';').Select(Reduction)],
            parts[7]);

        private static ReductionSpec Reduction(string text)
        {
            string[] parts = text.Split('@');
            return new ReductionSpec(Enum.Parse<ReductionKind>(parts[0]), Shape(parts[1]), View(parts[2]));
        }

        private static ViewSpec View(string text)
        {
            int colon = text.IndexOf(':');
            return new ViewSpec(Int(text[..colon]), Int(text[(colon + 1)..]));
        }

        private static ShapeSpec Shape(string text)
        {
            string[] extents = text[1..^1].Split(',');
            return new ShapeSpec(Extent(extents[0]), Int(extents[1]), Extent(extents[2]), Extent(extents[3]));
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

        private static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);

        private static double Double(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }
}
