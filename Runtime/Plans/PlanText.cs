using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Cuda.Plans;

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
    /// <param name="cuda">The same graph's plans for CUDA devices, if there are any.</param>
    /// <exception cref="FormatException">A line makes no sense: the text was not made by this version's generator.</exception>
    public static ExecutionPlan Parse(ReadOnlySpan<byte> utf8, IReadOnlyList<CpuKernel> kernels, CudaPlanSet? cuda = null)
    {
        var reader = new Reader(kernels);
        reader.ReadAll(utf8);
        return new ExecutionPlan(reader.Layout(), [.. reader.Prepare], [.. reader.Steps]) { Cuda = cuda };
    }

    private sealed class Reader(IReadOnlyList<CpuKernel> kernels) : PlanTextReader
    {
        public List<StepSpec> Prepare { get; } = [];

        public List<StepSpec> Steps { get; } = [];

        protected override void ReadStep(string item, string line) => (item switch
        {
            "prepare" => Prepare,
            "step" => Steps,
            _ => throw new FormatException("Unknown item."),
        }).Add(Step(line.Split(' ', 8)));

        private StepSpec Step(string[] parts) => new(
            kernels[Int(parts[1])],
            Views(parts[2]),
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
    }
}
