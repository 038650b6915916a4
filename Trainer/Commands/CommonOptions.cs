using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using FocalNet.Model;
using FocalNet.Trainer.Tasks;

namespace FocalNet.Trainer.Commands;

/// <summary>Options and arguments that several commands have, and checked numbers.</summary>
internal static partial class CommonOptions
{
    public static Argument<TaskDefinition> Task() => new("task")
    {
        Description = $"What to remove: {string.Join(", ", RestorationTasks.All.Select(task => task.Name))}.",
        CustomParser = result =>
        {
            var name = result.Tokens[0].Value;
            if (RestorationTasks.TryFind(name) is { } task)
            {
                return task;
            }

            result.AddError($"There is no task '{name}'. The tasks are: {string.Join(", ", RestorationTasks.All.Select(t => t.Name))}.");
            return null;
        },
    };

    public static Option<string?> Network(string description) => new("--network") { Description = description, HelpName = "NAME" };

    public static Option<string?> Weights(string description) => new("--weights") { Description = description, HelpName = "FILE" };

    public static Option<string> Device() => new("--device")
    {
        Description = "Where to compute: auto, cpu, or cuda[:N].",
        HelpName = "DEVICE",
        DefaultValueFactory = _ => "auto",
    };

    public static Option<Precision> Precision() => new("--precision")
    {
        Description = "default; strict: convolutions by their definition alone, slower and about a digit closer to it; on CUDA devices fast, which is the default there, or bf16: half the memory, two digits.",
        HelpName = "default|strict|fast|bf16",
        DefaultValueFactory = _ => Trainer.Precision.Default,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            foreach (var precision in Enum.GetValues<Precision>())
            {
                if (string.Equals(text, precision.ToString(), StringComparison.OrdinalIgnoreCase))
                {
                    return precision;
                }
            }

            result.AddError($"--precision takes default, strict, fast or bf16, not '{text}'.");
            return Trainer.Precision.Default;
        },
    };

    public static Option<int> Threads() => new("--threads")
    {
        Description = "Threads to compute with; 0 takes one a processor.",
        HelpName = "N",
        DefaultValueFactory = _ => 0,
        CustomParser = result => ParseInteger(result, 0, 1024),
    };

    /// <summary>An amount of memory: 4GB, 1.5GiB, 500MB, or bytes.</summary>
    public static Option<long?> Memory(string description) => new("--memory")
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (MemoryText().Match(text) is { Success: true } match
                && double.TryParse(match.Groups[1].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
            {
                var unit = match.Groups[2].Value.ToUpperInvariant() switch
                {
                    "" or "B" => 1.0,
                    "K" or "KB" => 1e3,
                    "M" or "MB" => 1e6,
                    "G" or "GB" => 1e9,
                    "T" or "TB" => 1e12,
                    "KIB" => 1L << 10,
                    "MIB" => 1L << 20,
                    "GIB" => 1L << 30,
                    _ => 1L << 40,
                };
                if (amount * unit is >= 1 and < 1e18)
                {
                    return (long)(amount * unit);
                }
            }

            result.AddError($"--memory takes an amount such as 4GB, 1.5GiB, 500MB or a number of bytes, not '{text}'.");
            return null;
        },
    };

    public static Option<int?> Integer(string name, string description, int minimum) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => ParseInteger(result, minimum, int.MaxValue),
    };

    /// <summary>A number in the invariant form, whatever the system's language.</summary>
    public static Option<double?> Number(string name, string description, double minimum, double maximum, bool isMinimumAllowed) => new(name)
    {
        Description = description,
        HelpName = "X",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                && value <= maximum && (isMinimumAllowed ? value >= minimum : value > minimum))
            {
                return value;
            }

            var limits = double.IsFinite(maximum)
                ? FormattableString.Invariant($"between {minimum} and {maximum}")
                : FormattableString.Invariant($"{(isMinimumAllowed ? "of at least" : "above")} {minimum}");
            result.AddError($"{name} takes a number {limits}, such as 0.5, not '{text}'.");
            return null;
        },
    };

    /// <summary>Throws at an unknown name; null passes.</summary>
    public static void RequireNetwork(string? name)
    {
        if (name is not null)
        {
            NetworkCatalog.Find(name);
        }
    }

    /// <summary>Height and width, from text such as 256x256.</summary>
    /// <exception cref="UsageException">It is no such text, or no size that networks take.</exception>
    public static (int Height, int Width) ParseSize(string text)
    {
        if (SizeText().Match(text) is { Success: true } match
            && int.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out var height)
            && int.TryParse(match.Groups[2].Value, CultureInfo.InvariantCulture, out var width)
            && height is > 0 and <= 65536 && width is > 0 and <= 65536 && height % 4 == 0 && width % 4 == 0)
        {
            return (height, width);
        }

        throw new UsageException($"--size takes height and width as 256x256, both multiples of 4 and at most 65536, not '{text}'.");
    }

    private static int ParseInteger(ArgumentResult result, int minimum, int maximum)
    {
        var text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= minimum && value <= maximum)
        {
            return value;
        }

        var name = result.Parent is OptionResult option ? option.Option.Name : "it";
        result.AddError(FormattableString.Invariant($"{name} takes a whole number of at least {minimum}{(maximum < int.MaxValue ? $" and at most {maximum}" : "")}, not '{text}'."));
        return minimum;
    }

    [GeneratedRegex(@"^(\d+(?:\.\d+)?) ?([kKmMgGtT]?[bB]?|[kKmMgGtT][iI][bB])$")]
    private static partial Regex MemoryText();

    [GeneratedRegex(@"^(\d+)[xX×](\d+)$")]
    private static partial Regex SizeText();
}
