using System.Runtime.Intrinsics;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cpu;

/// <summary>Steps bound to a run size: every pointer resolved, so that running them allocates and decides nothing.</summary>
internal sealed unsafe class CpuProgram
{
    /// <summary>Chunks of a step that must give the same partial sums whatever the threads.</summary>
    private const int FixedChunks = 64;

    /// <summary>Elements below which handing work to other threads costs more than doing it.</summary>
    private const int SmallElements = 2048;

    /// <summary>
    /// A thread's share is cut into so many chunks at most, of so many elements at least, of which another thread takes the last ones if this one is
    /// held up: on a shared machine that happens, and a kernel ends when its slowest thread does (docs/benchmarks/cpu-kernels.md).
    /// </summary>
    private const int MostChunksOfShare = 8, ChunkElements = 16384;

    private readonly WorkerPool pool;
    private readonly StepSpec[] steps;
    private readonly BoundReduction[][] reductions;
    private readonly int[] chunks, chunksOfShare;

    // On the pinned heap: kernels hold addresses into them.
    private readonly KernelArguments[] arguments;
    private readonly nint[] pointers;
    private readonly int[] strides;

    public CpuProgram(StepSpec[] steps, ExecutionPlan plan, CpuMemory memory, RunSize size, WorkerPool pool, bool strict)
    {
        this.steps = steps;
        this.pool = pool;
        int operands = steps.Sum(s => s.Views.Length + s.Reductions.Length);
        arguments = GC.AllocateArray<KernelArguments>(Math.Max(1, steps.Length), pinned: true);
        pointers = GC.AllocateArray<nint>(Math.Max(1, operands), pinned: true);
        strides = GC.AllocateArray<int>(Math.Max(1, operands), pinned: true);
        reductions = new BoundReduction[steps.Length][];
        (chunks, chunksOfShare) = (new int[steps.Length], new int[steps.Length]);
        int next = 0;
        for (int i = 0; i < steps.Length; i++)
        {
            StepSpec step = steps[i];
            (chunks[i], chunksOfShare[i]) = Cut(step, size, pool.Threads);
            arguments[i] = Extents(step, size);
            arguments[i].Strict = strict;
            arguments[i].Buffers = (float**)Address(pointers, next);
            arguments[i].Pitches = (int*)Address(strides, next);
            foreach (ViewSpec view in step.Views)
            {
                pointers[next] = (nint)memory.Address(view, size);
                strides[next++] = plan.Buffers[view.Buffer].Shape.C;
            }

            arguments[i].Partials = (float**)Address(pointers, next);
            arguments[i].PartialStrides = (int*)Address(strides, next);
            reductions[i] = new BoundReduction[step.Reductions.Length];
            float* partials = memory.Partials;
            for (int r = 0; r < step.Reductions.Length; r++)
            {
                ReductionSpec reduction = step.Reductions[r];
                int stride = PartialStride(reduction, size);
                reductions[i][r] = new BoundReduction(
                    reduction.Kind, partials, stride, chunks[i], memory.Address(reduction.Output, size), (int)reduction.Shape.Elements(size));
                pointers[next] = (nint)partials;
                strides[next++] = stride;
                partials += (nint)stride * chunks[i];
            }
        }
    }

    /// <summary>Number of steps.</summary>
    public int Count => steps.Length;

    /// <summary>Floats that the partial results of any one step need.</summary>
    public static long PartialFloats(StepSpec[] steps, RunSize size) =>
        steps.Length == 0 ? 0 : steps.Max(s => s.Reductions.Sum(r => (long)PartialStride(r, size)) * Cut(s, size, 1).Chunks);

    /// <summary>Runs one step.</summary>
    public void Run(int step)
    {
        foreach (ref readonly BoundReduction reduction in reductions[step].AsSpan())
            reduction.Clear();
        pool.Run(steps[step].Kernel.Entry, (KernelArguments*)Address(arguments, step), chunks[step], chunksOfShare[step]);
        foreach (ref readonly BoundReduction reduction in reductions[step].AsSpan())
            reduction.Combine();
    }

    /// <summary>
    /// Into how many chunks a step is cut, and how many of them are a thread's share. Partial results are cut by the rows of the domain alone,
    /// never by the threads. A domain of one row is cut by pixels or elements, and a chunk that finds nothing to do leaves neutral elements.
    /// </summary>
    private static (int Chunks, int OfShare) Cut(StepSpec step, RunSize size, int threads)
    {
        if (step.Chunking == Chunking.Single)
            return (1, 1);
        if (step.Chunking == Chunking.Fixed || step.Reductions.Length > 0)
        {
            long rows = (long)step.Domain.N.At(size) * step.Domain.H.At(size);
            return (rows <= 1 ? FixedChunks : (int)Math.Min(FixedChunks, rows), 1);
        }

        long elements = Math.Max(step.Domain.Elements(size), step.Input.Elements(size));
        if (elements < SmallElements || threads == 1)
            return (1, 1);
        int ofShare = step.Chunking == Chunking.Fine ? (int)Math.Clamp(elements / threads / ChunkElements, 1, MostChunksOfShare) : 1;
        return (threads * ofShare, ofShare);
    }

    private static int PartialStride(ReductionSpec reduction, RunSize size) => checked((int)((reduction.Shape.Elements(size) + 15) / 16 * 16));

    private static KernelArguments Extents(StepSpec step, RunSize size) => new()
    {
        Images = step.Domain.N.At(size),
        Height = step.Domain.H.At(size),
        Width = step.Domain.W.At(size),
        Channels = step.Domain.C,
        InputHeight = step.Input.H.At(size),
        InputWidth = step.Input.W.At(size),
        RunImages = size.Images,
        RunHeight = size.Height,
        RunWidth = size.Width,
    };

    private static void* Address<T>(T[] pinned, int index)
        where T : unmanaged
    {
        // One past the end is a valid address of nothing.
        fixed (T* first = pinned)
            return first + index;
    }

    /// <summary>A chunked reduction at a run size.</summary>
    private readonly struct BoundReduction(ReductionKind kind, float* partials, int stride, int chunks, float* output, int elements)
    {
        public void Clear() => new Span<float>(partials, checked(stride * chunks)).Fill(kind == ReductionKind.Sum ? 0f : float.NegativeInfinity);

        /// <summary>Combines in chunk order; sums in double, since 64 equal parts are where float loses digits.</summary>
        public void Combine()
        {
            for (int i = 0; i < elements; i += 8)
            {
                Vector256<float> result = kind == ReductionKind.Sum ? Sum(partials + i) : Max(partials + i);
                for (int j = 0; j < Math.Min(8, elements - i); j++)
                    output[i + j] = result.GetElement(j);
            }
        }

        private Vector256<float> Sum(float* from)
        {
            Vector256<double> low = default, high = default;
            for (int chunk = 0; chunk < chunks; chunk++, from += stride)
            {
                var (l, h) = Vector256.Widen(Vector256.Load(from));
                low += l;
                high += h;
            }

            return Vector256.Narrow(low, high);
        }

        private Vector256<float> Max(float* from)
        {
            var result = Vector256.Load(from);
            for (int chunk = 1; chunk < chunks; chunk++)
                result = Vector256.Max(result, Vector256.Load(from + ((nint)chunk * stride)));
            return result;
        }
    }
}
