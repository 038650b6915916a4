using FocalNet.Cuda.Tests.Support;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Planning;
using FocalNet.Model;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>
/// Kernels that compute convolutions one after another or resample and compute what they read, as they are emitted for Tiny: every kind, for restoring and for training, in every form
/// of the products, at small, odd and tile-crossing sizes against the float64 interpreter.
/// </summary>
public sealed class EmittedChainTests(ITestOutputHelper output)
{
    // In units of the smallest picture, 4×4: that, odd numbers of it, and several tiles with something left over.
    private static readonly (int Images, int Height, int Width)[] _sizes = [(1, 1, 1), (2, 3, 5), (1, 5, 18)];

    [Theory]
    [InlineData("bf16", 80)]
    [InlineData("float32", 80)]
    [InlineData("float32", 75)]
    public void Agree_with_the_interpreter(string precision, int architecture)
    {
        Requires.Emulator();
        ElementType type = precision == "bf16" ? ElementType.BFloat16 : ElementType.Float32;
        EmittedKernelCase[] kernels = [.. Smallest(EmittedKernels.Of(NetworkCatalog.Find("Tiny"), type)).Distinct()];
        var modules = EmittedModules.Compile(kernels.Select(k => k.Kernel), EmulatorBuild.Checked, architecture);
        foreach (EmittedKernelCase kernel in kernels)
        {
            for (int i = 0; i < _sizes.Length; i++)
            {
                using var oracle = new KernelOracle(kernel, kernel.Size(_sizes[i].Images, _sizes[i].Height, _sizes[i].Width), seed: i, architecture);
                oracle.Check(modules[kernel.Kernel.Name], (ulong)i);
            }
        }
        string[] kinds = [.. kernels.SelectMany(k => k.Launch.Tasks).Select(KindOf).Where(k => k.Length > 0)];
        output.WriteLine($"{precision}, sm_{architecture}: {kernels.Length} kernels:\n{string.Join("\n", kinds.GroupBy(k => k).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"  {g.Count()} {g.Key}"))}");
        Assert.Empty(new[] { "moments", "Convolution of PlainPiece, UpsampledPiece", "Convolution of PlainPiece, ComputedPiece" }.Concat(Enum.GetNames<ChainKind>()).Except(kinds));
    }

    // Of each kind, for restoring and for training, the kernel that does least beside it.
    private static IEnumerable<EmittedKernelCase> Smallest(IReadOnlyList<EmittedKernelCase> kernels) => kernels
        .SelectMany(k => k.Launch.Tasks.Select(KindOf).Distinct().Select(kind => (Kernel: k, Kind: kind))).Where(p => p.Kind.Length > 0)
        .GroupBy(p => (p.Kind, p.Kernel.Plan)).Select(g => g.MinBy(p => p.Kernel.Launch.Tasks.Sum(t => t.Operands.Count)).Kernel);

    private static string KindOf(LaunchTask task) => task switch
    {
        ConvolutionChainTask chain => chain.Kind.ToString(),
        FinishMomentsTask => "moments",
        KernelTask { Pieces: { } pieces } kernel => $"{kernel.Group.Kind} of {string.Join(", ", pieces.Select(p => p.GetType().Name))}",
        _ => "",
    };
}
