using System.Globalization;
using System.Text;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Planning;

namespace FocalNet.Model;

/// <summary>
/// What compiling a network decided, as texts for people. The graph is compiled anew, by the same code that the
/// generator runs at build time.
/// </summary>
public sealed class NetworkReports
{
    private static readonly RunExtents Example = new(1, 256, 256);
    private readonly CompiledPlan _plan;
    private readonly CompiledPlan _unfused;

    private NetworkReports(NetworkEntry network, NetworkMode mode)
    {
        NetworkGraph graph = network.Build(mode);
        _plan = NetworkCompiler.Compile(graph);
        _unfused = NetworkCompiler.Compile(graph, fuse: false);
    }

    /// <summary>Reports on a network's inference plan.</summary>
    public static NetworkReports Inference(NetworkEntry network) => new(network, NetworkMode.Inference);

    /// <summary>Reports on a network's training plan.</summary>
    public static NetworkReports Training(NetworkEntry network) => new(network, NetworkMode.Training);

    /// <summary>Kernel launches and bytes moved, fused and with one kernel for each op, for one picture of 256×256.</summary>
    public string Summary
    {
        get
        {
            (long fused, long unfused) = (Bytes(_plan), Bytes(_unfused));
            return string.Create(
                CultureInfo.InvariantCulture,
                $"Fusion: {_plan.Steps.Count} launches instead of {_unfused.Steps.Count} ({_unfused.Steps.Count - _plan.Steps.Count} saved); " +
                $"{fused / 1e6:F1} MB moved instead of {unfused / 1e6:F1} MB ({100.0 * (unfused - fused) / unfused:F0} % saved), for one picture of 256×256.");
        }
    }

    /// <summary>All reports by file name.</summary>
    public IReadOnlyList<(string FileName, string Text)> All =>
    [
        ("summary.txt", Summary + "\n"),
        ("ir.txt", IrPrinter.Print(_plan.Graph)),
        ("fusion.txt", Fusion()),
    ];

    private static long Bytes(CompiledPlan plan) => plan.Steps.Sum(step => StepCost.Of(step, Example).Bytes);

    private string Fusion()
    {
        var text = new StringBuilder();
        foreach (FusionDecision decision in _plan.Fused.Decisions)
            text.Append(CultureInfo.InvariantCulture, $"{(decision.Accepted ? "fused" : "refused")}  %{decision.Node.Id} {decision.Node.Op.Signature}  {decision.Group}  {decision.Reason}\n");
        return text.ToString();
    }
}
