using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Reference;
using FocalNet.Graph.Tests.Support;
using FocalNet.Tests.Shared;

namespace FocalNet.Model.Tests;

/// <summary>The loss and its gradient on given pictures.</summary>
public class LossTests
{
    [Theory]
    [InlineData("32x32")]
    [InlineData("36x44")]
    public void Loss_parts_and_gradients_are_those_of_the_reference(string size)
    {
        GoldenFile data = GoldenData.Tensors("loss/loss");
        var net = new NetworkBuilder("Loss", NetworkMode.Training);
        Tensor[] restored = [Input(net, data, $"{size}.pred0"), Input(net, data, $"{size}.pred1"), Input(net, data, $"{size}.pred2")];
        Tensor target = Input(net, data, $"{size}.target");
        Tensor loss = Losses.MultiScale(net, new PicturePyramid(restored[2], restored[1], restored[0]), target);
        Tensor[] gradients = net.Gradients(loss, restored);
        for (int i = 0; i < 3; i++)
            net.Output($"gradient{i}", gradients[i]);
        net.Output("half", target.Resample(ResampleKind.BilinearHalf));
        net.Output("quarter", target.Resample(ResampleKind.BilinearQuarter));
        (Tensor real, Tensor imaginary) = restored[1].FourierTransform();
        net.Output("real", real);
        net.Output("imaginary", imaginary);

        var interpreter = new Interpreter(net.Build());
        foreach (string name in (string[])["pred0", "pred1", "pred2", "target"])
            interpreter.SetInput($"{size}.{name}", data[$"{size}.{name}"].ToTensor());
        IReadOnlyDictionary<string, ReferenceTensor> outputs = interpreter.Run(default);

        Comparison Same(string output, string golden) => Compare.RelativeToMaximum(output, outputs[output].ToFloats(), data[$"{size}.{golden}"].Values, 2e-7);
        Comparison.RequireAll(
        [
            .. TrainingTests.CompareStep(outputs, GoldenData.Json("loss/loss").GetProperty(size), $"{size} "),
            Same("gradient0", "dloss_dpred0"), Same("gradient1", "dloss_dpred1"), Same("gradient2", "dloss_dpred2"),
            Same("half", "label_half"), Same("quarter", "label_quarter"),
            Same("real", "fft2_pred1_re"), Same("imaginary", "fft2_pred1_im"),
        ]);
    }

    private static Tensor Input(NetworkBuilder net, GoldenFile data, string name)
    {
        int[] shape = data[name].Shape;
        return net.Input(name, shape[0], shape[1], shape[2], shape[3]);
    }
}
