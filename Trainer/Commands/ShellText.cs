using System.Text.RegularExpressions;

namespace FocalNet.Trainer.Commands;

/// <summary>Commands as the user can type them.</summary>
internal static partial class ShellText
{
    /// <summary>How this program is started from the repository's folder.</summary>
    public const string Program = "dotnet run --project Trainer --";

    /// <summary>In quotes where a shell would otherwise split or expand it.</summary>
    public static string Quote(string argument)
    {
        if (Plain().IsMatch(argument))
        {
            return argument;
        }

        return OperatingSystem.IsWindows() ? $"\"{argument}\"" : $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }

    [GeneratedRegex(@"^[\p{L}\p{N}_./:\\,=+-]+$")]
    private static partial Regex Plain();
}
