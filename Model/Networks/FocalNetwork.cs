using FocalNet.Graph.Dsl;
using FocalNet.Graph.Ops;

namespace FocalNet.Model;

/// <summary>A picture at three scales.</summary>
/// <param name="Full">[N, 3, H, W].</param>
/// <param name="Half">[N, 3, H/2, W/2].</param>
/// <param name="Quarter">[N, 3, H/4, W/4].</param>
public sealed record PicturePyramid(Tensor Full, Tensor Half, Tensor Quarter);

/// <summary>FocalNet and all its variants, from one declaration.</summary>
public static class FocalNetwork
{
    /// <summary>
    /// Declares a whole network. For inference: input <c>image</c>, output <c>restored</c>. For training also: input
    /// <c>target</c>, the loss and the optimizer (see <see cref="Losses"/> and <see cref="Optimizers"/>).
    /// </summary>
    /// <param name="net">The network.</param>
    /// <param name="options">The variant.</param>
    public static void Declare(NetworkBuilder net, FocalNetOptions options)
    {
        Tensor image = net.Image("image", 3);
        PicturePyramid restored = Forward(net, image, options);
        if (net.IsTraining)
        {
            Tensor target = net.Image("target", 3);
            Tensor loss = Losses.MultiScale(net, restored, target);
            Optimizers.ClippedAdam(net, loss);
        }
        net.Output("restored", restored.Full);
    }

    /// <summary>The forward pass: an encoder and a decoder of three scales, each of which gives a restored picture.</summary>
    /// <param name="net">The network.</param>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="options">The variant.</param>
    public static PicturePyramid Forward(NetworkBuilder net, Tensor image, FocalNetOptions options)
    {
        int width = options.Width, blocks = options.ResidualBlocks;
        bool fineMultiScale = options.MultiScale != MultiScaleStages.None, multiScale = options.MultiScale == MultiScaleStages.All;
        Tensor imageHalf = image.Resample(ResampleKind.NearestHalf);
        Tensor imageQuarter = imageHalf.Resample(ResampleKind.NearestHalf);

        Tensor x = Blocks.BasicConvolution(net, "feat_extract.0", image, width, kernel: 3);
        Tensor skipFull = Blocks.Stage(net, "Encoder.0", x, blocks, fineMultiScale);
        x = Blocks.BasicConvolution(net, "feat_extract.1", skipFull, 2 * width, kernel: 3, stride: 2);
        x = Blocks.FeatureFusion(net, "FAM2", x, Blocks.ShallowFeatures(net, "SCM2", imageHalf, 2 * width));
        Tensor skipHalf = Blocks.Stage(net, "Encoder.1", x, blocks, multiScale);
        x = Blocks.BasicConvolution(net, "feat_extract.2", skipHalf, 4 * width, kernel: 3, stride: 2);
        x = Blocks.FeatureFusion(net, "FAM1", x, Blocks.ShallowFeatures(net, "SCM1", imageQuarter, 4 * width));
        x = Blocks.Stage(net, "Encoder.2", x, blocks, multiScale);

        x = Blocks.DualDomainSelection(net, "pyramid_attentions.0", x, options.Selection);

        x = Blocks.Stage(net, "Decoder.0", x, blocks, multiScale);
        Tensor quarter = RestoredPicture(net, "ConvsOut.0", x, imageQuarter);
        x = Blocks.TransposedConvolution(net, "feat_extract.3", x, 2 * width);
        x = Blocks.BasicConvolution(net, "Convs.0", Tensor.Concat(x, skipHalf), 2 * width, kernel: 1);
        x = Blocks.Stage(net, "Decoder.1", x, blocks, multiScale);
        Tensor half = RestoredPicture(net, "ConvsOut.1", x, imageHalf);
        x = Blocks.TransposedConvolution(net, "feat_extract.4", x, width);
        x = Blocks.BasicConvolution(net, "Convs.1", Tensor.Concat(x, skipFull), width, kernel: 1);
        x = Blocks.Stage(net, "Decoder.2", x, blocks, fineMultiScale);
        Tensor full = RestoredPicture(net, "feat_extract.5", x, image);
        return new PicturePyramid(full, half, quarter);
    }

    // The network predicts what to add to the degraded picture.
    private static Tensor RestoredPicture(NetworkBuilder net, string name, Tensor x, Tensor image) =>
        Blocks.BasicConvolution(net, name, x, 3, kernel: 3, activate: false) + image;
}
