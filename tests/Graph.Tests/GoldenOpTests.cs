using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Tests.Support;
using FocalNet.Tests.Shared;

namespace FocalNet.Graph.Tests;

/// <summary>Reference and gradient rules of single layers against those of the reference implementation.</summary>
public class GoldenOpTests
{
    [Theory]
    [InlineData("conv3x3", 1, 1, 1, false)]
    [InlineData("conv3x3_s2", 2, 1, 1, false)]
    [InlineData("conv3x3_s2_odd", 2, 1, 1, false)]
    [InlineData("conv1x1", 1, 0, 1, false)]
    [InlineData("dw5_d2", 1, 4, 2, true)]
    [InlineData("dw7_d3", 1, 9, 3, true)]
    [InlineData("dw3", 1, 1, 1, true)]
    [InlineData("dw2_s2", 2, 0, 1, true)]
    public void Convolution(string op, int stride, int padding, int dilation, bool depthwise) => GoldenOp.Require(op, (net, x) =>
        x[0].Convolution(Parameter(net, $"{op}.param.weight"), stride, padding, dilation, depthwise) + Parameter(net, $"{op}.param.bias"));

    [Fact]
    public void Transposed_convolution() => GoldenOp.Require("convT4_s2", (net, x) =>
        x[0].TransposedConvolution(Parameter(net, "convT4_s2.param.weight"), stride: 2, padding: 1) + Parameter(net, "convT4_s2.param.bias"));

    [Fact]
    public void Instance_norm() => GoldenOp.Require("instance_norm", (net, x) =>
        x[0].InstanceNorm(Parameter(net, "instance_norm.param.weight"), Parameter(net, "instance_norm.param.bias")));

    [Fact]
    public void Gelu() => GoldenOp.Require("gelu", (_, x) => x[0].Gelu());

    [Theory]
    [InlineData("bilinear_up2", ResampleKind.BilinearDouble)]
    [InlineData("bilinear_half", ResampleKind.BilinearHalf)]
    [InlineData("bilinear_quarter", ResampleKind.BilinearQuarter)]
    [InlineData("nearest_half", ResampleKind.NearestHalf)]
    public void Resample(string op, ResampleKind kind) => GoldenOp.Require(op, (_, x) => x[0].Resample(kind));

    [Fact]
    public void Channel_pool() => GoldenOp.Require("channel_pool", (_, x) => Tensor.Concat(x[0].Max(Axes.C), x[0].Mean(Axes.C)));

    private static Tensor Parameter(NetworkBuilder net, string name) =>
        net.Parameter(name, Initializer.Constant(0), GoldenData.Tensors("ops/ops")[name].Shape);
}
