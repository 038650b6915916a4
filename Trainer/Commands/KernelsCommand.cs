using System.CommandLine;
using FocalNet.Model;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Kernels;
using Spectre.Console;

namespace FocalNet.Trainer.Commands;

/// <summary>Shows what the networks were compiled to.</summary>
internal static class KernelsCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("kernels", "Shows the generated kernels, the plan and the fusion report.")
        {
            List(terminal), Show(terminal), Dump(terminal), Compile(terminal),
        };
        return command;
    }

    private static Command List(Terminal terminal)
    {
        var network = new Argument<string?>("network") { Description = "The network; Tiny if not given.", Arity = ArgumentArity.ZeroOrOne };
        var mode = Mode();
        var target = new Option<KernelTarget>("--target")
        {
            Description = "What the kernels are for: the processor, CUDA devices in float32, or those in bfloat16.", HelpName = "cpu|cuda|bf16", DefaultValueFactory = _ => KernelTarget.Cpu,
        };
        var command = new Command("list", "Lists the kernels of a network with how often each is launched.") { network, mode, target };
        command.SetAction(result =>
        {
            var plan = CompiledKernels.Of(NetworkCatalog.Find(result.GetValue(network) ?? "Tiny"), result.GetValue(mode), result.GetValue(target));
            var table = new Table().Border(TableBorder.Simple);
            table.AddColumn("kernel");
            table.AddColumn(new TableColumn("launches").RightAligned());
            table.AddColumn("first from");
            foreach (var kernel in plan.Kernels)
            {
                table.AddRow(Markup.Escape(kernel.Name), FormattableString.Invariant($"{kernel.Launches}"), Markup.Escape(kernel.FirstOrigin));
            }

            terminal.Write(table);
            terminal.Line(plan.Summary);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Show(Terminal terminal)
    {
        var name = new Argument<string>("name") { Description = "The kernel's name, as 'kernels list' prints it." };
        var network = CommonOptions.Network("The network to look in; all of them if not given.");
        var mode = Mode();
        var templates = new Option<bool>("--templates") { Description = "A CUDA kernel with the templates that it stands on: all that is compiled." };
        var command = new Command("show", "Prints the source of one kernel, of the processor or of CUDA devices.") { name, network, mode, templates };
        command.SetAction(result =>
        {
            var only = result.GetValue(network);
            var kernel = CompiledKernels.Find(result.GetRequiredValue(name), only is null ? NetworkCatalog.All : [NetworkCatalog.Find(only)], result.GetValue(mode), result.GetValue(templates));
            terminal.Line(kernel.Source);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Dump(Terminal terminal)
    {
        var folder = new Argument<string>("dir") { Description = "Folder that receives the files." };
        var network = new Argument<string>("network") { Description = "The network." };
        var command = new Command("dump", "Writes the kernels, the plan and the reports of a network into a folder.") { folder, network };
        command.SetAction(result =>
        {
            var (entry, path) = (NetworkCatalog.Find(result.GetRequiredValue(network)), result.GetRequiredValue(folder));
            foreach (var mode in Enum.GetValues<PlanMode>())
            {
                var plan = CompiledKernels.Of(entry, mode);
                var files = plan.Dump(Path.Combine(path, mode.ToString().ToLowerInvariant()));
                terminal.Line(plan.Summary);
                terminal.Line(FormattableString.Invariant($"{files} files in {Path.Combine(path, mode.ToString().ToLowerInvariant())}"));
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static Command Compile(Terminal terminal)
    {
        var network = new Argument<string?>("network") { Description = "The network; Tiny if not given.", Arity = ArgumentArity.ZeroOrOne };
        var mode = Mode();
        var architecture = new Option<int>("--architecture") { Description = "Compute capability of the device, as one number; it need not be here.", HelpName = "75|80|86|90", DefaultValueFactory = _ => 90 };
        var precision = CommonOptions.Precision();
        var folder = new Option<string?>("--out") { Description = "Folder that receives the machine code, a .cubin for each kernel, as nvdisasm and cuobjdump read it." };
        var command = new Command("compile", "Compiles the CUDA kernels of a network to machine code and shows what they take; needs NVRTC, but no GPU.") { network, mode, architecture, precision, folder };
        command.SetAction(result =>
        {
            var plan = CompiledKernels.Of(NetworkCatalog.Find(result.GetValue(network) ?? "Tiny"), result.GetValue(mode));
            KernelCompilation.Run(plan, result.GetValue(architecture), result.GetValue(precision), result.GetValue(folder), terminal);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Option<PlanMode> Mode() => new("--mode")
    {
        Description = "Inference or training.",
        HelpName = "inference|training",
        DefaultValueFactory = _ => PlanMode.Inference,
    };
}
