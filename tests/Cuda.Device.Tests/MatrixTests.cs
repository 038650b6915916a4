using System.Text;
using FocalNet.Cuda.Device.Tests.Support;
using FocalNet.Cuda.Tests.Emission;
using FocalNet.Generators.Emission.Cuda;
using FocalNet.Generators.Tests.Emission;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Cuda;
using FocalNet.Runtime.Cuda.Plans;
using FocalNet.Runtime.Plans;
using ElementType = FocalNet.Graph.Planning.ElementType;
using ResampleKind = FocalNet.Graph.Ops.ResampleKind;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>
/// Every device × fused and unfused × every precision: the same graphs against the float64 interpreter, outputs and states, two runs in a
/// row with poisoned memory. What does not apply here is skipped by name, and counted at the end of the run.
/// </summary>
public sealed class MatrixTests(ITestOutputHelper output)
{
    /// <summary>Set to all, the matrix takes large graphs too, restoring and training, which takes many minutes: each kernel is a compilation.</summary>
    private const string Variable = "FOCALNET_MATRIX";

    private static readonly RunSize Size = new(2, 12, 20);

    public static TheoryData<string, bool, string> Rows()
    {
        var rows = new TheoryData<string, bool, string>();
        foreach (string device in new[] { "cpu", "emulated", "cuda" })
        {
            foreach (bool fuse in new[] { true, false })
            {
                foreach (string precision in new[] { "fp32", "bf16" })
                    rows.Add(device, fuse, precision);
            }
        }
        return rows;
    }

    /// <summary>Errors are of the largest value of a tensor. Gradients in bfloat16 flip signs of sums that are nearly zero: there the loss is compared.</summary>
    [Theory]
    [MemberData(nameof(Rows))]
    public void Agrees_with_the_interpreter(string device, bool fuse, string precision)
    {
        DeviceUnderTest.RequireRow(device, precision);
        bool narrow = precision == "bf16";
        NetworkGraph[] graphs = Environment.GetEnvironmentVariable(Variable) == "all"
            ? [Small(), OddNetwork.Build(NetworkMode.Inference), OddNetwork.Build(NetworkMode.Training), NetworkCatalog.Find("Tiny").Build(NetworkMode.Inference)]
            : [Small()];
        ExecutionPlan[] plans = device == "cpu"
            ? [.. CompiledGraph.CompileAll([.. graphs.Select(g => (g, fuse))]).Select(c => c.Plan)]
            : [.. graphs.Select(g => CudaPlanOf(g, fuse, narrow ? ElementType.BFloat16 : ElementType.Float32))];
        using IDevice used = device == "cpu"
            ? new CpuDevice(2)
            : DeviceUnderTest.Open(new CudaOptions { Precision = narrow ? CudaPrecision.BFloat16 : CudaPrecision.Fast });
        for (int i = 0; i < graphs.Length; i++)
        {
            bool lossAlone = narrow && graphs[i].Assignments.Count > 0;
            double worst = Check(graphs[i], used.CreateExecutor(plans[i]), narrow ? 2e-2 : 2e-5, lossAlone);
            output.WriteLine(FormattableString.Invariant($"{device}, {(fuse ? "fused" : "unfused")}, {precision}, {graphs[i].Name}: largest error {worst:E1} of the largest value"));
        }
    }

    // Of each kind of kernel one: dense and depthwise, sums and arithmetic on them, resampling; 8 channels are stored as bf16.
    private static NetworkGraph Small()
    {
        var net = new NetworkBuilder("Small", NetworkMode.Inference);
        Tensor image = net.Image("image", 3);
        Tensor features = image.Convolution(net.Parameter("first", Initializer.FanIn(27), 8, 3, 3, 3), padding: 1).Gelu();
        Tensor half = features.Convolution(net.Parameter("half", Initializer.FanIn(4), 8, 1, 2, 2), stride: 2, depthwise: true);
        Tensor normed = half.InstanceNorm(net.Parameter("weight", Initializer.Constant(1), 8), net.Parameter("bias", Initializer.Constant(0), 8));
        Tensor large = normed.Resample(ResampleKind.BilinearDouble) + features;
        net.Output("restored", large.Convolution(net.Parameter("last", Initializer.FanIn(72), 3, 8, 3, 3), padding: 1) + image);
        return net.Build();
    }

    private static ExecutionPlan CudaPlanOf(NetworkGraph graph, bool fuse, ElementType precision)
    {
        CudaPlanSource source = CudaBackend.EmitPlan(LaunchCompiler.Compile(graph, precision, fuse));
        Dictionary<string, byte[]> kernels = source.Kernels.ToDictionary(k => k.Name, k => Encoding.UTF8.GetBytes(k.Text));
        CudaPlan plan = CudaPlanText.Parse(Encoding.UTF8.GetBytes(string.Join("\n", source.Lines)), name => kernels.TryGetValue(name, out byte[]? text) ? () => text : null);
        return new ExecutionPlan
        {
            Name = plan.Name, Divisor = plan.Divisor, Arenas = plan.Arenas, PersistentArena = plan.PersistentArena, Buffers = plan.Buffers, Inputs = plan.Inputs,
            Outputs = plan.Outputs, States = plan.States, Parameters = plan.Parameters, Prepare = [], Steps = [], Cuda = new CudaPlanSet(() => plan, () => plan),
        };
    }

    private static double Check(NetworkGraph graph, IExecutor executor, double tolerance, bool lossAlone)
    {
        using (executor)
        {
            var random = new Random(5);
            var interpreter = new Interpreter(graph);
            var extents = new RunExtents(Size.Images, Size.Height, Size.Width);
            if (executor is CudaExecutor cuda)
                cuda.Poison = true;
            if (executor is CpuExecutor cpu)
                cpu.Poison = true;
            SetParameters(random, interpreter, executor);
            executor.Bind(Size);
            double worst = 0;
            for (int run = 0; run < (lossAlone ? 1 : 2); run++)
            {
                SetInputs(random, graph, interpreter, executor, extents);
                executor.Run();
                foreach ((string name, ReferenceTensor expected) in interpreter.Run(extents).Where(o => !lossAlone || o.Key == "loss"))
                {
                    var actual = new float[expected.Data.Length];
                    executor.GetOutput(name, actual);
                    worst = Math.Max(worst, Compare($"{graph.Name}, output {name} of run {run}", actual, expected.Data, tolerance));
                }
                foreach (StateSpec state in executor.Plan.States.Where(_ => !lossAlone))
                {
                    double[] expected = state.Name == StateOp.Parameters ? interpreter.FlatParameters : interpreter.State(state.Name).Data;
                    var actual = new float[expected.Length];
                    executor.ReadState(state.Name, actual);
                    worst = Math.Max(worst, Compare($"{graph.Name}, state {state.Name} of run {run}", actual, expected, tolerance));
                }
            }
            return worst;
        }
    }

    private static void SetParameters(Random random, Interpreter interpreter, IExecutor executor)
    {
        var all = new List<float>();
        foreach (ParameterSpec parameter in executor.Plan.Parameters)
        {
            float[] values = [.. Enumerable.Range(0, parameter.CheckpointShape.Aggregate(1, (a, b) => a * b))
                .Select(_ => (float)(parameter.Initial.Base + parameter.Initial.Scale * (random.NextDouble() * 2 - 1)))];
            all.AddRange(values);
            interpreter.SetParameter(parameter.Name, [.. values.Select(v => (double)v)]);
        }
        executor.LoadParameters([.. all]);
    }

    private static void SetInputs(Random random, NetworkGraph graph, Interpreter interpreter, IExecutor executor, RunExtents extents)
    {
        foreach (BindingSpec input in executor.Plan.Inputs)
        {
            float[] values = [.. Enumerable.Range(0, checked((int)input.Shape.Elements(Size))).Select(_ => random.NextSingle())];
            executor.SetInput(input.Name, values);
            Shape shape = graph.Nodes.First(n => n.Op is InputOp op && op.InputName == input.Name).Shape;
            interpreter.SetInput(input.Name, new ReferenceTensor(shape.At(extents), [.. values.Select(v => (double)v)]));
        }
    }

    private static double Compare(string what, float[] actual, double[] expected, double tolerance)
    {
        double largest = Math.Max(1e-3, expected.Max(Math.Abs)), worst = actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max() / largest;
        Assert.True(worst <= tolerance, FormattableString.Invariant($"{what}: the largest error is {worst:E1} of the largest value; {tolerance:E1} is allowed."));
        return worst;
    }
}
