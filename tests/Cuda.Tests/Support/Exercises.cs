using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Support;

/// <summary>Runs each hand-written kernel at given sizes and compares it with plain C#. Used by value, bug and mutation tests.</summary>
internal static class Exercises
{
    internal static readonly IReadOnlyDictionary<string, Action<CudaModule, ulong>> ByFile = new Dictionary<string, Action<CudaModule, ulong>>
    {
        ["vector_add"] = (module, seed) => { foreach (var n in new[] { 1, 255, 256, 1000 }) VectorAdd(module, n, seed); },
        ["matmul"] = (module, seed) =>
        {
            Matmul(module, 16, 16, 16, seed);
            Matmul(module, 33, 17, 35, seed);
            Matmul(module, 7, 48, 17, seed);
        },
        ["reduce"] = (module, seed) =>
        {
            BlockSum(module, 256, 1, seed);
            BlockSum(module, 1000, 3, seed);
            WarpScan(module, 2, seed);
        },
        ["atomics"] = (module, seed) => Histogram(module, 700, 3, seed),
        ["dynamic"] = (module, seed) => { foreach (var width in new[] { 128, 200, 1 }) Reverse(module, 3, width, seed); },
        ["mma_tile"] = (module, seed) =>
        {
            MmaTile(module, 64, 64, 32, seed);
            MmaTile(module, 64, 64, 96, seed);
            MmaTile(module, 70, 72, 40, seed);
        },
    };

    internal static void VectorAdd(CudaModule module, int n, ulong seed)
    {
        float[] x = Values(n, 1), y = Values(n, 2);
        using var a = CudaBuffer.Of("a", x);
        using var b = CudaBuffer.Of("b", y);
        using var c = CudaBuffer.Uninitialised<float>("c", n);
        module.Launch("vector_add", (n + 255) / 256, 256, 0, seed, a, b, c, n);
        Equal(c.Read<float>(), i => x[i] + y[i], 0);
    }

    internal static void Matmul(CudaModule module, int m, int n, int k, ulong seed)
    {
        float[] x = Values(m * k, 1), y = Values(k * n, 2);
        using var a = CudaBuffer.Of("a", x);
        using var b = CudaBuffer.Of("b", y);
        using var c = CudaBuffer.Uninitialised<float>("c", m * n);
        module.Launch("matmul", new((n + 15) / 16, (m + 15) / 16), new(16, 16), 0, seed, a, b, c, m, n, k);
        Equal(c.Read<float>(), i => Dot(x, y, i / n, i % n, n, k), 1e-5);
    }

    internal static void BlockSum(CudaModule module, int n, int blocks, ulong seed)
    {
        var x = Values(n, 3);
        using var a = CudaBuffer.Of("x", x);
        using var sums = CudaBuffer.Uninitialised<float>("sums", blocks);
        module.Launch("block_sum", blocks, 256, 0, seed, a, sums, n);
        Equal(sums.Read<float>(), block => Enumerable.Range(0, n).Where(i => i / 256 % blocks == block).Sum(i => (double)x[i]), 1e-4);
    }

    internal static void WarpScan(CudaModule module, int blocks, ulong seed)
    {
        int[] x = [.. Enumerable.Range(0, blocks * 64).Select(i => i * 7 % 11)];
        using var a = CudaBuffer.Of("x", x);
        using var y = CudaBuffer.Uninitialised<int>("y", x.Length);
        module.Launch("warp_scan", blocks, 64, 0, seed, a, y);
        var expected = x.Select((_, i) => x[(i / 32 * 32)..(i + 1)].Sum());
        Assert.Equal(expected, y.Read<int>());
    }

    internal static void Histogram(CudaModule module, int n, int blocks, ulong seed)
    {
        byte[] x = [.. Enumerable.Range(0, n).Select(i => (byte)(i * 37 % 256))];
        using var a = CudaBuffer.Of("x", x);
        using var bins = CudaBuffer.Of("bins", new uint[256]);
        using var largest = CudaBuffer.Of("largest", new[] { -1 });
        using var sum = CudaBuffer.Of("sum", new[] { 0f });
        using var locked = CudaBuffer.Of("locked", new uint[1]);
        module.Launch("histogram", blocks, 128, 0, seed, a, n, bins, largest, sum, locked);
        Assert.Equal(Enumerable.Range(0, 256).Select(bin => (uint)x.Count(value => value == bin)), bins.Read<uint>());
        Assert.Equal(x.Max(), largest.Read<int>()[0]);
        Assert.Equal(x.Sum(value => (float)value), sum.Read<float>()[0]);
        Assert.Equal((uint)blocks, locked.Read<uint>()[0]);
    }

    internal static void Reverse(CudaModule module, int rows, int width, ulong seed)
    {
        var x = Values(rows * width, 4);
        using var a = CudaBuffer.Of("x", x);
        using var y = CudaBuffer.Uninitialised<float>("y", x.Length);
        module.Launch("reverse_rows", rows, 128, width * 8, seed, a, y, width);
        Equal(y.Read<float>(), i => x[i / width * width + width - 1 - i % width], 0);
    }

    internal static void MmaTile(CudaModule module, int m, int n, int k, ulong seed)
    {
        ushort[] x = [.. Values(m * k, 5).Select(Bits.ToBrain)], y = [.. Values(k * n, 6).Select(Bits.ToBrain)];
        using var a = CudaBuffer.Of("a", x);
        using var b = CudaBuffer.Of("b", y);
        using var c = CudaBuffer.Uninitialised<float>("c", m * n);
        module.Launch("mma_tile", new((n + 63) / 64, (m + 63) / 64), 128, 0, seed, a, b, c, m, n, k);
        float[] xf = [.. x.Select(Bits.FromBrain)], yf = [.. y.Select(Bits.FromBrain)];
        Equal(c.Read<float>(), i => Dot(xf, yf, i / n, i % n, n, k), 1e-5);
    }

    /// <summary>Values in (−1, 1) that repeat with no small period.</summary>
    internal static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }

    private static double Dot(float[] a, float[] b, int row, int column, int n, int k)
    {
        double sum = 0;
        for (var i = 0; i < k; i++) sum += (double)a[row * k + i] * b[i * n + column];
        return sum;
    }

    private static void Equal(float[] actual, Func<int, double> expected, double tolerance)
    {
        for (var i = 0; i < actual.Length; i++)
        {
            var error = Math.Abs(actual[i] - (tolerance == 0 ? (float)expected(i) : expected(i)));
            if (!(error <= tolerance)) Assert.Fail($"Element {i} is {actual[i]}, not {expected(i)}.");
        }
    }
}
