using System.Text.Json.Nodes;

namespace FocalNet.Trainer.Tests.Commands;

/// <summary>
/// Runs the program as on a Finnish system: decimal commas, spaces between thousands, a minus sign that is no hyphen. The program is built to know no
/// language but its own, so that a locale alone would try nothing; here it is told to know them, where the library with their rules (ICU) is there.
/// </summary>
internal static class FinnishSystem
{
    /// <summary>Whether the rules are there; without them only the variables of the locale are set.</summary>
    public static bool HasRules { get; } = OperatingSystem.IsLinux() && new[] { "/usr/lib", "/usr/lib64", "/lib", "/usr/local/lib" }
        .Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "libicuuc.so*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1, IgnoreInaccessible = true }))
        .Any();

    /// <param name="folder">Receives a file that the program is configured by.</param>
    /// <param name="working">The working folder.</param>
    /// <param name="arguments">The command line.</param>
    public static async Task<CommandOutcome> Run(TemporaryFolder folder, string working, params string[] arguments)
    {
        var script = """export LANG=fi_FI.UTF-8 LC_ALL=fi_FI.UTF-8; exec "$@" """;
        if (HasRules)
        {
            var configuration = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "focalnet.runtimeconfig.json")))!;
            var properties = configuration["runtimeOptions"]!["configProperties"]!;
            properties["System.Globalization.Invariant"] = false;
            properties["System.Globalization.PredefinedCulturesOnly"] = false;
            var path = folder["suomi/focalnet.runtimeconfig.json"];
            await File.WriteAllTextAsync(path, configuration.ToJsonString());
            script = $"""export LANG=fi_FI.UTF-8 LC_ALL=fi_FI.UTF-8; dotnet=$1; shift; exec "$dotnet" exec --runtimeconfig "{path}" "$@" """;
        }

        using var process = Shell.Start(script, working, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new CommandOutcome(process.ExitCode, await output, await error);
    }
}
