using System.Runtime.InteropServices;

namespace FocalNet.Tests.Cuda;

// The structures of Native/runtime.h and Native/kernel_entry.h, field by field.

[StructLayout(LayoutKind.Sequential)]
internal struct NativeCell
{
    internal ulong Write, Read;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeBuffer
{
    internal ulong Address, Bytes;
    internal NativeCell* Shadow;
    internal ulong Initialised;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeRange
{
    internal ulong Offset, Bytes;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeKernel
{
    internal void* Invoke;
    internal byte* Signature;
    internal uint* Sizes;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeError
{
    internal int Kind, Line, Thread, Other, IsWrite, Region;
    internal fixed uint Block[3];
    internal uint Size;
    internal ulong Index, Offset, Address, Pc;
    internal fixed byte Detail[256];
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeLaunch
{
    internal NativeKernel* Kernel;
    internal void** Arguments;
    internal fixed uint Grid[3];
    internal fixed uint Block[3];
    internal uint RangeCount, Checked;
    internal ulong Seed;
    internal NativeBuffer* Buffers;
    internal NativeRange* Ranges;
    internal ulong BufferCount, Time, Threads, Barriers, Collectives, Accesses;
    internal NativeError Error;
}
