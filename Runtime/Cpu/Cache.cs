using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FocalNet.Runtime.Cpu;

/// <summary>Hints to the processor's caches; they never change a result.</summary>
public static unsafe class Cache
{
    /// <summary>Floats of a cache line.</summary>
    public const int LineFloats = 16;

    /// <summary>Asks for the cache line of an address, which need not be valid, into the second-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch1(address);
    }
}
