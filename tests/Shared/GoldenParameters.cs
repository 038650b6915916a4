using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace FocalNet.Tests.Shared;

/// <summary>
/// Parameters too many to be stored: drawn from a generator that gives the same bits everywhere (SplitMix64, one
/// counter over all tensors in state_dict order), checked against the SHA-256 the reference implementation recorded.
/// </summary>
public static class GoldenParameters
{
    /// <summary>The network of 16 residual blocks (12,820,828 parameters) that nr16/io belongs to.</summary>
    public static IReadOnlyList<GoldenTensor> OfSixteenBlocks()
        => Generate(GoldenData.Json("nr16/nr16"), "sha256_of_all_parameters_le_float32_in_order");

    /// <summary>A row of the ablation tables, e.g. <c>focalnet_n4</c> or <c>t5g</c>; outputs are in variants/io.</summary>
    public static IReadOnlyList<GoldenTensor> OfVariant(string variant)
        => Generate(GoldenData.Json("variants/variants").GetProperty(variant), "sha256");

    private static List<GoldenTensor> Generate(JsonElement recipe, string hashKey)
    {
        var seed = recipe.GetProperty("seed").GetUInt64();
        var counter = 0UL;
        var tensors = new List<GoldenTensor>();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var entry in recipe.GetProperty("tensors").EnumerateArray())
        {
            var shape = entry.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32()).ToArray();
            var values = new float[shape.Aggregate(1, (product, extent) => product * extent)];
            var scale = entry.GetProperty("scale").GetDouble();
            var offset = entry.GetProperty("base").GetDouble();
            for (var i = 0; i < values.Length; i++) values[i] = (float)(offset + scale * Draw(seed, ++counter));
            hash.AppendData(MemoryMarshal.AsBytes<float>(values));
            tensors.Add(new GoldenTensor(entry.GetProperty("name").GetString()!, shape, values));
        }
        var actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        var expected = recipe.GetProperty(hashKey).GetString();
        if (actual != expected)
            throw new InvalidDataException($"Generated parameters have SHA-256 {actual}, the reference has {expected}.");
        return tensors;
    }

    /// <summary>The counter's number in [-1, 1) (SplitMix64, upper 24 bits).</summary>
    private static double Draw(ulong seed, ulong counter)
    {
        var z = unchecked(seed + counter * 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        z ^= z >> 31;
        return 2 * ((z >> 40) / 16777216.0) - 1;
    }
}
