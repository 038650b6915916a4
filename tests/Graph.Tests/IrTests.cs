using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Tests;

/// <summary>Extents, shapes and the text of graphs.</summary>
public class IrTests
{
    private static readonly Extent H = new(Symbol.H, 1);

    [Fact]
    public void A_graph_prints_one_line_a_node()
    {
        var net = new NetworkBuilder("Small", NetworkMode.Training);
        Tensor x = net.Image("x", 4);
        Tensor weight = net.Parameter("w", Initializer.FanIn(4), 8, 4, 3, 3), bias = net.Parameter("b", Initializer.Constant(0.5), 8);
        Tensor y = (x.Convolution(weight, stride: 2, padding: 1) + bias).Slice(2, 4).Resample(ResampleKind.BilinearDouble);
        net.Output("y", y);
        Tensor loss = (y - x).Abs().Sum(Axes.All);
        Tensor count = net.State("count", net.Constant(0), 2.5);
        net.Assign(count, count + loss);

        Assert.Equal(
            """
            graph Small.Training
              %0 = input "x"() : [N,4,H,W]
              %1 = parameter "w" at=0 init=0±0.5() : [8,4,3,3]
              %2 = parameter "b" at=288 init=0.5() : [1,8,1,1]
              %3 = conv stride=2 pad=1(%0, %1) : [N,8,H/2,W/2]
              %4 = add(%3, %2) : [N,8,H/2,W/2]
              %5 = slice 2..6(%4) : [N,4,H/2,W/2]
              %6 = resample BilinearDouble(%5) : [N,4,H,W]
              %7 = subtract(%6, %0) : [N,4,H,W]
              %8 = abs(%7) : [N,4,H,W]
              %9 = sum axes=All(%8) : [1,1,1,1]
              %10 = fill 0() : [1,1,1,1]
              %11 = state "count" init=2.5() : [1,1,1,1]
              %12 = add(%11, %9) : [1,1,1,1]
              output y = %6
              assign %11 = %12

            """,
            IrPrinter.Print(net.Build()), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void The_divisor_of_a_graph_is_the_least_common_multiple_of_its_extents()
    {
        var net = new NetworkBuilder("Divisor", NetworkMode.Inference);
        Tensor x = net.Image("x", 2);
        Tensor three = net.Parameter("w", Initializer.FanIn(18), 2, 2, 3, 3);
        net.Output("a", x.Resample(ResampleKind.BilinearQuarter));
        Assert.Equal(4, net.Build().Divisor);
        net.Output("b", x.Convolution(three, stride: 3));

        Assert.Equal(12, net.Build().Divisor);
        Assert.Equal(36, net.Build().ParameterElements);
    }

    [Fact]
    public void Extents_divide_and_multiply()
    {
        Assert.Equal(new Extent(Symbol.H, 2), H.DividedBy(2));
        Assert.Equal(H, H.DividedBy(4)!.Value.Times(4));
        Assert.Null(H.Times(2));
        Assert.Equal((Extent)3, ((Extent)6).DividedBy(2));
        Assert.Null(((Extent)7).DividedBy(2));
        Assert.Equal((Extent)14, ((Extent)7).Times(2));
        Assert.True(((Extent)1).IsOne);
        Assert.False(H.IsOne);
        Assert.Equal([5, 3, 24, 10], new Shape(new(Symbol.N, 1), 3, H, new(Symbol.W, 2)).At(new RunExtents(5, 24, 20)));
        Assert.Equal(5L * 3 * 24 * 10, new Shape(new(Symbol.N, 1), 3, H, new(Symbol.W, 2)).Elements(new RunExtents(5, 24, 20)));
    }

    [Fact]
    public void Shapes_broadcast_where_extents_are_equal_or_1()
    {
        var picture = new Shape(new(Symbol.N, 1), 3, H, new(Symbol.W, 1));

        Assert.Equal(picture, Shape.Broadcast(picture, Shape.Flat(3)));
        Assert.Equal(picture, Shape.Broadcast(Shape.Scalar, picture));
        Assert.Null(Shape.Broadcast(picture, Shape.Flat(4)));
        Assert.Null(Shape.Broadcast(picture, picture with { H = new Extent(Symbol.H, 2) }));
        Assert.Equal(Axes.N | Axes.Spatial, Shape.Flat(3).BroadcastAxes(picture));
        Assert.Equal(Shape.Flat(3), picture.Reduce(Axes.N | Axes.Spatial));
    }

    [Fact]
    public void A_symbolic_size_survives_only_strides_that_divide_it()
    {
        Assert.Equal(H, new ConvolutionSettings(1, 9, 3, true).Output(H, 7));
        Assert.Equal(new Extent(Symbol.H, 2), new ConvolutionSettings(2, 1, 1, false).Output(H, 3));
        Assert.Equal(new Extent(Symbol.H, 2), new ConvolutionSettings(2, 1, 1, false).Output(H, 4));
        Assert.Null(new ConvolutionSettings(1, 0, 1, false).Output(H, 3));
        Assert.Null(new ConvolutionSettings(2, 2, 1, false).Output(H, 3));
        Assert.Null(new ConvolutionSettings(2, 0, 1, false).Output(H, 4));
    }

    [Fact]
    public void Origins_of_gradients_say_so_once()
    {
        var origin = new Origin("Blocks.Stage", "x + y", false);

        Assert.Equal("Blocks.Stage: x + y", origin.ToString());
        Assert.Equal("gradient of Blocks.Stage: x + y", origin.AsBackward().ToString());
        Assert.Equal(origin.AsBackward(), origin.AsBackward().AsBackward());
        Assert.Equal("", Origin.Unknown.ToString());
    }

    [Fact]
    public void Gradients_carry_the_origin_of_what_they_differentiate()
    {
        var net = new NetworkBuilder("Origin", NetworkMode.Training);
        Tensor p = net.Parameter("p", Initializer.Constant(1), 2);
        net.Origin = new Origin("M", "p.Exp()", false);
        Tensor y = p.Exp();
        net.Origin = new Origin("M", "y.Sum()", false);
        Tensor loss = y.Sum(Axes.All);
        net.Origin = new Origin("M", "gradient", false);
        net.Output("g", net.GradientOfParameters(loss));

        NetworkGraph graph = net.Build();
        Assert.Equal(["M: p.Exp()", "gradient of M: p.Exp()"], graph.Nodes.Where(n => n.Op is UnaryOp or BinaryOp).Select(n => n.Origin.ToString()));
        Assert.Equal("M: gradient", graph.Nodes[^1].Origin.ToString());
    }
}
