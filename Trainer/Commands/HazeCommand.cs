using System.CommandLine;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Scenes;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Restoring;

namespace FocalNet.Trainer.Commands;

/// <summary>Adds haze to pictures, to have something to take it away from again, and a truth to compare with.</summary>
internal static class HazeCommand
{
    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        var inputs = new Argument<string[]>("in") { Description = "Clear pictures, and folders of them.", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>("--out") { Description = "Folder for the hazed pictures, which keep their names.", HelpName = "DIR", Required = true };
        var beta = new Option<float>("--beta") { Description = "Scattering coefficient, per unit of depth.", DefaultValueFactory = _ => 1f };
        var airlight = new Option<float>("--airlight") { Description = "Brightness of the haze, 0 to 1.", DefaultValueFactory = _ => 0.9f };
        var depth = new Option<string?>("--depth") { Description = "A grey picture of the depth, white being 2; without it the ground is assumed to recede towards the top.", HelpName = "FILE" };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace hazed pictures of an earlier time. Inputs are never replaced." };
        var command = new Command("haze", "Adds haze to clear pictures by the scattering model.") { inputs, output, beta, airlight, depth, overwrite };
        command.SetAction(result =>
        {
            var options = new ImageWriteOptions { Overwrite = result.GetValue(overwrite), Inputs = result.GetRequiredValue(inputs) };
            var light = result.GetValue(airlight);
            RequireRange("--beta", result.GetValue(beta), 100f);
            RequireRange("--airlight", light, 1f);
            var haze = new Haze(result.GetValue(beta), light, light, light);
            var items = RestorePlan.Make(result.GetRequiredValue(inputs), result.GetRequiredValue(output));
            Directory.CreateDirectory(result.GetRequiredValue(output));
            foreach (var item in items)
            {
                cancellation.ThrowIfCancellationRequested();
                var clear = ImageFile.Read(item.Input);
                var pixels = haze.Apply(clear.Pixels, DepthOf(clear, result.GetValue(depth)));
                ImageFileWriter.Write(clear.WithPixels(pixels), item.Output, options);
                terminal.Line(item.Output);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static float[] DepthOf(Picture picture, string? map)
    {
        if (map is null)
        {
            return AssumedDepth.Of(picture.Width, picture.Height);
        }

        var depth = ImageFile.Read(map);
        if ((depth.Width, depth.Height) != (picture.Width, picture.Height))
        {
            throw new DataSetException(map, $"the depth is {depth.Width}×{depth.Height}, the picture {picture.Width}×{picture.Height}.", "Give a depth of the picture's size.");
        }

        return AssumedDepth.FromMap(depth);
    }

    private static void RequireRange(string option, float value, float largest)
    {
        if (!(value >= 0f && value <= largest))
        {
            throw new UsageException(FormattableString.Invariant($"{option} takes a number from 0 to {largest}, not {value}."));
        }
    }
}
