using FocalNet.Graph;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>Emits the calls of the templates for depthwise convolutions in tiles, and for the gradients of their weights.</summary>
internal static class DepthwiseEmitter
{
    // Of a thread that adds products of a row of taps.
    private const int MostSums = 32;

    /// <summary>A convolution or its adjoint.</summary>
    /// <param name="task">The task.</param>
    /// <param name="tile">Its tile.</param>
    /// <param name="staging">What its body has in shared memory.</param>
    /// <param name="stem">For the kernel's name.</param>
    /// <param name="vector">Channels that the body gets at a time.</param>
    /// <param name="parameter">The kernel's parameter for an operand.</param>
    public static CudaTask Convolution(KernelTask task, DepthwiseTile tile, CudaStaging staging, string stem, int vector, Func<int, string> parameter)
    {
        bool byPicture = task.Reduction == TaskReduction.ByPicture, reduces = task.Body.Reductions.Count > 0;
        string adjoint = task.Group.Kind == KernelKind.DepthwiseTransposed ? "true" : "false";
        string operands = $"body, {parameter(0)}, {parameter(1)}", extents = $"{CudaTaskEmitter.InputExtents(task)}, {CudaTaskEmitter.DomainExtents(task)}";
        string call = reduces
            ? $"depthwise_reduce<{tile.Type}, {Text.Of(vector)}, {adjoint}, {Text.Of(task.Chunks)}, {(byPicture ? "true" : "false")}>({operands}, {CudaExtents.Of(task.Domain.N)}, {extents}, block, dynamic_shared);"
            : $"depthwise_map<{tile.Type}, {Text.Of(vector)}, {adjoint}>({operands}, {extents}, block, dynamic_shared);";
        BlockCount blocks = reduces ? tile.Blocks(task.Chunks, byPicture ? task.Domain : null) : tile.Blocks(task.Domain);
        return new CudaTask(stem, [], [$"body.staged = dynamic_shared + {Text.Of(tile.SharedBytes)};", call], blocks, tile.SharedBytes + staging.Bytes, "depthwise_tile.cu");
    }

    /// <summary>The gradient of a weight.</summary>
    public static CudaTask WeightGradient(KernelTask task, Func<int, string> parameter)
    {
        Shape weight = task.Group.Anchor!.Shape;
        CudaOperand x = CudaOperand.Of(task.Operands[0]), dy = CudaOperand.Of(task.Operands[1]);
        string stem = $"DepthwiseWeightGradient{CudaTaskEmitter.Dimensions(weight)}", extents = CudaTaskEmitter.GradientExtents(task), chunks = Text.Of(task.Chunks);
        string operands = $"{parameter(0)}, {parameter(1)}, {parameter(2)}";
        if (DepthwiseTile.Of(task) is { } tile)
        {
            string gradient = $"DepthwiseGradient<{tile.Type}, {dy.Type}, {Text.Of(dy.Pitch)}>";
            return new CudaTask(
                stem, [], [$"depthwise_tile_gradient<{tile.Type}, {gradient}, {chunks}>({operands}, {extents}, block, dynamic_shared);"],
                tile.Blocks(task.Chunks, pictures: null), tile.GradientBytes(dy.Type), "depthwise_gradient.cu");
        }
        // Vectors of 16 bytes, as long as a thread's sums are few.
        int channels = weight.N.Value, vector = x.Type == "bf16" ? 8 : 4;
        while (channels % vector != 0 || (vector > 1 && vector * weight.W.Value > MostSums))
            vector /= 2;
        int groups = channels / vector, lanes = CudaTaskEmitter.LanesOf(groups);
        string taps = CudaTaskEmitter.Taps(weight, CudaTaskEmitter.SettingsOf(task.Group.Anchor));
        string template = $"{Text.Of(vector)}, {Text.Of(channels)}, {taps}, {chunks}, {Text.Of(x.Pitch)}, {Text.Of(x.Alignment)}, {Text.Of(dy.Pitch)}, {Text.Of(dy.Alignment)}";
        return new CudaTask(
            stem, [], [$"depthwise_weight_gradient<{template}>({operands}, {extents}, block, dynamic_shared);"],
            CudaExtents.Fixed(task.Chunks * weight.H.Value * ((groups + lanes - 1) / lanes)), 4 * CudaKernelText.Threads * vector, "depthwise.cu");
    }
}
