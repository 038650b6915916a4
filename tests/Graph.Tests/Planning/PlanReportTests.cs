using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;
using FocalNet.Graph.Planning.Reports;
using FocalNet.Graph.Tests.Passes;

namespace FocalNet.Graph.Tests.Planning;

/// <summary>Reports of a network of one convolution, an activation, a residual and a mean, to the letter.</summary>
public sealed class PlanReportTests
{
    private static readonly RunExtents _run = new(2, 256, 512);

    private static readonly NetworkGraph _graph = SmallGraph.Of(g =>
    {
        Node x = g.Image("x", 8);
        Node y = g.Convolution(x, g.Parameter("c.weight", new Shape(8, 8, 3, 3)), 1);
        y = g.Ir.Add(y, g.Parameter("c.bias", Shape.Flat(8)));
        y = g.Ir.Add(x, g.Unary(UnaryKind.Erf, y));
        Node mean = g.Ir.Divide(g.Reduce(ReduceKind.Sum, Axes.Spatial, y), g.Ir.Emit(new SizeOp(SmallGraph.Picture(1) with { N = 1 })));
        g.Ir.Origin = new Origin("Sample.Centre", "x - mean", false);
        g.Output(g.Binary(BinaryKind.Subtract, y, mean));
        Node s = g.State("count", Shape.Scalar);
        g.Assign(s, g.Ir.Add(s, g.Ir.Add(g.Ir.Fill(1), g.Ir.Fill(0))));
    });

    private static readonly CompiledPlan _plan = NetworkCompiler.Compile(_graph), _unfused = NetworkCompiler.Compile(_graph, fuse: false);

    [Fact]
    public void Summary() => Check(
        """
        g for N=2 H=256 W=512 (H and W must be multiples of 1)
          inputs      x [N,8,H,W]
          outputs     y0 [N,8,H,W]
          states      parameters [1,584,1,1], count [1,1,1,1]
          parameters  584 in 2 tensors
          kernels     5 a run, 1 when parameters change
          arithmetic  0.352 GFLOP, 0.151 GMAC of it in convolutions and transforms
          traffic     25.168 MB read, 16.777 MB written
          memory      16.777 MB for activations, 0.005 MB kept between runs
        """,
        PlanReport.Summary(_plan, _run));

    [Fact]
    public void Fusion() => Check(
        """
        g: fusion for N=2 H=256 W=512
                        fused  one kernel per op  fused / unfused
          kernels           5                  8            62.5%
          MB read      25.168             58.723            42.9%
          MB written   16.777             41.943            40.0%
          MFLOP       352.322            352.322           100.0%
          MB memory    16.777             25.166            66.7%
        kernels by kind:
          kind         kernels  ops    MFLOP  MB read  MB written
          Convolution        1    4  348.127    8.391       8.389
          Map                3    3    2.097    8.389       8.389
          Reduce             1    1    2.097    8.389       0.000
        values: 5 go to memory, 3 stay in registers, of which 0 are computed again in other kernels; 0 are views, 0 copies
        3 times a node joined the kernel of an operand:
          times  node  kernel       reason                                    first
              2  add   Convolution  computes an operand over the same domain  %4 [N,8,H,W], k0 [N,8,H,W]
              1  erf   Convolution  computes an operand over the same domain  %5 [N,8,H,W], k0 [N,8,H,W]
        4 times it could not:
          times  node      kernel       reason                                                            first
              1  divide    Map          the domain is not the kernel's                                    %9 [N,8,1,1], k1 [N,8,H,W]
              1  subtract  Map          the domain is not the kernel's                                    %10 [N,8,H,W], k2 [N,8,1,1]
              1  subtract  Convolution  its operand from another kernel needs this kernel's result first  %10 [N,8,H,W], k0 [N,8,H,W]
              1  sum       Convolution  a tiled kernel can't reduce in its body                           %7 [N,8,1,1], k0 [N,8,H,W]
        """,
        PlanReport.Fusion(_plan, _unfused, _run));

    [Fact]
    public void Memory() => Check(
        """
        g: memory for N=2 H=256 W=512
          arena       buffers  units     bytes  largest live set  more than it  bytes without reuse
          persistent        3   1184      4736              4736          0.0%                 4736
          N·H·W             3     16  16777216          16777216          0.0%             25165824
          N                 2     16       128               128          0.0%                  128
        persistent:
          offset  bytes  steps   buffer        shape
               0   2336  always  0 parameters  [1,584,1,1]  2 parts
            2368   2304  always  6 packed      [1,576,1,1]
            4672      4  always  4 count       [1,1,1,1]
        N·H·W:
           offset    bytes  steps     buffer      shape
                0  8388608  input–0   1 x         [N,8,H,W]
                0  8388608  3–output  9 subtract  [N,8,H,W]
          8388608  8388608  0–3       5 add       [N,8,H,W]
        N:
          offset  bytes  steps  buffer    shape
               0     64    1–2  7 sum     [N,8,1,1]
              64     64    2–3  8 divide  [N,8,1,1]
        """,
        PlanReport.Memory(_plan, _run));

    [Fact]
    public void Steps() => Check(
        """
        g: steps for N=2 H=256 W=512
        when parameters change:
          step  kind        op           shape      ops fused  MFLOP  MB read  MB written  declared by
          p0    PackWeight  pack-weight  [8,8,3,3]          1  0.000    0.002       0.002
        every run:
          step  kind         op                   shape      ops fused    MFLOP  MB read  MB written  declared by
             0  Convolution  conv stride=1 pad=1  [N,8,H,W]          4  348.127    8.391       8.389  c.weight
             1  Reduce       map                  [N,8,H,W]          1    2.097    8.389       0.000
             2  Map          map                  [N,8,1,1]          1    0.000    0.000       0.000
             3  Map          map                  [N,8,H,W]          1    2.097    8.389       8.389  Sample.Centre: x - mean
             4  Map          map                  [1,1,1,1]          1    0.000    0.000       0.000  Sample.Centre: x - mean
        """,
        PlanReport.Steps(_plan, _run));

    [Fact]
    public void Passes() => Check(
        """
        g: passes
          pass                 before  after
          fold-constants           16     16
          merge-equal-nodes        16     15
          eliminate-dead-code      15     14
          and copies for what must lie at a given place: 14 nodes
        """,
        PlanReport.Passes(_plan));

    [Fact]
    public void Passes_with_times()
    {
        long time = 0;
        Check(
            """
            g: passes
              pass                 before  after     ms
              fold-constants           16     16  1.500
              merge-equal-nodes        16     15  1.500
              eliminate-dead-code      15     14  1.500
              and copies for what must lie at a given place: 14 nodes
            """,
            PlanReport.Passes(NetworkCompiler.Compile(_graph, clock: () => time += 15), ticksPerMillisecond: 10));
    }

    [Fact]
    public void Ir_is_the_graph_after_all_passes()
    {
        Assert.Equal(IrPrinter.Print(_plan.Graph), PlanReport.Ir(_plan));
        Assert.DoesNotContain("fill 0", PlanReport.Ir(_plan), StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_do_not_depend_on_the_culture()
    {
        string expected = PlanReport.Summary(_plan, _run) + PlanReport.Fusion(_plan, _unfused, _run) + PlanReport.Steps(_plan, _run);
        System.Globalization.CultureInfo culture = System.Globalization.CultureInfo.CurrentCulture;
        try
        {
            var comma = (System.Globalization.CultureInfo)System.Globalization.CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            System.Globalization.CultureInfo.CurrentCulture = comma;
            Assert.Equal(expected, PlanReport.Summary(_plan, _run) + PlanReport.Fusion(_plan, _unfused, _run) + PlanReport.Steps(_plan, _run));
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = culture;
        }
    }

    private static void Check(string expected, string actual) => Assert.Equal(expected + "\n", actual);
}
