using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace FocalNet.Tests.Cuda;

/// <summary>Which of the native tools are there, and what to say where they are not.</summary>
public static class CudaTools
{
    /// <summary>Set to 1 where the tools must be there (a build server): a missing one is then an error and no skip.</summary>
    public const string RequireVariable = "FOCALNET_REQUIRE_CUDA_TOOLS";

    private static readonly Lazy<string?> EmulatorReason = new(FindEmulatorReason);
    private static readonly Lazy<string?> ClangReason = new(()
        => Find("clang-19") is null ? Missing("clang-19", "clang-19", "CUDA texts are not compiled to PTX") : null);
    private static readonly ConcurrentDictionary<string, int> Skips = new();

    /// <summary>Why the emulator can't run here; null where it can.</summary>
    public static string? EmulatorSkipReason => EmulatorReason.Value;

    /// <summary>Why texts can't be compiled to PTX here; null where they can.</summary>
    public static string? ClangSkipReason => ClangReason.Value;

    /// <summary>The g++ that compiles for the emulator; <c>CXX</c> overrides it.</summary>
    public static string Compiler => Environment.GetEnvironmentVariable("CXX") is { Length: > 0 } chosen ? chosen : "g++";

    /// <summary>Notes that something was skipped for this reason, so that <see cref="SkipSummary"/> can name it.</summary>
    public static string CountSkip(string reason)
    {
        Skips.AddOrUpdate(reason, 1, (_, count) => count + 1);
        return reason;
    }

    /// <summary>One line per reason with its count; empty when nothing was skipped.</summary>
    public static IReadOnlyList<string> SkipSummary()
        => [.. Skips.OrderBy(skip => skip.Key, StringComparer.Ordinal).Select(skip => $"skipped {skip.Value}: {skip.Key}")];

    private static string? FindEmulatorReason()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return Required($"the CUDA emulator runs on Linux x86-64 only; this is {RuntimeInformation.RuntimeIdentifier}");
        return Find(Compiler) is null ? Missing(Compiler, "g++", "CUDA kernels are not run") : null;
    }

    private static string? Missing(string tool, string package, string consequence)
        => Required($"{tool} was not found on PATH: {consequence}. On Debian: apt-get install {package}");

    private static string Required(string reason)
        => Environment.GetEnvironmentVariable(RequireVariable) == "1"
            ? throw new InvalidOperationException($"{RequireVariable}=1, but {reason}.")
            : reason;

    private static string? Find(string tool)
    {
        if (Path.IsPathRooted(tool)) return File.Exists(tool) ? tool : null;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);
    }
}
