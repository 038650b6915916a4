using System.Runtime.InteropServices;

namespace FocalNet.Runtime.Weights;

/// <summary>Types of stored elements; names as in safetensors.</summary>
internal enum ElementType
{
    F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I64, I32, I16, I8, U64, U32, U16, U8, BOOL,
}

/// <summary>Sizes of element types and their conversion to float32.</summary>
internal static class ElementTypes
{
    /// <summary>Largest tensor, in elements: its float32 bytes must fit into one span.</summary>
    internal const int MaxElements = int.MaxValue / sizeof(float);

    internal static int Size(ElementType type) => type switch
    {
        ElementType.F64 or ElementType.I64 or ElementType.U64 => 8,
        ElementType.F32 or ElementType.I32 or ElementType.U32 => 4,
        ElementType.F16 or ElementType.BF16 or ElementType.I16 or ElementType.U16 => 2,
        _ => 1,
    };

    /// <summary>Product of non-negative extents, or null above <see cref="MaxElements"/>.</summary>
    internal static int? TryCount(IReadOnlyList<int> shape)
    {
        // A zero anywhere makes the tensor empty, however large the other extents are.
        if (shape.Contains(0)) return 0;
        long count = 1;
        foreach (var extent in shape)
        {
            count *= extent;
            if (count > MaxElements) return null;
        }
        return (int)count;
    }

    /// <summary>Converts little-endian elements; numbers that float32 cannot hold are rounded to the nearest.</summary>
    internal static void Decode(ElementType type, ReadOnlySpan<byte> source, Span<float> target)
    {
        switch (type)
        {
            case ElementType.F32: source.CopyTo(MemoryMarshal.AsBytes(target)); break;
            case ElementType.F64: Convert<double>(source, target, static value => (float)value); break;
            case ElementType.F16: Convert<Half>(source, target, static value => (float)value); break;
            case ElementType.BF16: Convert<ushort>(source, target, static value => BitConverter.UInt32BitsToSingle((uint)value << 16)); break;
            case ElementType.F8_E4M3: Convert<byte>(source, target, Float8.FromE4M3); break;
            case ElementType.F8_E5M2: Convert<byte>(source, target, Float8.FromE5M2); break;
            case ElementType.I64: Convert<long>(source, target, static value => value); break;
            case ElementType.I32: Convert<int>(source, target, static value => value); break;
            case ElementType.I16: Convert<short>(source, target, static value => value); break;
            case ElementType.I8: Convert<sbyte>(source, target, static value => value); break;
            case ElementType.U64: Convert<ulong>(source, target, static value => value); break;
            case ElementType.U32: Convert<uint>(source, target, static value => value); break;
            case ElementType.U16: Convert<ushort>(source, target, static value => value); break;
            case ElementType.U8: Convert<byte>(source, target, static value => value); break;
            case ElementType.BOOL: Convert<byte>(source, target, static value => value == 0 ? 0 : 1); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, null);
        }
    }

    /// <summary>The largest number that a type for storing weights holds.</summary>
    internal static float Largest(ElementType type) => type switch
    {
        ElementType.F16 => (float)Half.MaxValue,
        ElementType.F8_E4M3 => Float8.LargestE4M3,
        _ => float.MaxValue,
    };

    /// <summary>Converts to little-endian elements of 32, 16 or 8 bits, each rounded to the nearest.</summary>
    internal static byte[] Encode(ElementType type, ReadOnlySpan<float> source)
    {
        var bytes = new byte[source.Length * Size(type)];
        switch (type)
        {
            case ElementType.F32:
                MemoryMarshal.AsBytes(source).CopyTo(bytes);
                break;
            case ElementType.F16:
                var halves = MemoryMarshal.Cast<byte, Half>(bytes.AsSpan());
                for (var i = 0; i < source.Length; i++) halves[i] = (Half)source[i];
                break;
            case ElementType.F8_E4M3:
                for (var i = 0; i < source.Length; i++) bytes[i] = Float8.ToE4M3(source[i]);
                break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, null);
        }
        return bytes;
    }

    private static void Convert<T>(ReadOnlySpan<byte> source, Span<float> target, Func<T, float> convert)
        where T : unmanaged
    {
        var elements = MemoryMarshal.Cast<byte, T>(source);
        for (var i = 0; i < target.Length; i++) target[i] = convert(elements[i]);
    }
}
