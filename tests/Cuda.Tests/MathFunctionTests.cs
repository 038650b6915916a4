using System.Numerics;
using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests;

/// <summary>The built-in functions of CUDA C against .NET's.</summary>
public sealed class MathFunctionTests
{
    [Fact]
    public void Float_functions_are_those_of_their_names()
    {
        Requires.Emulator();
        Func<double, double>[] expected =
        [
            Math.Exp, Math.Exp, v => Math.Pow(2, v), v => Math.Exp(v) - 1, Math.Log, Math.Log, Math.Log2, v => Math.Log(1 + v),
            Math.Sqrt, v => 1 / Math.Sqrt(v), v => 1 / v, Math.Cbrt, Math.Sin, Math.Cos, Math.Tanh, v => Math.Atan2(v, 2),
            v => Math.Sin(Math.PI * v), v => Math.Cos(Math.PI * v), v => Math.Pow(v, 1.5), v => Math.Pow(v, 1.5), v => v / 3, v => v * v + 1, v => Math.Clamp(4 * v - 1, 0, 1),
            v => Math.Floor(8 * v), v => Math.Ceiling(8 * v), v => Math.Truncate(8 * v), v => Math.Round(8 * v), v => Math.Round(8 * v, MidpointRounding.AwayFromZero), v => v, v => -v,
            v => Math.Min(v, 0.5), v => Math.Max(v, 0.5), v => Math.Min(v, 0.25), v => Math.Max(v, 0.25), v => v % (double)0.3f, _ => 1,
            v => Math.Round(8 * v), v => Math.Floor(-8 * v), v => -v, v => v, _ => 1,
        ];
        float[] x = [.. Exercises.Values(200, 9).Select(v => Math.Abs(v) + 1e-3f), 0.1875f, 0.0625f];
        foreach (var build in new[] { EmulatorBuild.Fast, EmulatorBuild.Checked })
        {
            using var xb = CudaBuffer.Of("x", x);
            using var y = CudaBuffer.Uninitialised<float>("y", x.Length * expected.Length);
            KernelFile.Module("math_probe", build).Launch("probe_math", 2, 128, 0, 2, xb, y, x.Length);
            var actual = y.Read<float>();
            for (var f = 0; f < expected.Length; f++)
                for (var i = 0; i < x.Length; i++)
                {
                    var value = expected[f](x[i]);
                    Assert.True(Math.Abs(actual[f * x.Length + i] - value) <= 1e-6 * Math.Max(1, Math.Abs(value)), $"function {f} of {x[i]} is {actual[f * x.Length + i]}, not {value}");
                }
        }
    }

    [Fact]
    public void Integer_functions_votes_and_shuffles_are_those_of_their_names()
    {
        Requires.Emulator();
        var random = new Random(10);
        uint[] x = [0, 1, 0x80000000, uint.MaxValue, .. Enumerable.Range(0, 60).Select(_ => (uint)random.NextInt64(1L << 32))];
        Func<int, uint>[] expected =
        [
            i => (uint)BitOperations.PopCount(x[i]), i => (uint)BitOperations.LeadingZeroCount(x[i]), i => x[i] == 0 ? 0 : (uint)BitOperations.TrailingZeroCount(x[i]) + 1,
            i => Reverse(x[i]), i => (uint)((ulong)x[i] * x[i] >> 32), i => (uint)((long)(int)x[i] * -3 >> 32),
            // Selectors 0, 4, 1, 5 from the lowest byte on: bytes 4 to 7 are those of the second operand.
            i => (x[i] & 255) | (~x[i] & 255) << 8 | (x[i] >> 8 & 255) << 16 | (~x[i] >> 8 & 255) << 24,
            i => (uint)((((ulong)~x[i] << 32 | x[i]) << 5) >> 32), i => (uint)(((ulong)~x[i] << 32 | x[i]) >> 5),
            i => (uint)Math.Min((int)x[i], 7), i => Math.Max(x[i], 7u), i => (uint)Math.Abs((int)x[i] >> 1),
            _ => (uint)x.Count(v => (v & 1) != 0), _ => 1, _ => 0,
            i => (uint)Enumerable.Range(0, 32).Sum(lane => (x[i / 32 * 32 + lane] & 2) != 0 ? 1L << lane : 0), i => i >= 32 ? 1u : 0, i => i < 32 ? 1u : 0,
            i => x[i / 32 * 32 + 3], i => x[i / 8 * 8 + 1], i => i % 32 == 0 ? x[i] : x[i - 1], i => i % 16 >= 14 ? x[i] : x[i + 2], i => x[i ^ 5], i => i % 32 < 8 ? x[i ^ 1] : 0,
        ];
        foreach (var seed in new ulong[] { 0, 1, 2 })
        {
            using var xb = CudaBuffer.Of("x", x);
            using var y = CudaBuffer.Uninitialised<uint>("y", 64 * expected.Length);
            KernelFile.Module("math_probe", EmulatorBuild.Checked).Launch("probe_integers", 1, 64, 0, seed, xb, y);
            var actual = y.Read<uint>();
            for (var f = 0; f < expected.Length; f++)
                Assert.True(Enumerable.Range(0, 64).All(i => expected[f](i) == actual[64 * f + i]), $"function {f}: {string.Join(' ', actual[(64 * f)..(64 * f + 64)])}");
        }
    }

    private static uint Reverse(uint value) => Enumerable.Range(0, 32).Aggregate(0u, (result, bit) => result << 1 | (value >> bit & 1));
}
