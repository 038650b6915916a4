namespace FocalNet.Trainer.Tests.Training;

/// <summary>Compares what runs have left.</summary>
internal static class RunFiles
{
    /// <summary>All but the record and TensorBoard's events, which have the time in them: equal to the byte.</summary>
    public static void RequireSame(string expected, string actual)
    {
        var names = Names(expected);
        Assert.Equal(names, Names(actual));
        Assert.Contains("last.safetensors", names);
        Assert.Contains("best.safetensors", names);
        Assert.Contains("steps.jsonl", names);
        Assert.All(names, name => Assert.True(
            File.ReadAllBytes(Path.Combine(expected, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(actual, name))), $"{name} of '{actual}' differs."));
    }

    private static string[] Names(string run) =>
    [
        .. Directory.GetFiles(run, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(run, path).Replace('\\', '/'))
            .Where(name => name != "run.json" && !name.Contains("tfevents", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
    ];
}
