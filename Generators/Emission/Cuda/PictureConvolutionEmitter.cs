using FocalNet.Graph;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>Emits the calls of the template for convolutions that read pictures.</summary>
internal static class PictureConvolutionEmitter
{
    // 18 × 34 pixels of a chunk each, 10 KB: what is computed of a block's 512 pixels waits for no second tile.
    private const int Height = 16, Width = 32, ChunkBytes = 16;

    /// <summary>A convolution that reads a picture, or an adjoint, with packed weights.</summary>
    /// <param name="task">The task.</param>
    /// <param name="parameter">The kernel's parameter for an operand.</param>
    public static CudaTask Emit(KernelTask task, Func<int, string> parameter)
    {
        Shape weight = task.Group.Anchor!.Inputs[1].Shape;
        bool adjoint = task.Group.Anchor.Op is TransposedConvolutionOp;
        int read = adjoint ? weight.N.Value : weight.C, written = adjoint ? weight.C : weight.N.Value;
        string element = TensorCoreEmitter.ElementOf(task);
        CudaInput input = InputEmitter.Emit(task, 0, element, "source", CudaTaskEmitter.InputExtents(task), parameter);
        string tile = $"PictureTile<{element}, {Text.Of(read)}, {Text.Of(written)}, {(adjoint ? "true" : "false")}, {Text.Of(Height)}, {Text.Of(Width)}>";
        return new CudaTask(
            CudaTaskEmitter.Stem(task, weight), input.Structs,
            [
                .. input.Lines,
                $"picture_convolution<{tile}>(source, {parameter(1)}, body, {CudaExtents.Arguments(task.Domain)}, block, dynamic_shared);",
            ],
            CudaExtents.OfTiles(task.Domain, Height, Width), (Height + 2) * (Width + 2) * ChunkBytes, "picture_convolution.cu")
        { MoreTemplates = input.Templates };
    }
}
