using System.CommandLine;
using System.Globalization;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Data.Scenes;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Restoring;

namespace FocalNet.Trainer.Commands;

/// <summary>Adds haze, snow or defocus to pictures, to have something to take it away from again, and a truth to compare with.</summary>
internal static class DegradeCommands
{
    // An assumed depth, 0.35 to 2, is of no unit; flakes are in metres, and a few of them of a man's height should fit below the horizon.
    private const float MetresPerAssumedDepth = 6f;

    public static IEnumerable<Command> Create(Terminal terminal, CancellationToken cancellation) =>
        [Haze(terminal, cancellation), Snow(terminal, cancellation), Defocus(terminal, cancellation)];

    private static Command Haze(Terminal terminal, CancellationToken cancellation)
    {
        var beta = Number("--beta", "Scattering coefficient, per unit of depth", 1, 100);
        var airlight = Number("--airlight", "Brightness of the haze, 0 to 1", 0.9f, 1);
        var command = new Frame("haze", "Adds haze to clear pictures by the scattering model.", "hazed", terminal, cancellation) { beta, airlight };
        command.Degrade = (scene, result, _) =>
        {
            var light = result.GetValue(airlight);
            return new Haze(result.GetValue(beta), light, light, light).Apply(scene.Colours, scene.Depth);
        };
        return command;
    }

    private static Command Snow(Terminal terminal, CancellationToken cancellation)
    {
        var amount = Number("--amount", "Share of the picture that flakes would cover if none overlapped", 0.12f, 1);
        var size = Number("--size", "Radius of the largest flakes, in thousandths of the picture's longer side", 12, 100);
        var streak = Number("--streak", "How far flakes fall during the exposure, in their diameters", 1.5f, 50);
        var veil = Number("--veil", "Share of the light that distant snow takes away", 0.15f, 0.99f);
        var seed = CommonOptions.Integer("--seed", "Seed of the flakes. 1 if not given.", 0);
        var command = new Frame("snow", "Adds falling snow to clear pictures.", "snowy", terminal, cancellation) { amount, size, streak, veil, seed };
        command.Degrade = (scene, result, index) =>
        {
            var random = new SeededRandom(result.GetValue(seed) ?? 1, index);
            var metres = scene with { Depth = Array.ConvertAll(scene.Depth, depth => depth * MetresPerAssumedDepth) };
            var drawn = Snowfall.Draw(random, metres);
            var largest = MathF.Max(0.6f, result.GetValue(size) / 1000f * Math.Max(scene.Width, scene.Height));
            return (drawn with
            {
                Coverage = result.GetValue(amount),
                LargestRadius = largest,
                SmallestRadius = MathF.Min(largest, MathF.Max(0.5f, largest / 7f)),
                Streak = result.GetValue(streak),
                Veil = drawn.Veil with { Beta = Data.Degradations.Haze.BetaFor(1f - result.GetValue(veil), metres.Depth) },
            }).Apply(metres, random);
        };
        return command;
    }

    private static Command Defocus(Terminal terminal, CancellationToken cancellation)
    {
        var radius = Number("--radius", "Radius of the blur of what is farthest from the focus, in thousandths of the picture's longer side", 8, 50);
        var focus = Number("--focus", "Where the lens is set to: 0 the nearest, 1 the farthest", 0, 1);
        var blades = CommonOptions.Integer("--blades", "Blades of the lens's opening, 0 for a circle. 7 if not given.", 0);
        var command = new Frame("defocus", "Blurs clear pictures as a lens does that is set to one distance.", "blurred", terminal, cancellation) { radius, focus, blades };
        command.Degrade = (scene, result, index) =>
        {
            var (far, near) = (1f / MathF.Max(scene.Depth.Max(), 1e-3f), 1f / MathF.Max(scene.Depth.Min(), 1e-3f));
            var sharp = near + (far - near) * result.GetValue(focus);
            var largest = result.GetValue(radius) / 1000f * Math.Max(scene.Width, scene.Height);
            return DefocusBlur.Apply(scene, new Lens
            {
                FocusDistance = 1f / sharp,
                Strength = largest / MathF.Max(MathF.Max(sharp - far, near - sharp), 1e-6f),
                LargestRadius = largest,
                Blades = result.GetValue(blades) ?? 7,
                Rotation = 0.3f,
                Roundness = 0.3f,
            });
        };
        return command;
    }

    private static Option<float> Number(string name, string description, float normal, float largest) => new(name)
    {
        Description = FormattableString.Invariant($"{description}. {normal} if not given."),
        HelpName = "X",
        DefaultValueFactory = _ => normal,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= 0f && value <= largest)
            {
                return value;
            }

            result.AddError(FormattableString.Invariant($"{name} takes a number from 0 to {largest}, not '{text}'."));
            return normal;
        },
    };

    /// <summary>What the commands have in common: pictures in, a depth, pictures out.</summary>
    private sealed class Frame : Command
    {
        private readonly Argument<string[]> _inputs = new("in") { Description = "Clear pictures, and folders of them.", Arity = ArgumentArity.OneOrMore };
        private readonly Option<string> _output;
        private readonly Option<string?> _depth = new("--depth")
        {
            Description = "A grey picture of the depth, white being 2; without it the ground is assumed to recede towards the top.", HelpName = "FILE",
        };
        private readonly Option<bool> _overwrite = new("--overwrite") { Description = "Replace pictures of an earlier time. Inputs are never replaced." };

        public Frame(string name, string description, string made, Terminal terminal, CancellationToken cancellation)
            : base(name, description)
        {
            _output = new Option<string>("--out") { Description = $"Folder for the {made} pictures, which keep their names.", HelpName = "DIR", Required = true };
            Add(_inputs);
            Add(_output);
            Add(_depth);
            Add(_overwrite);
            SetAction(result => Run(result, terminal, cancellation));
        }

        /// <summary>Gives the degraded picture of a scene; the number is that of the picture among those named.</summary>
        public Func<Scene, ParseResult, int, float[]> Degrade { get; set; } = (scene, _, _) => scene.Colours;

        private int Run(ParseResult result, Terminal terminal, CancellationToken cancellation)
        {
            var inputs = result.GetRequiredValue(_inputs);
            var options = new ImageWriteOptions { Overwrite = result.GetValue(_overwrite), Inputs = inputs };
            var items = RestorePlan.Make(inputs, result.GetRequiredValue(_output));
            var failed = 0;
            for (var i = 0; i < items.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                try
                {
                    var clear = ImageFile.Read(items[i].Input);
                    var scene = new Scene(clear.Width, clear.Height, clear.Pixels, DepthOf(clear, result.GetValue(_depth)));
                    ImageFileWriter.Write(clear.WithPixels(Degrade(scene, result, i)), items[i].Output, options);
                    terminal.Line(items[i].Output);
                }
                catch (Exception e) when (e is ImageException or DataSetException)
                {
                    failed++;
                    terminal.Error("error: " + e.Message);
                }
            }

            if (failed == 0)
            {
                return ExitCodes.Success;
            }

            terminal.Error(FormattableString.Invariant($"{failed} of {items.Count} pictures failed; see above"));
            return ExitCodes.Failure;
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
    }
}
