using System.Runtime.InteropServices;

namespace FocalNet.Runtime.Cpu;

/// <summary>
/// Native memory for tensors, on pages of 2 MiB where the system grants them: a tile of a convolution touches rows that are
/// tens of kilobytes apart, and with pages of 4 KiB each of them costs a walk through the page table.
/// </summary>
internal static unsafe partial class NativePages
{
    private const nuint SmallAlignment = 64, LargePage = 2 << 20;

    // MADV_HUGEPAGE of Linux's madvise.
    private const int AdviseHugePages = 14;

    // Whether the C library was found to have madvise; asked at most once in vain.
    private static volatile bool canAdvise = OperatingSystem.IsLinux();

    /// <summary>Memory with undefined contents, aligned to cache lines at least; to be freed by <see cref="Free"/>.</summary>
    /// <param name="floats">How many.</param>
    /// <exception cref="OutOfMemoryException">The system has none.</exception>
    public static float* Allocate(nuint floats)
    {
        nuint bytes = checked(floats * sizeof(float));
        if (!canAdvise || bytes < LargePage)
            return (float*)NativeMemory.AlignedAlloc(bytes, SmallAlignment);
        // To the end of the last large page, so that nothing else lies on it.
        bytes = checked(bytes + LargePage - 1) / LargePage * LargePage;
        float* memory = (float*)NativeMemory.AlignedAlloc(bytes, LargePage);
        try
        {
            // A wish: where it is not granted, memory is as it would have been.
            _ = Advise(memory, bytes, AdviseHugePages);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            canAdvise = false;
        }

        return memory;
    }

    /// <summary>Frees memory; null is nothing.</summary>
    public static void Free(float* memory) => NativeMemory.AlignedFree(memory);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
