using System.Collections.Concurrent;
using System.Text.Json;

namespace FocalNet.Tests.Shared;

/// <summary>
/// The reference values of tests/Golden (see the README there). Names are paths in that folder without extension:
/// <c>GoldenData.Tensors("nr1/io")["in.x72"]</c>, <c>GoldenData.Json("nr1/train")</c>.
/// </summary>
public static class GoldenData
{
    private static readonly ConcurrentDictionary<string, Lazy<GoldenFile>> Files = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, Lazy<JsonElement>> Documents = new(StringComparer.Ordinal);

    /// <summary>The data, copied beside the running test executable.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Golden");

    /// <summary>Full path of a file in the data folder.</summary>
    public static string PathOf(string relativePath) => Path.Combine(Folder, relativePath);

    /// <summary>The tensors of a file, e.g. <c>nr1/model</c>. Read once per run.</summary>
    public static GoldenFile Tensors(string name)
        => Files.GetOrAdd(name, key => new(() => GoldenFile.Read(Find(key, ".safetensors")))).Value;

    /// <summary>The root of a JSON file, e.g. <c>loss/loss</c>. Read once per run.</summary>
    public static JsonElement Json(string name) => Documents.GetOrAdd(name, key => new(() => ReadJson(key))).Value;

    /// <summary>
    /// Parameters of the one-block network after three optimiser steps, for the tensors small enough to be stored
    /// (the statistics of all others are in <c>nr1/train</c> under <c>param_after3_stats</c>).
    /// </summary>
    public static IReadOnlyDictionary<string, GoldenTensor> ParametersAfterThreeSteps()
    {
        var before = Tensors("nr1/model");
        var moves = Tensors("nr1/train_after3");
        return moves.Tensors.Select(move => Moved(before[move.Name["delta.".Length..]], move))
            .ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    private static GoldenTensor Moved(GoldenTensor before, GoldenTensor move)
    {
        var values = new float[before.Count];
        for (var i = 0; i < values.Length; i++) values[i] = before.Values[i] + move.Values[i];
        return before with { Values = values, Step = move.Step };
    }

    private static JsonElement ReadJson(string name)
    {
        var path = Find(name, ".json");
        var bytes = File.ReadAllBytes(path);
        if (path.EndsWith(".gz", StringComparison.Ordinal)) bytes = GoldenFile.Gunzip(bytes);
        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.Clone();
    }

    private static string Find(string name, string extension)
    {
        var path = PathOf(name + extension);
        if (File.Exists(path)) return path;
        if (File.Exists(path + ".gz")) return path + ".gz";
        throw new FileNotFoundException($"No reference data '{name}': neither {path} nor {path}.gz exists.", path);
    }
}
