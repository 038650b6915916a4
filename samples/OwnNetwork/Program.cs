// Trains a network of one's own for a moment, to undo the underexposure of random ramps, and prints its loss.
using System.Globalization;
using FocalNet.Runtime;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Plans;
using FocalNet.Samples.OwnNetwork;

const int Batch = 4, Side = 32;
var random = new Random(1);
// [README]
using var device = new CpuDevice();
using IExecutor training = device.CreateExecutor(Networks.BrightenTraining);
training.Bind(new RunSize(Batch, Side, Side));
training.LoadParameters(Initial(training.Plan));
// [/README]
var loss = new float[1];
for (int step = 0; step < 400; step++)
{
    (float[] dark, float[] clean) = Ramps();
    training.SetInput("image", dark);
    training.SetInput("target", clean);
    training.SetInput("learning_rate", [0.05f]);
    training.Run();
    training.GetOutput("loss", loss);
    if (step % 100 == 99)
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {step} loss {loss[0]:F4}"));
}

float[] Initial(ExecutionPlan plan) =>
[
    .. from parameter in plan.Parameters
       from _ in Enumerable.Range(0, parameter.CheckpointShape.Aggregate(1, (product, extent) => product * extent))
       select (float)(parameter.Initial.Base + parameter.Initial.Scale * (2 * random.NextDouble() - 1)),
];

(float[] Dark, float[] Clean) Ramps()
{
    var (dark, clean) = (new float[Batch * 3 * Side * Side], new float[Batch * 3 * Side * Side]);
    for (int plane = 0; plane < Batch * 3; plane++)
    {
        var (start, across, down) = (random.NextSingle(), random.NextSingle() - 0.5f, random.NextSingle() - 0.5f);
        for (int i = 0; i < Side * Side; i++)
        {
            float value = start + (across * (i % Side) + down * (i / Side)) / Side;
            (clean[plane * Side * Side + i], dark[plane * Side * Side + i]) = (value, 0.5f * value);
        }
    }
    return (dark, clean);
}
