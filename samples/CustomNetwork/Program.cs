using System.Globalization;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using FocalNet.Samples.CustomNetwork;

// Teaches the network of MyNetworks.cs to find edges: on random pictures, towards the result of a Laplace filter.
const int Size = 32, Steps = 400;
using var device = new CpuDevice();
using CpuExecutor training = device.CreateExecutor(MyNetworks.EdgesTraining);
var random = new Random(1);
training.LoadParameters(InitialParameters(MyNetworks.EdgesTraining, random));
training.Bind(new RunSize(Images: 1, Size, Size));
var image = new float[Size * Size];
var target = new float[Size * Size];
var loss = new float[1];
float first = 0;
for (int step = 1; step <= Steps; step++)
{
    Edges.NewExample(random, Size, image, target);
    training.SetInput("image", image);
    training.SetInput("target", target);
    training.SetInput("learning_rate", [0.05f]);
    training.Run();
    training.GetOutput("loss", loss);
    if (step == 1)
        first = loss[0];
    if (step == 1 || step % 100 == 0)
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {step}: loss {loss[0]:F4}"));
}

// What was learned goes into the inference plan, which is smaller and faster.
var parameters = new float[FocalNet.Runtime.DeviceLayouts.CheckpointLength(training.Plan.Parameters)];
training.ReadParameters(parameters);
using CpuExecutor inference = device.CreateExecutor(MyNetworks.EdgesInference);
inference.LoadParameters(parameters);
inference.Bind(new RunSize(Images: 1, 64, 48));
inference.SetInput("image", new float[64 * 48]);
inference.Run();
return loss[0] < first / 2 ? 0 : 1;

static float[] InitialParameters(ExecutionPlan plan, Random random) =>
    [.. plan.Parameters.SelectMany(p => Enumerable.Range(0, FocalNet.Runtime.DeviceLayouts.Elements(p))
        .Select(_ => (float)(p.Initial.Base + p.Initial.Scale * (2 * random.NextDouble() - 1))))];
