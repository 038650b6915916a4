using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Graph.Launches;

/// <summary>
/// Makes one task of four convolutions from a picture (3×3, 1×1, 3×3, 1×1) with the moments of what they compute, and one more of all that
/// becomes of the moments: in place of four convolutions, two reductions and their sums, each waiting for the one before.
/// </summary>
internal sealed class PictureFeatures(Placement placement, PackedWeights packed, ConvolutionChains chains, List<TaskDecision> decisions)
{
    // Of each picture: as many blocks as keep a large device busy, few enough to add.
    private const int Parts = 128;

    // What the tiles of scm.cu hold, and the channels that warps share in whole groups.
    private const int MostChannels = 64, MostWritten = 128, WholeGroups = 64;

    /// <summary>Joins what can be joined.</summary>
    /// <param name="tasks">In an order in which they may run one after another.</param>
    public IReadOnlyList<LaunchTask> Run(IReadOnlyList<LaunchTask> tasks)
    {
        for (int i = 0; i < tasks.Count; i++)
        {
            if (tasks[i] is FinishTask { Epilogue: null, PerPicture: true, Kind: ReduceKind.Sum } mean && Join(tasks, mean) is { } joined)
            {
                tasks = joined;
                decisions.Add(new TaskDecision(mean, true, "four convolutions from a picture give the moments of what they compute, which come together in one task"));
            }
        }
        return tasks;
    }

    private IReadOnlyList<LaunchTask>? Join(IReadOnlyList<LaunchTask> tasks, FinishTask mean)
    {
        if (FeaturesOf(mean.Result) is not { } features || Convolutions(tasks, features) is not { } convolutions)
            return null;
        FinishTask? variance = tasks.OfType<FinishTask>().FirstOrDefault(t => t.Epilogue is not null && t.PerPicture && IsVariance(t.Result, features, mean.Result));
        KernelTask? first = MakerOf(tasks, mean.Operands[0]), second = variance is null ? null : MakerOf(tasks, variance.Operands[0]);
        if (variance is null || first is not { Body: { Stores.Count: 0, Reductions.Count: 1 } } || second is not { Body: { Stores.Count: 0, Reductions.Count: 1 } })
            return null;
        TaskOperand partial = new(new Place(placement.NewBuffer("moments", MomentsOf(features.Shape), persistent: false), 0), MomentsOf(features.Shape), IsWritten: true);
        int[] stores = [.. Enumerable.Range(0, 3).Select(i => ConvolutionChains.StoreOf(convolutions[i], convolutions[i + 1].Group.Anchor!.Inputs[0]))];
        ConvolutionChainTask chain = chains.Chained(ChainKind.PictureFeatures, [.. convolutions.Select(Packed)], stores);
        ChainLink last = chain.Links[3] with { Value = convolutions[3].Body.Stores[ConvolutionChains.StoreOf(convolutions[3], features)].Value };
        chain = chain with { Links = [.. chain.Links.Take(3), last], Operands = [.. chain.Operands, partial], Parts = Parts };
        var moments = new FinishMomentsTask(
            Parts, features.Shape.C, mean.Result, variance.Epilogue!, variance.Result, [partial with { IsWritten = false }, mean.Operands[1], .. variance.Operands.Skip(1)]);
        return InOrder(tasks, [.. convolutions, first, second, variance], convolutions[0], chain, mean, moments);
    }

    // The chain in place of its first convolution, the moments in place of the mean; null where either would come before what it waits for.
    private static IReadOnlyList<LaunchTask>? InOrder(
        IReadOnlyList<LaunchTask> tasks, IReadOnlyList<LaunchTask> gone, LaunchTask first, LaunchTask chain, LaunchTask mean, LaunchTask moments)
    {
        IReadOnlyList<int>[] before = TaskOrder.Dependencies(tasks);
        int[] numbers = [.. gone.Select(t => IndexOf(tasks, t))];
        int at = IndexOf(tasks, first), sum = IndexOf(tasks, mean), variance = numbers[numbers.Length - 1];
        bool early = numbers.Take(4).All(n => before[n].All(b => b < at || numbers.Contains(b))) && before[variance].All(b => b < sum || numbers.Contains(b));
        if (!early)
            return null;
        var result = new List<LaunchTask>();
        for (int i = 0; i < tasks.Count; i++)
        {
            if (i == at)
                result.Add(chain);
            else if (i == sum)
                result.Add(moments);
            else if (!numbers.Contains(i))
                result.Add(tasks[i]);
        }
        return result;
    }

    private static int IndexOf(IReadOnlyList<LaunchTask> tasks, LaunchTask task)
    {
        for (int i = 0; i < tasks.Count; i++)
        {
            if (ReferenceEquals(tasks[i], task))
                return i;
        }
        return -1;
    }

    private static Shape MomentsOf(Shape features) => new(features.N, checked(3 * Parts * features.C), 1, 1);

    // Σ over height and width of x / (height · width); x.
    private static Node? FeaturesOf(Node sum) =>
        sum.Op is ReduceOp { Kind: ReduceKind.Sum, Over: Axes.Spatial } && sum.Inputs[0] is { Op: BinaryOp { Kind: BinaryKind.Multiply } } scaled && IsShare(scaled.Inputs[1], scaled.Shape)
            ? scaled.Inputs[0]
            : null;

    private static bool IsShare(Node node, Shape of) =>
        node.Op is UnaryOp { Kind: UnaryKind.Reciprocal } && node.Inputs[0].Op is SizeOp size && size.Of.N.IsOne && size.Of.C == 1 && size.Of.H == of.H && size.Of.W == of.W;

    // The mean of (x − mean)².
    private static bool IsVariance(Node node, Node x, Node mean) =>
        FeaturesOf(node) is { Op: BinaryOp { Kind: BinaryKind.Multiply } } square && square.Inputs[0] == square.Inputs[1] &&
        square.Inputs[0] is { Op: BinaryOp { Kind: BinaryKind.Subtract } } centred && centred.Inputs[0] == x && centred.Inputs[1] == mean;

    private static KernelTask? MakerOf(IReadOnlyList<LaunchTask> tasks, TaskOperand partial) =>
        tasks.OfType<KernelTask>().FirstOrDefault(t => t.Operands.Any(o => o.IsWritten && o.Place == partial.Place));

    private static IReadOnlyList<KernelTask>? Convolutions(IReadOnlyList<LaunchTask> tasks, Node features)
    {
        var found = new List<KernelTask>();
        Node result = features;
        foreach (int kernel in (int[])[1, 3, 1, 3])
        {
            KernelTask? task = tasks.OfType<KernelTask>().FirstOrDefault(t => ConvolutionChains.StoreOf(t, result) >= 0);
            if (task is null || !Fits(task, kernel, found.Count))
                return null;
            found.Insert(0, task);
            result = task.Group.Anchor!.Inputs[0];
        }
        return found;
    }

    private static bool Fits(KernelTask task, int kernel, int behind)
    {
        if (task.Group is not { Kind: KernelKind.Convolution, Anchor: { Op: ConvolutionOp { Settings: { Stride: 1, Dilation: 1 } settings } } anchor } || task.Body.Reductions.Count > 0)
            return false;
        Shape weight = anchor.Inputs[1].Shape;
        int written = weight.N.Value;
        return anchor.Inputs[1].Op is ParameterOp && weight.H.Value == kernel && weight.W.Value == kernel && settings.Padding == kernel / 2 &&
            (behind == 0 ? written % WholeGroups == 0 && written <= MostWritten : written is 8 or 16 || (written % 32 == 0 && written <= MostChannels)) &&
            (behind == 3 ? weight.C <= 8 : task is { OnTensorCores: true, InputStep: 1, Pieces: null }) &&
            !task.Body.Values.Any(v => v is LoadValue { Operand: 0 });
    }

    // The first may read too few channels to be on tensor cores by itself.
    private KernelTask Packed(KernelTask task)
    {
        if (task.OnTensorCores)
            return task;
        TaskOperand[] operands = [.. task.Operands];
        operands[1] = packed.Of(task.Group.Anchor!, operands[1], []);
        return task with { Operands = operands, OnTensorCores = true };
    }
}
