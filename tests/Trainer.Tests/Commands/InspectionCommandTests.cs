using FocalNet.Runtime.Cuda;
using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Trainer.Commands;

namespace FocalNet.Trainer.Tests.Commands;

public sealed class InspectionCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Describe_prints_the_figures_beside_the_papers()
    {
        var outcome = Shell.Run("describe", "dehaze");
        outcome.RequireSuccess();
        Assert.All(["3,741,532", "27,307,220,992", "30.630", "3.74", "30.63"], figure => Assert.Contains(figure, outcome.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("Deblur", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_takes_a_size_and_refuses_nonsense()
    {
        // Twice the pixels of 256×256, twice the work.
        Assert.Contains("54,614,441,984", Shell.Run("describe", "dehaze", "--size", "256x512").Output, StringComparison.Ordinal);
        Shell.Run("describe", "--size", "255x255").RequireFailure(ExitCodes.Usage, "'255x255'", "multiples of 4");
        Shell.Run("describe", "--size", "big").RequireFailure(ExitCodes.Usage, "'big'");
    }

    [Fact]
    public void Kernels_are_listed_with_what_fusion_saved_and_can_be_shown()
    {
        var list = Shell.Run("kernels", "list", "Tiny", "--mode", "training");
        list.RequireSuccess();
        Assert.Contains("MB moved instead of", list.Output, StringComparison.Ordinal);
        Assert.Contains("saved", list.Output, StringComparison.Ordinal);
        var name = list.Output.Split('\n').Select(line => line.Trim().Split(' ')[0]).First(word => word.StartsWith("Convolution", StringComparison.Ordinal));
        var show = Shell.Run("kernels", "show", name, "--network", "Tiny", "--mode", "training");
        show.RequireSuccess();
        Assert.Contains("// conv", show.Output, StringComparison.Ordinal);
        Shell.Run("kernels", "show", "convolve", "--network", "Tiny").RequireFailure(ExitCodes.Failure, "'convolve'", "kernels list");
    }

    [Fact]
    public void Dump_writes_kernels_plan_ir_fusion_and_memory()
    {
        Shell.Run("kernels", "dump", _folder["dump"], "Tiny").RequireSuccess();
        foreach (var mode in new[] { "inference", "training" })
        {
            Assert.All(["summary.txt", "ir.txt", "passes.txt", "fusion.txt", "plan.txt", "memory.txt", "cuda.txt", "launches.txt"],
                name => Assert.NotEqual(0, new FileInfo(Path.Combine(_folder["dump"], mode, name)).Length));
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(_folder["dump"], mode, "kernels"), "*.cs"));
        }
    }

    [Fact]
    public void Kernels_are_compiled_to_machine_code_without_a_GPU()
    {
        // Wherever NVRTC is missing it is named, with what to install.
        var outcome = Shell.Run("kernels", "compile", "Tiny", "--architecture", "80", "--precision", "bf16", "--out", _folder["cubin"]);
        if (CudaDiagnosis.Collect().Libraries.Single(library => library.Library == CudaLibrary.Nvrtc).Path is null)
        {
            outcome.RequireFailure(ExitCodes.Failure, "sm_80", "NVRTC", "Install the CUDA toolkit");
            return;
        }

        outcome.RequireSuccess();
        Assert.Contains("kernels for sm_80 by NVRTC", outcome.Output, StringComparison.Ordinal);
        var files = Directory.GetFiles(_folder["cubin"], "*.cubin");
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.Contains("  " + Path.GetFileNameWithoutExtension(file), outcome.Output, StringComparison.Ordinal));
        Shell.Run("kernels", "compile", "Tiny", "--architecture", "70").RequireFailure(ExitCodes.Failure, "sm_70", "7.5 at least");
        Shell.Run("kernels", "compile", "Tiny", "--architecture", "999").RequireFailure(ExitCodes.Failure, "sm_999", "makes no machine code");
    }
}
