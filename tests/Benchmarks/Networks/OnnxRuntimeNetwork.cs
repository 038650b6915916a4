using FocalNet.Model;
using Microsoft.ML.OnnxRuntime;

namespace FocalNet.Benchmarks;

/// <summary>A network in ONNX Runtime: all graph optimisations, tensors of ours as its input and output.</summary>
internal sealed class OnnxRuntimeNetwork : IDisposable
{
    private readonly InferenceSession session;
    private readonly OrtValue input, output;
    private readonly RunOptions run = new();

    private OnnxRuntimeNetwork(NetworkCase what, bool arena, Func<SessionOptions, InferenceSession> open)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = what.Threads, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL, EnableCpuMemArena = arena,
        };
        // Its threads would otherwise spin through our turns.
        options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        session = open(options);
        float[] image = what.Image();
        Restored = new float[image.Length];
        input = OrtValue.CreateTensorValueFromMemory(image, [1, 3, what.Size.Height, what.Size.Width]);
        output = OrtValue.CreateTensorValueFromMemory(Restored, [1, 3, what.Size.Height, what.Size.Width]);
    }

    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>The picture, NCHW.</summary>
    public float[] Restored { get; }

    public static OnnxRuntimeNetwork Create(NetworkCase what) =>
        new(what, arena: true, options => new InferenceSession(OnnxExport.Encode(what.Network, NetworkCase.Weights(what.Network)), options));

    /// <param name="what">Network, size and threads.</param>
    /// <param name="path">The network as a file.</param>
    /// <param name="arena">Whether it keeps memory between operators and runs, as it does unless told otherwise.</param>
    public static OnnxRuntimeNetwork Load(NetworkCase what, string path, bool arena) => new(what, arena, options => new InferenceSession(path, options));

    public void Run() => session.Run(run, ["image"], [input], ["restored"], [output]);

    public void Dispose()
    {
        input.Dispose();
        output.Dispose();
        run.Dispose();
        session.Dispose();
    }
}
