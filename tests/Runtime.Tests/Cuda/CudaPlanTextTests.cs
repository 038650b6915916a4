using System.Text;
using FocalNet.Runtime.Cuda.Plans;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Tests.Cuda;

public sealed class CudaPlanTextTests
{
    private const string Text = """
        plan Small.Inference divisor 4 persistent 0
        arena --- 288
        arena NHW 512
        buffer 0 0 [1,27,1,1] float parameters
        buffer 1 0 [N,32,H/2,W/2] bf16 conv
        buffer 1 16 [N,3,H,W] float image
        input [N,3,H,W] 2:0 image
        output [N,3,H,W] 2:0 restored
        state [1,27,1,1] 0:0 0 parameters
        parameter 0 3x9 [3,9,1,1] 0 0.5 w
        kernel Pack_1 256 0
        kernel Large_2 128 98304 or Small_3 128 49152
        prepare 0 0:0;1:8 grid=36,1,1 w of layer 1
        step 1 2:0;0:0;1:16 grid=H/2:16*W/2:32,N,1 first one
        gemm f32 NT 1:0;2:0;0:0 m=W n=64 k=W/2 lda=W ldb=64 ldc=W sa=0 sb=W*64 sc=W*64 batch=N*H alpha=1 beta=0.5 a name
        """;

    [Fact]
    public void A_plan_is_what_its_text_says()
    {
        CudaPlan plan = Parse(Text);

        Assert.Equal(("Small.Inference", 4, 0), (plan.Name, plan.Divisor, plan.PersistentArena));
        Assert.Equal([ElementType.Float32, ElementType.BFloat16, ElementType.Float32], plan.Buffers.Select(b => b.Element));
        Assert.Equal(2, plan.Buffers[1].ElementBytes);
        Assert.Equal("image", plan.Inputs.Single().Name);
        Assert.Equal("w", plan.Parameters.Single().Name);
        Assert.Equal(["Pack_1", "Large_2"], plan.Kernels.Select(k => k.Name));
        Assert.Equal(("Small_3", 128, 49152), (plan.Kernels[1].Alternative!.Name, plan.Kernels[1].Alternative!.Threads, plan.Kernels[1].Alternative!.SharedBytes));
        Assert.Equal("text of Small_3", Encoding.UTF8.GetString(plan.Kernels[1].Alternative!.Source()));

        var prepare = Assert.IsType<CudaLaunchStep>(Assert.Single(plan.Prepare));
        Assert.Equal((plan.Kernels[0], "w of layer 1", "36,1,1"), (prepare.Kernel, prepare.Name, prepare.Grid.ToString()));
        Assert.Equal([new ViewSpec(0, 0), new ViewSpec(1, 8)], prepare.Views);
        var step = Assert.IsType<CudaLaunchStep>(plan.Steps[0]);
        Assert.Equal((plan.Kernels[1], "first one", "H/2:16*W/2:32,N,1"), (step.Kernel, step.Name, step.Grid.ToString()));
        var gemm = Assert.IsType<CudaGemmStep>(plan.Steps[1]);
        Assert.Equal((false, true, "W/2", "W*64", "N*H", 1f, 0.5f, "a name"),
            (gemm.TransposeA, gemm.TransposeB, gemm.K.ToString(), gemm.StrideB.ToString(), gemm.Batch.ToString(), gemm.Alpha, gemm.Beta, gemm.Name));
    }

    [Theory]
    [InlineData("36", 36)]
    [InlineData("N", 2)]
    [InlineData("H", 40)]
    [InlineData("H:16", 3)]
    [InlineData("W/2:32", 1)]
    [InlineData("H/4:10*W/4:3*N", 1 * 4 * 2)]
    [InlineData("P:256", 2 * 40 * 44 / 256 + 1)]
    [InlineData("P/4:1", 2 * 10 * 11)]
    [InlineData("P*8<=1024", 1024)]
    [InlineData("N*3<=1024", 6)]
    [InlineData("P/2:64*2+P/4:64*2+36", (14 * 2) + (4 * 2) + 36)]
    [InlineData("N+N*2+1<=6", 6)]
    [InlineData("H:8*W:4>=55|H:8", 5 * 11)]
    [InlineData("1+H:8*W:4>=56|H:8*2", 1 + (5 * 2))]
    public void Extents_follow_the_run_size(string text, long expected)
    {
        LaunchExtent extent = CudaPlanText.ParseExtent(text);

        Assert.Equal(expected, extent.At(new RunSize(2, 40, 44)));
        Assert.Equal(expected, CudaPlanText.ParseExtent(extent.ToString()).At(new RunSize(2, 40, 44)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Q")]
    [InlineData("H/0")]
    [InlineData("H:0")]
    [InlineData("H2")]
    [InlineData("H/2:")]
    [InlineData("-1")]
    [InlineData("N*")]
    [InlineData("N+")]
    [InlineData("N<=0")]
    [InlineData("N<=")]
    [InlineData("N>=4")]
    [InlineData("N|H")]
    [InlineData("N|H>=4")]
    [InlineData("N>=0|H")]
    public void Extents_that_make_no_sense_are_refused(string text) => Assert.Throws<FormatException>(() => CudaPlanText.ParseExtent(text));

    [Fact]
    public void An_extent_beyond_all_numbers_overflows_rather_than_wraps() =>
        Assert.Throws<OverflowException>(() => CudaPlanText.ParseExtent("P*2147483647").At(new RunSize(int.MaxValue, int.MaxValue, 4)));

    [Theory]
    [InlineData("buffer 1 0 [N,32,H,W] conv", "conv")]
    [InlineData("kernel A 256", "or")]
    [InlineData("kernel A 0 0", "'0'")]
    [InlineData("kernel A 256 0 and B 256 0", "or")]
    [InlineData("kernel Unknown 256 0", "Unknown")]
    [InlineData("step 7 0:0 grid=1,1,1 x", "step 7")]
    [InlineData("step 0 0:0 grid=1,1 x", "grid=x,y,z")]
    [InlineData("step 0 0:0 1,1,1 x", "grid=x,y,z")]
    [InlineData("gemm f16 NN 0:0;0:0;0:0 m=1 n=1 k=1 lda=1 ldb=1 ldc=1 sa=0 sb=0 sc=0 batch=1 alpha=1 beta=0 x", "f32")]
    [InlineData("gemm f32 NN 0:0;0:0 m=1 n=1 k=1 lda=1 ldb=1 ldc=1 sa=0 sb=0 sc=0 batch=1 alpha=1 beta=0 x", "A, B and C")]
    [InlineData("gemm f32 NN 0:0;0:0;0:0 m=1 k=1 n=1 lda=1 ldb=1 ldc=1 sa=0 sb=0 sc=0 batch=1 alpha=1 beta=0 x", "'n='")]
    [InlineData("launch 0", "launch")]
    public void A_line_that_makes_no_sense_is_named(string line, string part)
    {
        var error = Assert.Throws<FormatException>(() => Parse(Text + "\n" + line));

        Assert.StartsWith("Line 16 of the plan makes no sense: " + line, error.Message);
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public void Plans_of_a_set_are_made_once_and_not_before_they_are_used()
    {
        int made = 0;
        var set = new CudaPlanSet(() =>
        {
            made++;
            return Parse(Text);
        });

        Assert.Equal(0, made);
        Assert.Same(set.Float32, set.Float32);
        Assert.Null(set.BFloat16);
        Assert.Equal(1, made);
    }

    private static CudaPlan Parse(string text) =>
        CudaPlanText.Parse(Encoding.UTF8.GetBytes(text), name => name == "Unknown" ? null : () => Encoding.UTF8.GetBytes("text of " + name));
}
