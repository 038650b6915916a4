using System.CommandLine;
using FocalNet.Model;
using FocalNet.Runtime;
using FocalNet.Trainer.Display;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Reports;
using FocalNet.Trainer.Restoring;
using FocalNet.Trainer.Tasks;

namespace FocalNet.Trainer.Commands;

/// <summary>Restores picture files, folders, patterns of names, and what comes from standard input.</summary>
internal static class RestoreCommand
{
    /// <summary>Folder of <c>--compare</c> within the output folder.</summary>
    public const string ComparisonFolder = "_compare";

    private const string StandardInput = "-";

    public static Command Create(Terminal terminal, CancellationToken cancellation)
    {
        var options = new Options();
        var command = new Command("restore", "Restores pictures, whole folders, and video frames.");
        options.AddTo(command);
        command.SetAction(result =>
        {
            var request = options.Read(result);
            if (request.Raw is not null || request.Inputs is [StandardInput])
            {
                return RunStream(request, terminal.OnErrorStream(), cancellation);
            }

            return Run(request, terminal, cancellation);
        });
        return command;
    }

    private static int Run(RestoreRequest request, Terminal terminal, CancellationToken cancellation)
    {
        if (request.Output is null || request.Inputs.Contains(StandardInput))
        {
            throw new UsageException("restore needs --out DIR, a folder for the restored pictures; only '-' alone, standard input, is restored to standard output.");
        }

        var items = RestorePlan.Make(request.Inputs, request.Output, request.Format);
        // Whoever reads lines of JSON has no use for others between them.
        var messages = request.Json ? terminal.OnErrorStream() : terminal;
        using var opened = Open(request, messages, cancellation);
        var page = request.Compare ? new ComparisonPage(Path.Combine(request.Output, ComparisonFolder), request.Output) : null;
        var settings = request.Settings with { OnResult = page is null ? null : page.Add };
        var summary = default(RestoreSummary);
        RestoreSummary Job(IRestoreObserver observer) => new RestoreJob(opened.Restorer, items, settings, observer, Failures.IsExpected).Run(cancellation);
        if (request.Json)
        {
            summary = Job(new RestoreJson(line => terminal.Line(line)));
        }
        else
        {
            terminal.WithProgress(display => summary = Job(new RestoreText(display)));
        }

        page?.Write();
        return Report(summary, items.Count, request.Output, page, messages);
    }

    private static int Report(RestoreSummary summary, int count, string output, ComparisonPage? page, Terminal messages)
    {
        messages.Line(FormattableString.Invariant($"{summary.Restored} of {count} pictures restored into {output}"));
        if (page is not null)
        {
            messages.Line($"compare   {page.PagePath}");
        }

        if (summary.Failed == 0)
        {
            return ExitCodes.Success;
        }

        messages.Error(FormattableString.Invariant($"{summary.Failed} of {count} pictures failed; see above"));
        return ExitCodes.Failure;
    }

    private static int RunStream(RestoreRequest request, Terminal messages, CancellationToken cancellation)
    {
        if (request.Output is not null || request.Compare || request.Inputs is not [StandardInput])
        {
            throw new UsageException($"With {(request.Raw is null ? "'-'" : "--raw")} the input is standard input alone ('-') and the output standard output, without --out and --compare.");
        }

        using var opened = Open(request, messages, cancellation);
        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        if (request.Raw is { } format)
        {
            opened.Restorer.MemoryBudget = request.Settings.Memory is { } limit ? Math.Max(1, limit - RestoreMemory.ProgramBytes) : null;
            var display = new PlainProgress(messages, TimeProvider.System);
            var frames = RawFrames.Restore(
                opened.Restorer, format, input, output, n => display.Update(FormattableString.Invariant($"frame {n}")), cancellation);
            messages.Line(FormattableString.Invariant($"{frames} frames restored"));
        }
        else
        {
            StreamRestoration.Restore(opened.Restorer, input, output, request.Format, request.Settings, cancellation);
        }

        return ExitCodes.Success;
    }

    private static OpenedRestorer Open(RestoreRequest request, Terminal messages, CancellationToken cancellation)
    {
        var weights = WeightChoice.Find(request.Weights, request.Task, messages);
        var device = Devices.Open(request.Device, request.Threads, request.Precision, messages, cancellation);
        try
        {
            var restorer = Restorer.Load(request.Network, weights, device);
            restorer.Warning += messages.Error;
            messages.Line($"network   {restorer.Network.Name} on {Devices.Explain(request.Device, device)}");
            return new OpenedRestorer(device, restorer);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    private sealed record OpenedRestorer(IDevice Device, Restorer Restorer) : IDisposable
    {
        public void Dispose()
        {
            Restorer.Dispose();
            Device.Dispose();
        }
    }

    private sealed record RestoreRequest(
        TaskDefinition Task, string[] Inputs, string? Output, string? Weights, string? Network, string? Format, RawFormat? Raw, bool Compare, bool Json,
        RestoreSettings Settings, string Device, int Threads, Precision Precision);

    /// <summary>The options, and what they mean together.</summary>
    private sealed class Options
    {
        private readonly Argument<TaskDefinition> _task = CommonOptions.Task();
        private readonly Argument<string[]> _inputs = new("in")
        {
            Description = "Pictures, folders with all below them, and quoted patterns such as 'photos/**/*.jpg'; - alone restores standard input to standard output.",
            Arity = ArgumentArity.OneOrMore,
        };

        private readonly Option<string?> _output = new("--out") { Description = "Folder for the restored pictures, which keep their names and their tree.", HelpName = "DIR" };
        private readonly Option<string?> _weights = CommonOptions.Weights(WeightChoice.Description);
        private readonly Option<string?> _network = CommonOptions.Network("Network that the weights belong to, if their file does not say.");
        private readonly Option<bool> _overwrite = new("--overwrite") { Description = "Replace restored pictures of an earlier time, which are skipped otherwise. Inputs are never replaced." };
        private readonly Option<long?> _memory = CommonOptions.Memory("Memory that the program may take, such as 4GB; larger pictures are restored in tiles. Four fifths of what is free if not given.");
        private readonly Option<string?> _format = new("--format") { Description = "Kind of the results: png, jpg, webp or tif; that of each input if not given.", HelpName = "KIND" };
        private readonly Option<int?> _quality = CommonOptions.Integer("--quality", "1 to 100, for JPEG (95 if not given) and WebP (lossless if not given).", 1);
        private readonly Option<bool> _strip = new("--strip-metadata") { Description = "Leave EXIF, XMP and IPTC out of the results; the colour profile stays." };
        private readonly Option<bool> _compare = new("--compare") { Description = $"Also write each picture side by side with its result, and a page with sliders, into {ComparisonFolder} in the output folder." };
        private readonly Option<bool> _json = new("--json") { Description = "Write what happens as JSON, one object a line." };
        private readonly Option<RawFormat?> _raw = new("--raw")
        {
            Description = $"Standard input is raw video frames of this size: {string.Join(", ", RawFormat.Names)}; rgb24 if not given.",
            HelpName = "WxH[:FORMAT]",
            CustomParser = result =>
            {
                if (RawFormat.Parse(result.Tokens[0].Value) is { } format)
                {
                    return format;
                }

                result.AddError($"--raw takes width and height, and a pixel format if it is not rgb24, such as 1920x1080:rgb48le, not '{result.Tokens[0].Value}'. The formats are: {string.Join(", ", RawFormat.Names)}.");
                return null;
            },
        };

        private readonly Option<int> _threads = CommonOptions.Threads();
        private readonly Option<string> _device = CommonOptions.Device();
        private readonly Option<Precision> _precision = CommonOptions.Precision();

        public void AddTo(Command command)
        {
            command.Add(_task);
            command.Add(_inputs);
            foreach (var option in (Option[])[_output, _weights, _network, _overwrite, _memory, _format, _quality, _strip, _compare, _json, _raw, _threads, _device, _precision])
            {
                command.Add(option);
            }
        }

        public RestoreRequest Read(ParseResult result)
        {
            CommonOptions.RequireNetwork(result.GetValue(_network));
            if (result.GetValue(_quality) is > 100 and var quality)
            {
                throw new UsageException($"--quality takes a whole number of at most 100, not {quality}.");
            }

            var settings = new RestoreSettings
            {
                Overwrite = result.GetValue(_overwrite),
                StripMetadata = result.GetValue(_strip),
                Quality = result.GetValue(_quality),
                Memory = result.GetValue(_memory),
            };
            return new RestoreRequest(
                result.GetRequiredValue(_task), result.GetRequiredValue(_inputs), result.GetValue(_output), result.GetValue(_weights), result.GetValue(_network),
                ExtensionOf(result.GetValue(_format)), result.GetValue(_raw), result.GetValue(_compare), result.GetValue(_json), settings,
                result.GetValue(_device)!, result.GetValue(_threads), result.GetValue(_precision));
        }

        private static string? ExtensionOf(string? kind)
        {
            var extension = kind is null ? null : "." + kind.TrimStart('.').ToLowerInvariant();
            return extension is null || ImageFile.Extensions.Contains(extension)
                ? extension
                : throw new UsageException($"--format takes {string.Join(", ", ImageFile.Extensions.Select(e => e[1..]))}, not '{kind}'.");
        }
    }
}
