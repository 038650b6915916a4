using System.Diagnostics;
using FocalNet.Model;
using FocalNet.Runtime.Cuda;
using FocalNet.Runtime.Cuda.Compilation;
using FocalNet.Runtime.Plans;
using FocalNet.Runtime.Weights;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>A workload on the device, with random weights and random pictures, the same every time.</summary>
internal sealed class OpenWorkload : IDisposable
{
    private readonly Workload workload;
    private readonly NetworkEntry network;
    private readonly CudaDevice device;
    private readonly CudaExecutor executor;
    private readonly float[] parameters;

    public OpenWorkload(Workload workload)
    {
        this.workload = workload;
        network = NetworkCatalog.Find(workload.Network);
        parameters = NetworkWeights.Initial(network, seed: 1);
        CudaPrecision precision = workload.Precision switch { "strict" => CudaPrecision.Strict, "bf16" => CudaPrecision.BFloat16, _ => CudaPrecision.Fast };
        long start = Stopwatch.GetTimestamp();
        device = new CudaDevice(0, new CudaOptions { Precision = precision });
        try
        {
            executor = device.CreateExecutor(workload.IsTraining ? NetworkPlans.Training(network) : NetworkPlans.Inference(network));
            double ready = Stopwatch.GetElapsedTime(start).TotalSeconds;
            executor.LoadParameters(parameters);
            executor.Bind(new RunSize(workload.Images, workload.Height, workload.Width));
            foreach (BindingSpec input in executor.Plan.Inputs)
                executor.SetInput(input.Name, Values(input));
            executor.Prepare();
            Facts = new WorkloadFacts(device.Description, executor.Plan.Steps.Length, executor.RequiredBytes(executor.Size), ready, [.. device.Kernels.Select(FactsOf)]);
        }
        catch
        {
            executor?.Dispose();
            device.Dispose();
            throw;
        }
    }

    /// <summary>What is to be known beside times.</summary>
    public WorkloadFacts Facts { get; }

    /// <summary>Milliseconds of each of so many runs, by the device's clock.</summary>
    public float[] Time(int runs) => executor.Time(runs);

    /// <summary>One run from fresh weights; then weights, inputs and outputs as safetensors files, for the peer to compare with.</summary>
    public void Write(string folder)
    {
        executor.LoadParameters(parameters);
        foreach (StateSpec state in executor.Plan.States.Where(s => s.Name != "parameters"))
            executor.WriteState(state.Name, Enumerable.Repeat(state.Initial, checked((int)state.Shape.Elements(default))).ToArray());
        executor.Run();
        Directory.CreateDirectory(folder);
        NetworkWeights.Save(Path.Combine(folder, "weights.safetensors"), network, parameters);
        WeightFile.Write(Path.Combine(folder, "inputs.safetensors"), [.. executor.Plan.Inputs.Select(input => new TensorData(input.Name, Shape(input), Values(input)))]);
        WeightFile.Write(Path.Combine(folder, "outputs.safetensors"), [.. executor.Plan.Outputs.Select(output =>
        {
            var values = new float[output.Shape.Elements(executor.Size)];
            executor.GetOutput(output.Name, values);
            return new TensorData(output.Name, Shape(output), values);
        })]);
    }

    public void Dispose()
    {
        executor.Dispose();
        device.Dispose();
    }

    private static KernelFacts FactsOf(KernelReport k) => new(k.Name, k.Seconds, k.FromCache, k.Registers, k.LocalBytes, k.StaticSharedBytes);

    private int[] Shape(BindingSpec binding) =>
        [binding.Shape.N.At(executor.Size), binding.Shape.C, binding.Shape.H.At(executor.Size), binding.Shape.W.At(executor.Size)];

    // Noise, never zeros, on which kernels can be faster; numbers of the optimizer are those of the published training.
    private float[] Values(BindingSpec input)
    {
        var values = new float[input.Shape.Elements(executor.Size)];
        if (values.Length == 1)
        {
            values[0] = input.Name == "clip" ? 1e-3f : 8e-4f;
            return values;
        }
        var random = new Random(input.Name == "image" ? 1 : 2);
        for (int i = 0; i < values.Length; i++)
            values[i] = random.NextSingle();
        return values;
    }
}
