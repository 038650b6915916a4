using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests;

/// <summary>Every function of the PTX table against its definition, computed here without the emulator.</summary>
public sealed class PtxFunctionTests
{
    private static readonly EmulatorBuild[] Builds = [EmulatorBuild.Fast, EmulatorBuild.Checked];

    [Fact]
    public void Mma_k16_multiplies_bf16_and_fp16_fragments()
    {
        Requires.Emulator();
        foreach (var build in Builds)
        {
            var module = KernelFile.Module("ptx_probe", build);
            // Bit patterns that are normal numbers in both formats, no two elements alike.
            ushort[] a = [.. Enumerable.Range(0, 256).Select(i => (ushort)(0x3c00 + i * 3 + (i % 2 == 0 ? 0x8000 : 0)))];
            ushort[] b = [.. Enumerable.Range(0, 128).Select(i => (ushort)(0x3a80 + i * 7 + (i % 3 == 0 ? 0x8000 : 0)))];
            var c = Exercises.Values(128, 1);
            using var ab = CudaBuffer.Of("a", a);
            using var bb = CudaBuffer.Of("b", b);
            using var cb = CudaBuffer.Of("c", c);
            using var brain = CudaBuffer.Uninitialised<float>("d_bf16", 128);
            using var half = CudaBuffer.Uninitialised<float>("d_fp16", 128);
            module.Launch("probe_mma_k16", 1, 32, 0, 3, ab, bb, cb, brain, half);
            Assert.Equal(Product([.. a.Select(Bits.FromBrain)], [.. b.Select(Bits.FromBrain)], c, 16), brain.Read<float>());
            Assert.Equal(Product([.. a.Select(Bits.FromHalf)], [.. b.Select(Bits.FromHalf)], c, 16), half.Read<float>());
        }
    }

    [Fact]
    public void Mma_k8_multiplies_fp16_fragments()
    {
        Requires.Emulator();
        foreach (var build in Builds)
        {
            ushort[] a = [.. Exercises.Values(128, 2).Select(Bits.ToHalf)], b = [.. Exercises.Values(64, 3).Select(Bits.ToHalf)];
            var c = Exercises.Values(128, 4);
            using var ab = CudaBuffer.Of("a", a);
            using var bb = CudaBuffer.Of("b", b);
            using var cb = CudaBuffer.Of("c", c);
            using var d = CudaBuffer.Uninitialised<float>("d", 128);
            KernelFile.Module("ptx_probe", build).Launch("probe_mma_k8_fp16", 1, 32, 0, 4, ab, bb, cb, d);
            Assert.Equal(Product([.. a.Select(Bits.FromHalf)], [.. b.Select(Bits.FromHalf)], c, 8), d.Read<float>());
        }
    }

    [Fact]
    public void Mma_k8_multiplies_tf32_fragments_rounded_to_10_bits()
    {
        Requires.Emulator();
        foreach (var build in Builds)
        {
            float[] a = Exercises.Values(128, 5), b = Exercises.Values(64, 6), c = Exercises.Values(128, 7);
            using var ab = CudaBuffer.Of("a", a);
            using var bb = CudaBuffer.Of("b", b);
            using var cb = CudaBuffer.Of("c", c);
            using var d = CudaBuffer.Uninitialised<float>("d", 128);
            using var rounded = CudaBuffer.Uninitialised<uint>("rounded", 128);
            KernelFile.Module("ptx_probe", build).Launch("probe_mma_k8_tf32", 1, 32, 0, 5, ab, bb, cb, d, rounded);
            Assert.Equal(a.Select(Tf32), rounded.Read<uint>().Select(BitConverter.UInt32BitsToSingle));
            Assert.Equal(Product([.. a.Select(Tf32)], [.. b.Select(Tf32)], c, 8), d.Read<float>());
        }
    }

    [Fact]
    public void Ldmatrix_hands_out_rows_and_columns()
    {
        Requires.Emulator();
        foreach (var build in Builds)
        {
            ushort[] x = [.. Enumerable.Range(0, 256).Select(i => (ushort)i)];
            using var xb = CudaBuffer.Of("x", x);
            using var r = CudaBuffer.Uninitialised<uint>("r", 32 * 14);
            KernelFile.Module("ptx_probe", build).Launch("probe_ldmatrix", 1, 32, 0, 6, xb, r);
            int[] matrices = [0, 0, 1, 0, 1, 2, 3];
            var expected = from lane in Enumerable.Range(0, 32)
                           from register in Enumerable.Range(0, 14)
                           let matrix = matrices[register % 7] * 64
                           let row = lane / 4
                           let column = lane % 4 * 2
                           select register < 7
                               ? x[matrix + row * 8 + column] | (uint)x[matrix + row * 8 + column + 1] << 16
                               : x[matrix + column * 8 + row] | (uint)x[matrix + (column + 1) * 8 + row] << 16;
            Assert.Equal(expected, r.Read<uint>());
        }
    }

    [Fact]
    public void Wgmma_multiplies_out_of_shared_memory()
    {
        Requires.Emulator();
        foreach (var build in Builds)
            foreach (var seed in new ulong[] { 0, 1, 2, 3 })
            {
                ushort[] a = [.. Exercises.Values(64 * 32, 9).Select(Bits.ToBrain)], b = [.. Exercises.Values(128 * 32, 10).Select(Bits.ToBrain)];
                using var ab = CudaBuffer.Of("a", a);
                using var bb = CudaBuffer.Of("b", b);
                using var d = CudaBuffer.Uninitialised<float>("d", 64 * (32 + 64 + 128));
                KernelFile.Module("ptx_probe", build).Launch("probe_wgmma", 1, 128, 0, seed, ab, bb, d);
                var expected = from columns in new[] { 32, 64, 128 }
                               from row in Enumerable.Range(0, 64)
                               from column in Enumerable.Range(0, columns)
                               select row - column + Enumerable.Range(0, 32).Sum(k => (double)Bits.FromBrain(a[(row * 32) + k]) * Bits.FromBrain(b[(column * 32) + k]));
                Assert.All(expected.Zip(d.Read<float>()), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * 64));
            }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(2u)]
    [InlineData(6u)]
    [InlineData(16u)]
    public void Cp_async_copies_and_fills_with_zeros(uint bytes)
    {
        Requires.Emulator();
        foreach (var build in Builds)
            foreach (var seed in new ulong[] { 0, 1, 2, 3, 4 })
            {
                uint[] x = [.. Enumerable.Range(0, 384).Select(i => (uint)(i + 1) * 0x01010101u)];
                using var xb = CudaBuffer.Of("x", x);
                using var y = CudaBuffer.Uninitialised<uint>("y", 32 * 14);
                KernelFile.Module("ptx_probe", build).Launch("probe_cp_async", 1, 32, 0, seed, xb, y, bytes);
                var expected = Enumerable.Range(0, 32 * 14).Select(i => Copied(x[i / 14 * 12 + i % 7], i % 14, bytes));
                Assert.Equal(expected, y.Read<uint>());
            }
    }

    [Fact]
    public void Conversions_round_to_nearest_even()
    {
        Requires.Emulator();
        var random = new Random(8);
        float[] x =
        [
            0f, -0f, 1f, -1f, float.MaxValue, float.MinValue, float.Epsilon, 65504f, 65519f, 65520f, 65536f, 6.1e-5f, 5.96e-8f, 2.98e-8f, 2.99e-8f,
            float.PositiveInfinity, float.NegativeInfinity, float.NaN, BitConverter.UInt32BitsToSingle(0x7f800001),
            1.00390625f, 1.01171875f, 1.00048828125f, 1.00146484375f,
            .. Enumerable.Range(0, 20000).Select(_ => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32))),
            .. Enumerable.Range(0, 20000).Select(_ => (random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-28, 18))),
        ];
        var n = x.Length;
        using var xb = CudaBuffer.Of("x", x);
        using var bf16 = CudaBuffer.Uninitialised<ushort>("bf16", n);
        using var fp16 = CudaBuffer.Uninitialised<ushort>("fp16", n);
        using var bf16x2 = CudaBuffer.Uninitialised<uint>("bf16x2", n);
        using var fp16x2 = CudaBuffer.Uninitialised<uint>("fp16x2", n);
        using var tf32 = CudaBuffer.Uninitialised<uint>("tf32", n);
        KernelFile.Module("ptx_probe", EmulatorBuild.Checked)
            .Launch("probe_conversions", (n + 255) / 256, 256, 0, 2, xb, n, bf16, fp16, bf16x2, fp16x2, tf32);
        Assert.Equal(x.Select(Bits.ToBrain), bf16.Read<ushort>());
        Assert.Equal(x.Select(Bits.ToHalf), fp16.Read<ushort>());
        Assert.Equal(x.Select(v => Bits.ToBrain(v) | (uint)Bits.ToBrain(-v) << 16), bf16x2.Read<uint>());
        Assert.Equal(x.Select(v => Bits.ToHalf(v) | (uint)Bits.ToHalf(-v) << 16), fp16x2.Read<uint>());
        var finite = Enumerable.Range(0, n).Where(i => float.IsFinite(x[i]) && Math.Abs(x[i]) < 1e38f).ToArray();
        var actual = tf32.Read<uint>();
        Assert.Equal(finite.Select(i => Tf32(x[i])), finite.Select(i => BitConverter.UInt32BitsToSingle(actual[i])));
    }

    [Fact]
    public void Widening_is_exact_for_every_bit_pattern()
    {
        Requires.Emulator();
        ushort[] bits = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        using var xb = CudaBuffer.Of("bits", bits);
        using var bf16 = CudaBuffer.Uninitialised<float>("bf16", 65536);
        using var fp16 = CudaBuffer.Uninitialised<float>("fp16", 65536);
        using var pairs = CudaBuffer.Uninitialised<float>("pairs", 4 * 65536);
        KernelFile.Module("ptx_probe", EmulatorBuild.Fast).Launch("probe_widening", 256, 256, 0, 2, xb, 65536, bf16, fp16, pairs);
        Assert.Equal(bits.Select(Bits.FromBrain), bf16.Read<float>());
        Assert.Equal(bits.Select(Bits.FromHalf), fp16.Read<float>());
        Assert.Equal(
            bits.SelectMany(low => { var high = (ushort)(65535 - low); return new[] { Bits.FromBrain(low), Bits.FromBrain(high), Bits.FromHalf(low), Bits.FromHalf(high) }; }),
            pairs.Read<float>());
    }

    // The same sum in the same precision: products of these operands are exact in double.
    private static float[] Product(float[] a, float[] b, float[] c, int depth)
    {
        var d = new float[128];
        for (var row = 0; row < 16; row++)
            for (var column = 0; column < 8; column++)
            {
                double sum = c[row * 8 + column];
                for (var k = 0; k < depth; k++) sum += (double)a[row * depth + k] * b[k * 8 + column];
                d[row * 8 + column] = (float)sum;
            }
        return d;
    }

    // Nearest multiple of the 10-bit unit, ties away from zero.
    private static float Tf32(float value)
    {
        if (value == 0) return value;
        var unit = Math.Pow(2, Math.Max(Math.ILogB((double)value), -126) - 10);
        var rounded = (float)(Math.Round(value / unit, MidpointRounding.AwayFromZero) * unit);
        return rounded == 0 ? MathF.CopySign(0, value) : rounded;
    }

    // Words 0–3 are one copy of 16 bytes, 4–5 one of 8, 6 one of 4; the second seven are cut off behind `bytes`.
    private static uint Copied(uint word, int place, uint bytes)
    {
        if (place < 7) return word;
        var start = place - 7 is var i && i < 4 ? i * 4 : i < 6 ? (i - 4) * 4 : 0;
        var kept = Math.Clamp((int)bytes - start, 0, 4);
        return kept == 4 ? word : word & ((1u << (8 * kept)) - 1);
    }
}
