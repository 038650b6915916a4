using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>Emits the call of the template of weight gradients on tensor cores, and which tile each shape gets.</summary>
internal static class WeightGradientEmitter
{
    /// <summary>The gradient of a convolution's weight, and of its bias where the task says so.</summary>
    public static CudaTask Emit(KernelTask task, Func<int, string> parameter)
    {
        Shape weight = task.Group.Anchor!.Shape, dy = task.Operands[1].Shape;
        int outputs = weight.N.Value;
        string element = TensorCoreEmitter.ElementOf(task);
        ConvolutionSettings settings = CudaTaskEmitter.SettingsOf(task.Group.Anchor);
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
}
