using System.Text;
using FocalNet.Runtime.Cuda.Plans;
using FocalNet.Runtime.Plans;

namespace FocalNet.Cuda.Device.Tests.Support;

/// <summary>
/// A plan with one of everything: y = W′x for the channels of each pixel, where W′ = 3·W is packed by a Prepare step and x lies in a
/// wider buffer; the same by cuBLAS; y in bfloat16 by way of more shared memory than comes for free; and a state that counts runs.
/// </summary>
internal static class HandWrittenPlan
{
    public const int Inputs = 3, Outputs = 4;

    public const string Pack = """
        extern "C" __global__ void __launch_bounds__(32) Pack(const float* weights, float* packed, int images, int height, int width)
        {
            if (threadIdx.x < 12) packed[threadIdx.x] = 3.0f * weights[threadIdx.x];
        }
        """;

    public const string Apply = """
        extern "C" __global__ void __launch_bounds__(128) Apply(const float* x, const float* packed, float* y, int images, int height, int width)
        {
            for (int pixel = blockIdx.x * 128 + threadIdx.x; pixel < images * height * width; pixel += gridDim.x * 128)
                for (int o = 0; o < 4; o++)
                {
                    float sum = 0.0f;
                    for (int i = 0; i < 3; i++) sum += packed[o * 3 + i] * x[pixel * 5 + i];
                    y[pixel * 4 + o] = sum;
                }
        }
        """;

    // Through shared memory, and through the PTX table.
    public const string Narrow = """
        // y to bfloat16, and negated
        // templates: vectors.cu
        extern "C" __global__ void __launch_bounds__(64) Narrow(const float* y, bf16* half, int images, int height, int width)
        {
            extern __shared__ __align__(16) unsigned char dynamic_shared[];
            float* values = (float*)dynamic_shared + 64 * 4 * 40;
            int pixel = blockIdx.x * 64 + threadIdx.x;
            for (int c = 0; c < 4; c++) values[threadIdx.x * 4 + c] = pixel < images * height * width ? y[pixel * 4 + c] : 0.0f;
            __syncthreads();
            if (pixel < images * height * width)
                for (int c = 0; c < 8; c++) half[pixel * 8 + c].bits = float_to_bf16(c < 4 ? values[threadIdx.x * 4 + c] : -values[threadIdx.x * 4 + c - 4]);
        }
        """;

    public const string Count = """
        extern "C" __global__ void __launch_bounds__(32) Count(float* count, int images, int height, int width)
        {
            if (threadIdx.x == 0) *count += 1.0f;
        }
        """;

    private const string Text = """
        plan Hand.Written divisor 4 persistent 0
        arena --- 192
        arena NHW 272
        buffer 0 0 [1,12,1,1] float parameters
        buffer 0 64 [1,12,1,1] float packed
        buffer 0 128 [1,1,1,1] float count
        buffer 1 0 [N,5,H,W] float x and two more
        buffer 1 80 [N,4,H,W] float y
        buffer 1 144 [N,8,H,W] bf16 half
        buffer 1 208 [N,4,H,W] float product
        input [N,3,H,W] 3:1 x
        output [N,4,H,W] 4:0 y
        output [N,8,H,W] 5:0 half
        output [N,4,H,W] 6:0 product
        state [1,12,1,1] 0:0 0.25 parameters
        state [1,1,1,1] 2:0 0 count
        parameter 0 4x3 [4,3,1,1] 0 1 w
        kernel Pack 32 0
        kernel Apply 128 0
        kernel Narrow 64 65536
        kernel Count 32 0
        prepare 0 0:0;1:0 grid=1,1,1 packing
        step 1 3:1;1:0;4:0 grid=P:128<=4,1,1 the product
        step 2 4:0;5:0 grid=P:64,1,1 narrowing
        gemm f32 TN 1:0;3:1;6:0 m=4 n=P k=3 lda=3 ldb=5 ldc=4 sa=0 sb=0 sc=0 batch=1 alpha=1 beta=0 the same by cuBLAS
        step 3 2:0 grid=1,1,1 counting
        """;

    /// <summary>The plan, with some lines replaced and kernels given other texts.</summary>
    public static ExecutionPlan Make(Func<string, string>? change = null, params (string Name, string Text)[] kernels)
    {
        var sources = new Dictionary<string, string> { ["Pack"] = Pack, ["Apply"] = Apply, ["Narrow"] = Narrow, ["Count"] = Count };
        foreach ((string name, string text) in kernels)
            sources[name] = text;
        CudaPlan plan = CudaPlanText.Parse(
            Encoding.UTF8.GetBytes(change?.Invoke(Text) ?? Text),
            name => sources.TryGetValue(name, out string? text) ? () => Encoding.UTF8.GetBytes(text) : null);
        return new ExecutionPlan
        {
            Name = plan.Name,
            Divisor = plan.Divisor,
            Arenas = plan.Arenas,
            PersistentArena = plan.PersistentArena,
            Buffers = plan.Buffers,
            Inputs = plan.Inputs,
            Outputs = plan.Outputs,
            States = plan.States,
            Parameters = plan.Parameters,
            Prepare = [],
            Steps = [],
            Cuda = new CudaPlanSet(() => plan),
        };
    }

    /// <summary>W′x, [N, 4, H, W].</summary>
    public static float[] Expected(float[] weights, float[] x, RunSize size)
    {
        int pixels = size.Height * size.Width;
        var y = new float[size.Images * Outputs * pixels];
        for (int n = 0; n < size.Images; n++)
            for (int o = 0; o < Outputs; o++)
                for (int p = 0; p < pixels; p++)
                    for (int i = 0; i < Inputs; i++)
                        y[(((n * Outputs) + o) * pixels) + p] += 3 * weights[(o * Inputs) + i] * x[(((n * Inputs) + i) * pixels) + p];
        return y;
    }
}
