using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using FocalNet.Runtime.Cpu;
using FocalNet.Tests.Shared;

namespace FocalNet.Runtime.Tests.Cpu;

/// <summary>
/// The inner loops of the kernels keep their vectors in registers. A sum that travels through the stack costs a third of the speed
/// and no test of results would notice, so this one reads the machine code, as the JIT lists it in a process of its own.
/// </summary>
public sealed class SpillTests(ITestOutputHelper report)
{
    private const string Kernels = "FocalNet.Runtime.Cpu.*:*", Samples = "FocalNet.Runtime.Tests.Cpu.SpillSamples:*";

    /// <summary>
    /// With 32 vector registers where the processor has them, with 16, which is what most processors have, and with 16 of 128 bits.
    /// </summary>
    [Theory]
    [InlineData(null)]
    [InlineData(InstructionSets.Avx512)]
    [InlineData(InstructionSets.Avx2)]
    public void Inner_loops_keep_their_vectors_in_registers(string? without)
    {
        Assert.SkipUnless(Avx2.IsSupported, "Only machine code for x86-64 with AVX2 is understood, which this process does not run.");
        IReadOnlyList<Disassembly> methods = Compile(without);
        List<string> spills = [], spillingSamples = [];
        var seen = new HashSet<string>();
        foreach (Disassembly method in methods.Where(m => m.IsOptimised))
        {
            foreach (IReadOnlyList<string> loop in method.InnermostVectorLoops())
            {
                seen.Add(method.Type);
                seen.Add(method.Name);
                IReadOnlyList<string> accesses = method.StackAccesses(loop);
                report.WriteLine($"{method.Method}: loop of {loop.Count} lines, {accesses.Count} with vectors on the stack");
                if (accesses.Count > 0)
                    (method.Type == nameof(SpillSamples) ? spillingSamples : spills).Add($"{method.Method}: {string.Join("; ", accesses)}");
            }
        }

        Assert.Empty(spills);
        // Else a renamed type, or a listing that looks different, would let everything pass.
        Assert.Superset(new HashSet<string> { "GemmTile", "GradientTile", "WinogradGemm", "WinogradBlock", "WinogradSums", "WinogradPacking" }, seen);
        if (without == InstructionSets.Avx2)
            Assert.Superset(new HashSet<string> { "GemmTile:Run6x8Narrow", "GradientTile:Run8Narrow", "WinogradGemm:Run6x8Narrow", "WinogradSums:Add8Narrow" }, seen);
        Assert.Contains(spillingSamples, s => s.Contains(nameof(SpillSamples.AcrossACall), StringComparison.Ordinal));
        if (without != null)
            Assert.Contains(spillingSamples, s => s.Contains(nameof(SpillSamples.TwentySums), StringComparison.Ordinal));
        Assert.DoesNotContain(spillingSamples, s => s.Contains(nameof(SpillSamples.TwoSums), StringComparison.Ordinal));
    }

    /// <summary>What the process above is started for: the JIT compiles and lists the kernels' methods.</summary>
    [Fact]
    public void Methods_of_kernels_can_be_compiled_ahead()
    {
        const BindingFlags All = BindingFlags.DeclaredOnly | BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        MethodInfo[] methods =
        [
            .. typeof(CpuDevice).Assembly.GetTypes().Where(t => t.Namespace == typeof(CpuDevice).Namespace).Append(typeof(SpillSamples))
                .Where(t => !t.IsGenericTypeDefinition)
                .SelectMany(t => t.GetMethods(All))
                .Where(m => m.MethodImplementationFlags.HasFlag(MethodImplAttributes.AggressiveOptimization) && !m.IsGenericMethodDefinition)
                .Where(m => m.DeclaringType == typeof(SpillSamples) || HasRegistersFor(m.GetMethodBody()!.LocalVariables)),
        ];

        foreach (MethodInfo method in methods)
            RuntimeHelpers.PrepareMethod(method.MethodHandle);

        Assert.InRange(methods.Length, 20, 1000);
    }

    /// <summary>Without such registers, or so many, nothing calls a method that has such variables, and of course it spills.</summary>
    private static bool HasRegistersFor(IEnumerable<LocalVariableInfo> variables) => variables.All(v =>
        v.LocalType == typeof(Vector512<float>) ? Vector512.IsHardwareAccelerated
        : v.LocalType == typeof(Vector256<float>) ? Vector256.IsHardwareAccelerated
        : v.LocalType.Name != "NarrowSums16" || AdvSimd.Arm64.IsSupported);

    private static IReadOnlyList<Disassembly> Compile(string? without)
    {
        string listing = Path.GetTempFileName();
        try
        {
            var environment = new Dictionary<string, string>
            {
                ["DOTNET_TieredCompilation"] = "0",
                ["DOTNET_JitDisasm"] = $"{Kernels} {Samples}",
                ["DOTNET_JitStdOutFile"] = listing,
            };
            if (without != null)
                environment.Add(without, "0");
            TestProcess.Run(environment, "--filter-method", $"*{nameof(SpillTests)}.{nameof(Methods_of_kernels_can_be_compiled_ahead)}");
            return Disassembly.Read(File.ReadAllText(listing));
        }
        finally
        {
            File.Delete(listing);
        }
    }
}

/// <summary>Methods whose loops keep vectors on the stack, and one whose loop does not: what <see cref="SpillTests"/> must tell apart.</summary>
internal static class SpillSamples
{
    /// <summary>No vector register survives a call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float AcrossACall(int rounds)
    {
        Vector256<float> sum = Vector256.Create(0.5f), factor = Vector256.Create(0.25f);
        for (int i = 0; i < rounds; i++)
        {
            sum = Vector256.MultiplyAddEstimate(sum, factor, factor);
            Nothing();
        }

        return Vector256.Sum(sum);
    }

    /// <summary>Twenty sums, a factor and sixteen registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float TwentySums(int rounds)
    {
        var x = Vector256.Create(0.5f);
        Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x, m = x, n = x, o = x, p = x, q = x, r = x, s = x, t = x;
        for (int round = 0; round < rounds; round++)
        {
            (a, b, c, d) = (Next(a, x), Next(b, x), Next(c, x), Next(d, x));
            (e, f, g, h) = (Next(e, x), Next(f, x), Next(g, x), Next(h, x));
            (i, j, k, l) = (Next(i, x), Next(j, x), Next(k, x), Next(l, x));
            (m, n, o, p) = (Next(m, x), Next(n, x), Next(o, x), Next(p, x));
            (q, r, s, t) = (Next(q, x), Next(r, x), Next(s, x), Next(t, x));
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float TwoSums(int rounds)
    {
        var x = Vector256.Create(0.5f);
        Vector256<float> a = x, b = x;
        for (int round = 0; round < rounds; round++)
            (a, b) = (Next(a, x), Next(b, x));
        return Vector256.Sum(a + b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Next(Vector256<float> sum, Vector256<float> factor) => Vector256.MultiplyAddEstimate(sum, factor, factor);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Nothing()
    {
    }
}
