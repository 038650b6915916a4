using System.Diagnostics.CodeAnalysis;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda.Plans;

/// <summary>Gives a generated kernel's CUDA C as UTF-8, without the templates that it names.</summary>
public delegate ReadOnlySpan<byte> CudaSource();

/// <summary>A generated CUDA kernel: a text, and what a launch of it needs.</summary>
/// <param name="Name">Its name, which is that of the function too.</param>
/// <param name="Threads">Threads of a block.</param>
/// <param name="SharedBytes">Bytes of dynamic shared memory of a block.</param>
/// <param name="Source">Its text.</param>
/// <param name="Alternative">
/// The same kernel with less shared memory, for devices that do not have as much; it is launched with the same grid.
/// </param>
public sealed record CudaKernel(string Name, int Threads, int SharedBytes, CudaSource Source, CudaKernel? Alternative = null);

/// <summary>One launch.</summary>
/// <param name="Views">Operands, in the order of the kernel's parameters; N, H and W of the run follow them.</param>
/// <param name="Name">Where it comes from in the network, for people.</param>
public abstract record CudaStep(ViewSpec[] Views, string Name);

/// <summary>A launch of a generated kernel.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Views">Operands, in the order of the kernel's parameters; N, H and W of the run follow them.</param>
/// <param name="Grid">Blocks.</param>
/// <param name="Name">Where it comes from in the network, for people.</param>
public sealed record CudaLaunchStep(CudaKernel Kernel, ViewSpec[] Views, LaunchGrid Grid, string Name) : CudaStep(Views, Name);

/// <summary>
/// Products of matrices by cuBLAS, C = α·op(A)·op(B) + β·C, as its function of the strided batch takes them: column-major, so that a
/// row-major product is asked for with its operands exchanged.
/// </summary>
/// <param name="Views">A, B and C, in float32.</param>
/// <param name="TransposeA">op(A) is Aᵀ.</param>
/// <param name="TransposeB">op(B) is Bᵀ.</param>
/// <param name="M">Rows of op(A) and C.</param>
/// <param name="N">Columns of op(B) and C.</param>
/// <param name="K">Columns of op(A), rows of op(B).</param>
/// <param name="LeadingA">Floats from a column of A to the next.</param>
/// <param name="LeadingB">Floats from a column of B to the next.</param>
/// <param name="LeadingC">Floats from a column of C to the next.</param>
/// <param name="StrideA">Floats from an A of the batch to the next; 0 is the same for all.</param>
/// <param name="StrideB">Floats from a B of the batch to the next; 0 is the same for all.</param>
/// <param name="StrideC">Floats from a C of the batch to the next.</param>
/// <param name="Batch">Number of products.</param>
/// <param name="Alpha">α.</param>
/// <param name="Beta">β.</param>
/// <param name="Name">Where it comes from in the network, for people.</param>
public sealed record CudaGemmStep(
    ViewSpec[] Views, bool TransposeA, bool TransposeB, LaunchExtent M, LaunchExtent N, LaunchExtent K,
    LaunchExtent LeadingA, LaunchExtent LeadingB, LaunchExtent LeadingC,
    LaunchExtent StrideA, LaunchExtent StrideB, LaunchExtent StrideC, LaunchExtent Batch, float Alpha, float Beta, string Name) : CudaStep(Views, Name);

/// <summary>A compiled graph for CUDA devices, in one precision. Immutable, shared by all executors.</summary>
public sealed class CudaPlan : PlanLayout
{
    /// <summary>A plan, to be filled by its initialisers.</summary>
    public CudaPlan()
    {
    }

    [SetsRequiredMembers]
    internal CudaPlan(PlanLayout layout, CudaKernel[] kernels, CudaStep[] prepare, CudaStep[] steps)
        : base(layout) => (Kernels, Prepare, Steps) = (kernels, prepare, steps);

    /// <summary>All kernels, each once.</summary>
    public required CudaKernel[] Kernels { get; init; }

    /// <summary>Steps that depend on parameters alone; run once after the parameters changed from outside.</summary>
    public required CudaStep[] Prepare { get; init; }

    /// <summary>Steps of a run, in order.</summary>
    public required CudaStep[] Steps { get; init; }
}

/// <summary>The CUDA plans of one graph, made at the first use of each.</summary>
/// <param name="float32">Makes the plan that stores and computes in float32.</param>
/// <param name="bfloat16">Makes the plan that stores activations and weights in bfloat16; null if the graph has none.</param>
public sealed class CudaPlanSet(Func<CudaPlan> float32, Func<CudaPlan>? bfloat16 = null)
{
    private readonly Lazy<CudaPlan> _float32 = new(float32);
    private readonly Lazy<CudaPlan?> _bfloat16 = new(() => bfloat16?.Invoke());

    /// <summary>Stores and computes in float32.</summary>
    public CudaPlan Float32 => _float32.Value;

    /// <summary>Stores activations and weights in bfloat16, adds in float32; null if the graph has no such plan.</summary>
    public CudaPlan? BFloat16 => _bfloat16.Value;
}
