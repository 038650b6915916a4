using System.CommandLine;
using FocalNet.Model;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Files;

namespace FocalNet.Trainer.Commands;

/// <summary>Writes weights for other programs: ONNX with the network, or safetensors alone.</summary>
internal static class ExportCommand
{
    public static Command Create(Terminal terminal) => new("export", "Writes a network's weights for other programs. Reads .safetensors, .pkl and .pth, checkpoints of training too.")
    {
        Format(
            "onnx", "An ONNX model with its weights: picture sizes and batch are free, values 0…1.", terminal,
            (path, network, parameters, _, _) => OnnxExport.Write(path, network, parameters)),
        Format(
            "safetensors", "The weights alone, under the names of the published checkpoints.", terminal,
            (path, network, parameters, metadata, storage) => NetworkWeights.Save(path, network, parameters, metadata, storage), StorageOption()),
    };

    private delegate void Writer(string path, NetworkEntry network, float[] parameters, IReadOnlyDictionary<string, string> metadata, WeightStorage storage);

    private static Option<string> StorageOption()
    {
        var option = new Option<string>("--store")
        {
            Description = "Bits of a number: f32; f16, half the size; or f8, a quarter, for all but small tensors (F8_E4M3, which PyTorch reads too).",
            DefaultValueFactory = _ => "f32",
        };
        option.AcceptOnlyFromAmong("f32", "f16", "f8");
        return option;
    }

    private static Command Format(string name, string description, Terminal terminal, Writer write, Option<string>? store = null)
    {
        var network = new Argument<string?>("network") { Description = "The network; not needed where the file says it, or where the weights fit one.", Arity = ArgumentArity.ZeroOrOne };
        var weights = CommonOptions.Weights("The weights. Those of an optimizer in the same file are left out.");
        var output = new Option<string>("--out") { Description = "The file to write.", HelpName = "FILE", Required = true };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replaces a file that is there." };
        weights.Required = true;
        var command = new Command(name, description) { network, weights, output, overwrite };
        if (store is not null)
        {
            command.Add(store);
        }

        command.SetAction(result =>
        {
            var (from, to) = (result.GetValue(weights)!, result.GetValue(output)!);
            RequireTarget(from, to, result.GetValue(overwrite));
            var file = WeightFile.Read(from);
            var entry = NetworkWeights.NetworkOf(file, result.GetValue(network));
            var parameters = NetworkWeights.Flatten(file, entry);
            // What an earlier training noted for going on is of no use without its optimizer.
            var metadata = file.Metadata.Where(note => note.Key is "task" or "step" or "psnr" or "psnrClean" or "preset" or "version").ToDictionary();
            write(to, entry, parameters, metadata, StorageOf(store is null ? null : result.GetValue(store)));
            terminal.Line(FormattableString.Invariant($"{entry.Name}, {parameters.Length:N0} parameters, from {from} ({Describe(file.Format)})"));
            terminal.Line(FormattableString.Invariant($"written   {to} ({new FileInfo(to).Length:N0} bytes)"));
            return ExitCodes.Success;
        });
        return command;
    }

    private static WeightStorage StorageOf(string? text) => text switch
    {
        "f16" => WeightStorage.Float16,
        "f8" => WeightStorage.Float8,
        _ => WeightStorage.Float32,
    };

    private static void RequireTarget(string from, string to, bool overwrite)
    {
        if (string.Equals(FilePaths.Resolve(from), FilePaths.Resolve(to), FilePaths.Comparison))
        {
            throw new UsageException($"'{to}' is the file that is read. Name another with --out.");
        }

        if (!overwrite && (File.Exists(to) || Directory.Exists(to)))
        {
            throw new UsageException($"'{to}' exists already. Name another file with --out, or replace it with --overwrite.");
        }
    }

    private static string Describe(WeightFormat format) => format switch
    {
        WeightFormat.SafeTensors => "safetensors",
        WeightFormat.PyTorchZip => "PyTorch, zip form",
        _ => "PyTorch, legacy form",
    };
}
