using FocalNet.Cuda.Tests.Support;
using FocalNet.Generators.Emission.Cuda;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// Runs a whole plan under the emulator, launch by launch. Every buffer of the plan is one of the emulator's own, between
/// sentinels and poisoned before each run, so that what leaves a tensor shows; the planned offsets are tested elsewhere.
/// </summary>
internal sealed class EmulatedPlan : IDisposable
{
    private readonly CudaPlanSource _source;
    private readonly Dictionary<string, CudaModule> _modules;
    private readonly Dictionary<PlannedBuffer, CudaBuffer> _buffers = [];
    private readonly Dictionary<PlannedBuffer, CudaBuffer> _kept = [];
    private RunExtents _size;

    public EmulatedPlan(LaunchPlan plan, CudaPlanSource source, Dictionary<string, CudaModule> modules)
    {
        Plan = plan;
        _source = source;
        _modules = modules;
        foreach (PlannedBuffer buffer in plan.Buffers.Where(b => b.Whole is null && b.Arena.Persistent))
            _kept.Add(buffer, CudaBuffer.Uninitialised<float>(buffer.Name, buffer.Shape.Elements(default)));
        foreach (StateBinding state in plan.States)
            WriteState(state.Op.StateName, [.. Enumerable.Repeat((float)state.Op.Initial, state.Op.Shape.ConstantElements)]);
    }

    public LaunchPlan Plan { get; }

    public ulong Seed { get; set; }

    /// <summary>Compiles a plan alone.</summary>
    public static EmulatedPlan Of(LaunchPlan plan, EmulatorBuild build = EmulatorBuild.Fast, int architecture = 90)
    {
        CudaPlanSource source = CudaBackend.EmitPlan(plan);
        return new EmulatedPlan(plan, source, EmittedModules.Compile(source.Kernels, build, architecture));
    }

    /// <summary>Fresh memory for a size: poisoned, but for what outlives a run.</summary>
    public void Bind(RunExtents size)
    {
        _size = size;
        foreach (CudaBuffer buffer in _buffers.Values)
            buffer.Dispose();
        _buffers.Clear();
        foreach (PlannedBuffer buffer in Plan.Buffers.Where(b => b.Whole is null && !b.Arena.Persistent && b.LastStep >= 0))
        {
            string name = $"{buffer.Name} {buffer.Id}";
            long elements = buffer.Shape.Elements(size);
            _buffers.Add(buffer, buffer.Type == ElementType.BFloat16 ? CudaBuffer.Uninitialised<ushort>(name, elements) : CudaBuffer.Uninitialised<float>(name, elements));
        }
    }

    /// <summary>Sets an input, given in the order N, C, H, W.</summary>
    public void SetInput(string name, ReadOnlySpan<float> values)
    {
        Binding binding = Plan.Inputs.First(i => i.Name == name);
        Assert.Equal(0, binding.Place.Channel);
        Assert.Equal(binding.Shape, binding.Place.Buffer.Shape);
        BufferOf(binding.Place.Buffer).Write<float>(ToMemory(binding.Shape, values));
    }

    /// <summary>All parameters, each in the order of its shape in weight files.</summary>
    public void LoadParameters(Func<ParameterOp, float[]> valuesOf)
    {
        var flat = new float[Plan.Graph.ParameterElements];
        foreach (ParameterOp parameter in Plan.Graph.Parameters)
            ToMemory(parameter.Shape, valuesOf(parameter)).CopyTo(flat.AsSpan(parameter.Offset));
        WriteState(StateOp.Parameters, flat);
    }

    public void WriteState(string name, float[] values)
    {
        Place place = Plan.States.First(s => s.Op.StateName == name).Place;
        Assert.Equal(0, place.Channel);
        BufferOf(place.Buffer).Write<float>(values);
    }

    /// <summary>A state in the order of memory.</summary>
    public float[] ReadState(string name) => BufferOf(Plan.States.First(s => s.Op.StateName == name).Place.Buffer).Read<float>();

    /// <summary>An output in the order N, C, H, W.</summary>
    public float[] ReadOutput(string name)
    {
        Binding binding = Plan.Outputs.First(o => o.Name == name);
        return FromMemory(binding.Shape, binding.Place);
    }

    /// <summary>Runs all launches.</summary>
    /// <param name="watch">Is told of each launch after it.</param>
    public void Run(Action<int>? watch = null)
    {
        var inputs = new HashSet<PlannedBuffer>(Plan.Inputs.Select(i => i.Place.Buffer));
        foreach ((PlannedBuffer planned, CudaBuffer buffer) in _buffers)
        {
            if (!inputs.Contains(planned))
                buffer.Poison();
        }
        for (int i = 0; i < Plan.Prepare.Count; i++)
            Launch(i, Plan.Prepare[i], _source.Prepare[i]);
        for (int i = 0; i < Plan.Launches.Count; i++)
        {
            Launch(i, Plan.Launches[i], _source.Launches[i]);
            watch?.Invoke(i);
        }
    }

    private void Launch(int index, Launch launch, CudaLaunchText text)
    {
        (CudaKernelText kernel, string grid) = text;
        object[] operands = [.. launch.Tasks.SelectMany(t => t.Operands).Select(Pointer), _size.N, _size.H, _size.W];
        try
        {
            _modules[kernel.Name].Launch(kernel.Name, GridText.Blocks(grid, _size), CudaKernelText.Threads, kernel.SharedBytes, Seed, operands);
        }
        catch (EmulatorException exception)
        {
            throw new InvalidOperationException($"{Plan.Name}, launch {index} at {_size}: {exception.Message}\n{kernel.Text}", exception);
        }
    }

    private object Pointer(TaskOperand operand)
    {
        PlannedBuffer buffer = operand.Place.Buffer;
        long offset = operand.Place.Channel;
        for (PlannedBuffer part = buffer; part.Whole is not null; part = part.Whole)
            offset += part.OffsetInWhole;
        return BufferOf(buffer.Root).At(offset * (buffer.Root.Type == ElementType.BFloat16 ? 2 : 4));
    }

    private CudaBuffer BufferOf(PlannedBuffer buffer) => buffer.Arena.Persistent ? _kept[buffer] : _buffers[buffer];

    private float[] ToMemory(Shape shape, ReadOnlySpan<float> values)
    {
        int[] e = shape.At(_size);
        var memory = new float[values.Length];
        int i = 0;
        for (int n = 0; n < e[0]; n++)
            for (int c = 0; c < e[1]; c++)
                for (int y = 0; y < e[2]; y++)
                    for (int x = 0; x < e[3]; x++)
                        memory[((n * e[2] + y) * e[3] + x) * e[1] + c] = values[i++];
        return memory;
    }

    private float[] FromMemory(Shape shape, Place place)
    {
        PlannedBuffer root = place.Buffer.Root;
        long start = place.Channel;
        for (PlannedBuffer part = place.Buffer; part.Whole is not null; part = part.Whole)
            start += part.OffsetInWhole;
        CudaBuffer buffer = BufferOf(root);
        float[] memory = root.Type == ElementType.BFloat16 ? Array.ConvertAll(buffer.Read<ushort>(), Bits.FromBrain) : buffer.Read<float>();
        int pitch = place.Buffer.Shape.C, i = 0;
        int[] e = shape.At(_size);
        var values = new float[shape.Elements(_size)];
        for (int n = 0; n < e[0]; n++)
            for (int c = 0; c < e[1]; c++)
                for (int y = 0; y < e[2]; y++)
                    for (int x = 0; x < e[3]; x++)
                        values[i++] = memory[start + ((n * e[2] + y) * e[3] + x) * pitch + c];
        return values;
    }

    public void Dispose()
    {
        foreach (CudaBuffer buffer in _buffers.Values.Concat(_kept.Values))
            buffer.Dispose();
    }
}
