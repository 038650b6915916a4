using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;

namespace FocalNet.Graph.Tests;

/// <summary>Every way to declare a graph that can't be built ends in a message that names the op, the shapes and the way out.</summary>
public class ErrorTests
{
    private static readonly Dictionary<string, (Action<NetworkBuilder> Declare, string Message)> Cases = new()
    {
        ["operand count"] = (_ => new UnaryOp(UnaryKind.Exp).Infer([]), "exp takes 1 operand(s), not 0."),
        ["broadcasting"] = (net => _ = net.Image("a", 3) + net.Image("b", 4), "add: the shapes [N,3,H,W] and [N,4,H,W] do not fit: each extent must be equal, or 1 in one of them."),
        ["repeat"] = (_ => new BroadcastOp(Shape.Flat(4)).Infer([Shape.Flat(3)]), "broadcast: [1,3,1,1] can't be repeated to [1,4,1,1]"),
        ["reduction of no axis"] = (net => net.Image("x", 3).Sum(Axes.None), "sum: name at least one axis to reduce."),
        ["slice beyond the end"] = (net => net.Image("x", 3).Slice(2, 2), "slice: channels 2 to 4 of a tensor [N,3,H,W], which has 3."),
        ["slice before the start"] = (net => net.Image("x", 3).Slice(-1, 2), "slice: channels -1 to 1"),
        ["slice of nothing"] = (net => net.Image("x", 3).Slice(1, 0), "slice: channels 1 to 1"),
        ["concat of nothing"] = (_ => Tensor.Concat(), "Concat takes at least one tensor."),
        ["concat of one"] = (_ => new ConcatOp().Infer([Shape.Scalar]), "concat takes at least two tensors."),
        ["concat of two sizes"] = (
            net => { Tensor x = net.Image("x", 3); Tensor.Concat(x, x.Resample(ResampleKind.NearestHalf)); },
            "concat: [N,3,H/2,W/2] can't stand beside [N,3,H,W]: all extents but the channels must be equal."),
        ["pack of nothing"] = (_ => new PackOp().Infer([]), "pack takes at least one tensor."),
        ["pack of a picture"] = (net => new PackOp().Infer([net.Image("x", 3).Node.Shape]), "The shape [N,3,H,W] is known only at run time."),
        ["unpack beyond the end"] = (_ => new UnpackOp(5, Shape.Flat(4)).Infer([Shape.Flat(8)]), "unpack: [1,4,1,1] from element 5 on does not lie within [1,8,1,1]."),
        ["unpack of a picture"] = (net => new UnpackOp(0, Shape.Flat(3)).Infer([net.Image("x", 3).Node.Shape]), "does not lie within [N,3,H,W]"),
        ["convolution channels"] = (net => net.Image("x", 3).Convolution(Weight(net, 8, 4, 3), padding: 1), "conv: the input [N,3,H,W] has 3 channels, the weight [8,4,3,3] takes 4."),
        ["convolution padding"] = (net => net.Image("x", 4).Convolution(Weight(net, 8, 4, 3)), "conv: a 3×3 kernel with stride=1 pad=0 on [N,4,H,W] does not give a whole fraction of the input's size; choose the padding"),
        ["convolution stride"] = (net => net.Image("x", 4).Convolution(Weight(net, 8, 4, 3), stride: 0), "conv: stride and dilation must be at least 1 and padding at least 0, not stride=0 pad=0."),
        ["convolution weight"] = (net => net.Image("x", 4).Convolution(net.Image("w", 4)), "conv: the weight [N,4,H,W] must have a constant shape."),
        ["depthwise weight"] = (net => net.Image("x", 4).Convolution(Weight(net, 4, 4, 3), padding: 1, depthwise: true), "conv: a depthwise weight is [channels, 1, kh, kw], not [4,4,3,3]."),
        ["kernel larger than a constant size"] = (net => net.Input("x", 1, 4, 2, 2).Convolution(Weight(net, 8, 4, 3)), "conv: a 3×3 kernel with stride=1 pad=0 on [1,4,2,2]"),
        ["transposed channels"] = (
            net => net.Image("x", 3).Resample(ResampleKind.NearestHalf).TransposedConvolution(Weight(net, 4, 2, 4), stride: 2, padding: 1),
            "conv-transposed: the input [N,3,H/2,W/2] has 3 channels, the weight [4,2,4,4] takes 4."),
        ["transposed kernel"] = (
            net => net.Image("x", 4).Resample(ResampleKind.NearestHalf).TransposedConvolution(Weight(net, 4, 2, 5), stride: 2, padding: 0),
            "conv-transposed: no convolution with a 5×5 kernel and stride=2 pad=0 takes H×W to the input's H/2×W/2."),
        ["transposed beyond the picture"] = (
            net => net.Image("x", 4).TransposedConvolution(Weight(net, 4, 2, 4), stride: 2, padding: 1),
            "conv-transposed: H × 2 is larger than the picture, for which the IR has no extent."),
        ["weight gradient"] = (
            _ => new ConvolutionWeightGradientOp(new(1, 1, 1, false), 3, 3).Infer([new Shape(1, 2, 4, 4), new Shape(1, 2, 3, 4)]),
            "conv-weight-gradient: no convolution with stride=1 pad=1 takes [1,2,4,4] to [1,2,3,4]."),
        ["resample beyond the picture"] = (net => net.Image("x", 3).Resample(ResampleKind.BilinearDouble), "resample BilinearDouble: [N,3,H,W] would grow beyond the picture's own size"),
        ["resample of an odd size"] = (net => net.Input("x", 1, 3, 4, 5).Resample(ResampleKind.NearestHalf), "resample NearestHalf: the size of [1,3,4,5] is no multiple of 2."),
        ["resample adjoint"] = (_ => new ResampleOp(ResampleKind.BilinearHalf, true, 4, 4).Infer([new Shape(1, 1, 2, 3)]), "resample-adjoint BilinearHalf: [1,1,2,3] is not what 4×4 is resampled to."),
        ["image without channels"] = (net => net.Image("x", 0), "Image 'x': the number of channels must be at least 1, not 0."),
        ["empty input"] = (net => net.Input("x", 1, 2, 0, 1), "Input 'x': every extent must be at least 1."),
        ["nameless input"] = (net => net.Image("", 3), "Inputs, outputs, states and parameters need a name."),
        ["name used twice"] = (net => { net.Image("x", 3); net.Scalar("x"); }, "The name 'x' is used twice."),
        ["parameter declared twice"] = (net => { Weight(net, 1, 1, 1); Weight(net, 1, 1, 1); }, "The parameter 'weight' is declared twice."),
        ["parameter without shape"] = (net => net.Parameter("p", default), "Parameter 'p': the shape needs one to four positive extents, not []."),
        ["parameter of five extents"] = (net => net.Parameter("p", default, 1, 2, 3, 4, 5), "not [1, 2, 3, 4, 5]."),
        ["parameter of negative extent"] = (net => net.Parameter("p", default, 2, -1), "not [2, -1]."),
        ["parameter after the optimizer"] = (
            net => { Weight(net, 1, 1, 1); net.AllParameters(); net.Parameter("late", default, 1); },
            "Parameter 'late' is declared after the optimizer has taken all parameters; declare it before."),
        ["no parameters"] = (net => net.AllParameters(), "The network Broken has no parameters."),
        ["gradient of a picture"] = (net => net.Gradients(net.Image("x", 3)), "Only a single number can be differentiated, not a tensor [N,3,H,W]; reduce it with Sum or Mean first."),
        ["state of a picture"] = (net => net.State("s", net.Image("x", 3), 0), "State 's': its shape [N,3,H,W] is known only at run time; states have constant shapes."),
        ["assignment to no state"] = (net => { Tensor x = net.Scalar("x"); net.Assign(x, x); }, "Only states, and all parameters together, can be assigned."),
        ["assignment of another shape"] = (
            net => net.Assign(net.State("s", net.Constant(0), 0), net.Input("x", 1, 2, 1, 1)),
            "The state 's' is [1,1,1,1]; a tensor [1,2,1,1] can't be assigned to it."),
        ["assigned twice"] = (
            net => { Tensor s = net.State("s", net.Constant(0), 0); net.Assign(s, s + 1); net.Assign(s, s + 2); },
            "The state 's' is assigned twice."),
        ["no output"] = (net => { net.Image("x", 3); net.Build(); }, "The network Broken declares no output."),
        ["tensor of another network"] = (
            net => _ = net.Scalar("x") + new NetworkBuilder("Other", NetworkMode.Inference).Scalar("y"),
            "A tensor of the network Other can't be used in Broken."),
        ["concat with another network"] = (
            net => Tensor.Concat(net.Scalar("x"), new NetworkBuilder("Other", NetworkMode.Inference).Scalar("y")),
            "A tensor of the network Other can't be used in Broken."),
        ["input that was not set"] = (
            net => { net.Output("y", net.Scalar("x")); new Interpreter(net.Build()).Run(default); },
            "The input 'x' of Broken.Training was not set."),
        ["input of another size"] = (
            net =>
            {
                net.Output("y", net.Input("x", 1, 2, 1, 1));
                var interpreter = new Interpreter(net.Build());
                interpreter.SetInput("x", new ReferenceTensor([1, 3, 1, 1]));
                interpreter.Run(default);
            },
            "the value has the extents [1,3,1,1]"),
        ["unknown parameter"] = (
            net => { net.Output("y", net.Scalar("x")); new Interpreter(net.Build()).SetParameter("p", [1]); },
            "The graph Broken.Training has no parameter 'p'."),
        ["parameter values of another size"] = (
            net => { net.Output("y", Weight(net, 1, 2, 1)); new Interpreter(net.Build()).SetParameter("weight", [1, 2, 3]); },
            "3 values do not fill a tensor [1,2,1,1]."),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_refused_with_a_clear_message(string name)
    {
        (Action<NetworkBuilder> declare, string message) = Cases[name];

        var error = Assert.Throws<GraphException>(() => declare(new NetworkBuilder("Broken", NetworkMode.Training)));

        Assert.Contains(message, error.Message);
    }

    [Fact]
    public void A_gradient_rule_of_the_wrong_shape_is_a_bug_that_says_where()
    {
        var builder = new IrBuilder();
        Node x = builder.Emit(new InputOp("x", Shape.Flat(3)));
        Node y = builder.Emit(new WrongGradientOp(), x);

        var error = Assert.Throws<InvalidOperationException>(() => Differentiation.Gradients(builder, builder.SumTo(y, Shape.Scalar), [x]));

        Assert.Contains("has the shape [1,1,1,1]", error.Message);
    }

    private static Tensor Weight(NetworkBuilder net, int outputs, int inputs, int kernel) =>
        net.Parameter("weight", Initializer.Constant(0), outputs, inputs, kernel, kernel);

    private sealed record WrongGradientOp : Op
    {
        public override string Name => "wrong";

        public override Shape Infer(IReadOnlyList<Shape> inputs) => inputs[0];

        public override IReadOnlyList<Node?> Gradient(GradientContext context) => [context.Fill(1)];

        public override ReferenceTensor Evaluate(EvaluationContext context) => context.Inputs[0];

        public override OpCost Cost(IReadOnlyList<Shape> inputs, Shape result, RunExtents run) => OpCost.Free;
    }
}
