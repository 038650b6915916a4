using System.Runtime.InteropServices;

namespace FocalNet.Tests.Cuda;

/// <summary>The arguments of a launch in native memory: an array of pointers to values, as cuLaunchKernel takes them.</summary>
internal sealed unsafe class ArgumentBlock : IDisposable
{
    private const int Slot = 16;
    private readonly byte* _values;

    internal ArgumentBlock(KernelLaunch launch, string signature, uint* sizes)
    {
        var arguments = launch.Arguments;
        if (arguments.Count != signature.Length)
            throw CudaModule.Refused(launch, $"it takes {signature.Length} arguments, not {arguments.Count}");
        var total = 0;
        for (var i = 0; i < signature.Length; i++) total += Padded((int)sizes[i]);
        _values = (byte*)NativeMemory.AlignedAlloc((nuint)(total + Slot), Slot);
        Pointers = (void**)NativeMemory.Alloc((nuint)(signature.Length + 1), (nuint)sizeof(void*));
        var at = 0;
        for (var i = 0; i < signature.Length; i++)
        {
            var bytes = BytesOf(arguments[i], signature[i]);
            if (bytes is null || bytes.Length != sizes[i])
            {
                Dispose();
                throw CudaModule.Refused(launch, $"argument {i} is {TypeOf(signature[i], sizes[i])}, not a {arguments[i].GetType().Name}");
            }
            bytes.CopyTo(new Span<byte>(_values + at, bytes.Length));
            Pointers[i] = _values + at;
            at += Padded(bytes.Length);
        }
    }

    internal void** Pointers { get; }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_values);
        NativeMemory.Free(Pointers);
    }

    private static int Padded(int bytes) => (bytes + Slot - 1) / Slot * Slot;

    private static byte[]? BytesOf(object argument, char letter)
        => (letter, argument) switch
        {
            ('p', CudaBuffer buffer) => BitConverter.GetBytes((long)buffer.Address),
            ('p', CudaPointer { Buffer: null }) => BitConverter.GetBytes(0L),
            ('p', CudaPointer pointer) => BitConverter.GetBytes(pointer.Buffer.Address + pointer.Offset),
            ('i', int value) => BitConverter.GetBytes(value),
            ('u', uint value) => BitConverter.GetBytes(value),
            ('f', float value) => BitConverter.GetBytes(value),
            ('l', long value) => BitConverter.GetBytes(value),
            ('m', ulong value) => BitConverter.GetBytes(value),
            ('b', bool value) => BitConverter.GetBytes(value),
            ('s', byte[] value) => value,
            _ => null,
        };

    private static string TypeOf(char letter, uint size)
        => letter switch
        {
            'p' => "a pointer (CudaBuffer or CudaPointer)",
            'i' => "an int",
            'u' => "an unsigned (uint)",
            'f' => "a float",
            'l' => "a long long (long)",
            'm' => "an unsigned long long (ulong)",
            'b' => "a bool",
            _ => $"a struct of {size} bytes (byte[])",
        };
}
