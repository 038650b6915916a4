using FocalNet.Cuda.Tests.Support;
using FocalNet.Tests.Cuda;

namespace FocalNet.Cuda.Tests.Templates;

/// <summary>The instances that the templates' tests run become PTX for every card that has what they need, with nothing in local memory.</summary>
public sealed class TemplatePtxTests
{
    /// <summary>Group of texts, strict, architecture; bf16 needs sm_80.</summary>
    public static TheoryData<string, bool, int> Texts
    {
        get
        {
            var data = new TheoryData<string, bool, int>();
            foreach (string name in All.Keys)
                foreach (int architecture in ClangPtx.Architectures)
                {
                    bool brain = name.Contains("bf16", StringComparison.Ordinal);
                    if (architecture >= 80 || !brain) data.Add(name, false, architecture);
                    // Strict float is what sm_75 computes anyway; on the others it is one text.
                    if (architecture == 80 && !brain) data.Add(name, true, architecture);
                }
            return data;
        }
    }

    private static readonly Dictionary<string, Func<bool, string>> All = new()
    {
        ["convolution bf16"] = _ => DenseConvolutionTests.TextOf("bf16"),
        ["convolution bf16 adjoint"] = _ => DenseConvolutionTests.TextOf("bf16 adjoint"),
        ["convolution bf16 large"] = _ => DenseConvolutionTests.TextOf("large bf16"),
        ["convolution float"] = strict => DenseConvolutionTests.TextOf("float", strict),
        ["weight gradient bf16"] = _ => WeightGradientTests.TextOf("bf16"),
        ["weight gradient float"] = strict => WeightGradientTests.TextOf("float", strict),
        ["few channels bf16"] = _ => FewChannelGradientTests.TextOf("bf16"),
        ["few channels float"] = strict => FewChannelGradientTests.TextOf("float", strict),
        ["halo bf16"] = _ => ChainTests.TextOf("halo bf16"),
        ["halo float"] = strict => ChainTests.TextOf("halo float", strict),
        ["residual bf16"] = _ => ChainTests.TextOf("residual bf16"),
        ["residual bf16 large"] = _ => ChainTests.TextOf("residual bf16 large"),
        ["residual float"] = strict => ChainTests.TextOf("residual float", strict),
        ["picture bf16"] = _ => ChainTests.TextOf("picture bf16"),
        ["picture float"] = strict => ChainTests.TextOf("picture float", strict),
        ["up bf16"] = _ => ChainTests.TextOf("up bf16"),
        ["up tiles"] = _ => ChainTests.TextOf("up tiles"),
        ["strided bf16"] = _ => ChainTests.TextOf("strided bf16"),
        ["strided float"] = strict => ChainTests.TextOf("strided float", strict),
        ["up float"] = strict => ChainTests.TextOf("up float", strict),
        ["scm bf16"] = _ => ChainTests.TextOf("scm bf16"),
        ["scm float"] = strict => ChainTests.TextOf("scm float", strict),
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_template_compiles_to_PTX_without_faults(string name, bool strict, int architecture)
    {
        Requires.Clang();
        PtxReport report = ClangPtx.Compile(All[name](strict), architecture);
        Assert.Empty(report.Faults());
        // All shared memory is dynamic: the tile's size is the launch's.
        Assert.All(report.Kernels, kernel => Assert.Equal(0, kernel.SharedBytes));
    }
}
