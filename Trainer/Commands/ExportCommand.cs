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
            (path, network, parameters, _) => OnnxExport.Write(path, network, parameters)),
        Format(
            "safetensors", "The weights alone, float32, under the names of the published checkpoints.", terminal,
            (path, network, parameters, metadata) => NetworkWeights.Save(path, network, parameters, metadata)),
    };

    private delegate void Writer(string path, NetworkEntry network, float[] parameters, IReadOnlyDictionary<string, string> metadata);

    private static Command Format(string name, string description, Terminal terminal, Writer write)
    {
        var network = new Argument<string?>("network") { Description = "The network; not needed where the file says it, or where the weights fit one.", Arity = ArgumentArity.ZeroOrOne };
        var weights = CommonOptions.Weights("The weights. Those of an optimizer in the same file are left out.");
        var output = new Option<string>("--out") { Description = "The file to write.", HelpName = "FILE", Required = true };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replaces a file that is there." };
        weights.Required = true;
        var command = new Command(name, description) { network, weights, output, overwrite };
        command.SetAction(result =>
        {
            var (from, to) = (result.GetValue(weights)!, result.GetValue(output)!);
            RequireTarget(from, to, result.GetValue(overwrite));
            var file = WeightFile.Read(from);
            var entry = NetworkWeights.NetworkOf(file, result.GetValue(network));
            var parameters = NetworkWeights.Flatten(file, entry);
            // What an earlier training noted for going on is of no use without its optimizer.
            var metadata = file.Metadata.Where(note => note.Key is "task" or "step" or "psnr" or "version").ToDictionary();
            write(to, entry, parameters, metadata);
            terminal.Line(FormattableString.Invariant($"{entry.Name}, {parameters.Length:N0} parameters, from {from} ({Describe(file.Format)})"));
            terminal.Line(FormattableString.Invariant($"written   {to} ({new FileInfo(to).Length:N0} bytes)"));
            return ExitCodes.Success;
        });
        return command;
    }

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
