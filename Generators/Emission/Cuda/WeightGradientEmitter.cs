using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>Emits the calls of the templates of weight gradients on tensor cores.</summary>
internal static class WeightGradientEmitter
{
    /// <summary>The gradient of a convolution's weight, and of its bias where the task says so.</summary>
    public static CudaTask Emit(KernelTask task, Func<int, string> parameter)
    {
        Shape weight = task.Group.Anchor!.Shape, dy = task.Operands[1].Shape;
        int outputs = weight.N.Value;
        string element = TensorCoreEmitter.ElementOf(task);
        ConvolutionSettings settings = CudaTaskEmitter.SettingsOf(task.Group.Anchor);
        if (task.HasFewChannels)
            return FewChannels(task, weight, settings, element, parameter);
        WeightGradientTile tile = WeightGradientTile.Of(weight, settings, narrow: element == "bf16");
        string shape = $"GradientShape<{CudaTaskEmitter.Geometry(outputs, weight.C, weight, settings)}>";
        CudaInput read = InputEmitter.Emit(task, 0, element, "x", CudaTaskEmitter.InputExtents(task), parameter);
        bool bias = task.BiasOperand > 0;
        return new CudaTask(
            $"WeightGradient{CudaTaskEmitter.Dimensions(weight)}{(bias ? "Bias" : "")}", read.Structs,
            [
                .. InputEmitter.Emit(task, 1, element, "dy", $"{CudaExtents.Of(dy.H)}, {CudaExtents.Of(dy.W)}", parameter).Lines,
                .. read.Lines,
                $"weight_gradient<GradientTile<{element}, {shape}, {tile.Arguments}>, {Text.Of(task.Chunks)}, {(bias ? "true" : "false")}>(dy, x, {parameter(2)}, {(bias ? parameter(task.BiasOperand) : "nullptr")}, {CudaExtents.Arguments(dy)}, block, dynamic_shared);",
            ],
            CudaExtents.Fixed(task.Chunks * tile.BlocksOf(weight)), tile.SharedBytes, "weight_gradient.cu")
        { MoreTemplates = read.Templates };
    }

    private static CudaTask FewChannels(KernelTask task, Shape weight, ConvolutionSettings settings, string element, Func<int, string> parameter)
    {
        Shape dy = task.Operands[1].Shape;
        FewChannelTile tile = FewChannelTile.Of(weight, settings, narrow: element == "bf16");
        string shape = $"GradientShape<{CudaTaskEmitter.Geometry(weight.N.Value, weight.C, weight, settings)}>", bias = task.BiasOperand > 0 ? parameter(task.BiasOperand) : "nullptr";
        string template = $"FewChannelTile<{element}, {shape}, {tile.Arguments}>, {Text.Of(task.Chunks)}, {(task.BiasOperand > 0 ? "true" : "false")}, {Text.Of(CudaOperand.Of(task.Operands[0]).Pitch)}";
        return new CudaTask(
            $"WeightGradient{CudaTaskEmitter.Dimensions(weight)}{(task.BiasOperand > 0 ? "Bias" : "")}", [],
            [
                .. InputEmitter.Emit(task, 1, element, "dy", $"{CudaExtents.Of(dy.H)}, {CudaExtents.Of(dy.W)}", parameter).Lines,
                $"few_channel_gradient<{template}>(dy, {parameter(0)}, {CudaTaskEmitter.InputExtents(task)}, {parameter(2)}, {bias}, {CudaExtents.Arguments(dy)}, block, dynamic_shared);",
            ],
            CudaExtents.Fixed(task.Chunks * tile.BlocksOf(weight)), tile.SharedBytes, "few_channel_gradient.cu");
    }
}
