using System.Runtime.InteropServices;

namespace FocalNet.Tests.Cuda.Fake;

/// <summary>What tests change and ask of the false driver in their own process. In child processes FAKE_CUDA_… variables do it.</summary>
public static unsafe class FakeDriver
{
    private static readonly Lazy<nint> Library = new(() => NativeLibrary.Load(Path.Combine(FakeLibraries.Folder, FakeLibraries.Driver)));

    /// <summary>Sets devices, capability (90 is sm_90), memory (bytes), shared (bytes a block), or lost (every call's result from now on).</summary>
    public static void Set(string name, long value)
    {
        fixed (byte* text = Utf8(name))
            ((delegate* unmanaged<byte*, long, void>)Export("fake_cuda_set"))(text, value);
    }

    /// <summary>
    /// What is in use (memory, allocations, streams, graphs, modules, events, contexts), or how often a function was called since
    /// <see cref="Reset"/>.
    /// </summary>
    public static long Get(string name)
    {
        fixed (byte* text = Utf8(name))
            return ((delegate* unmanaged<byte*, long>)Export("fake_cuda_get"))(text);
    }

    /// <summary>Makes a call of a function fail: the next is number 1.</summary>
    public static void Fail(string function, int number, int result)
    {
        fixed (byte* text = Utf8(function))
            ((delegate* unmanaged<byte*, long, int, void>)Export("fake_cuda_fail"))(text, number, result);
    }

    /// <summary>Takes back faults, a lost device, and the counts of calls.</summary>
    public static void Reset() => ((delegate* unmanaged<void>)Export("fake_cuda_reset"))();

    private static nint Export(string name) => NativeLibrary.GetExport(Library.Value, name);

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text + '\0');
}
