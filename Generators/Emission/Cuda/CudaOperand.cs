using FocalNet.Graph;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>What the text of a kernel knows of an operand before it runs.</summary>
/// <param name="Type">Element type in CUDA C.</param>
/// <param name="Pitch">Elements from pixel to pixel.</param>
/// <param name="Alignment">Elements of which every pixel's address is a multiple; a power of two.</param>
internal sealed record CudaOperand(string Type, int Pitch, int Alignment)
{
    // Buffers begin at multiples of 64 bytes.
    private const int LargestAlignment = 16;

    /// <summary>Reads an operand's place.</summary>
    public static CudaOperand Of(TaskOperand operand)
    {
        PlannedBuffer buffer = operand.Place.Buffer;
        long start = operand.Place.Channel;
        for (PlannedBuffer part = buffer; part.Whole is not null; part = part.Whole)
            start += part.OffsetInWhole;
        int pitch = buffer.Shape.C, alignment = LargestAlignment;
        while (start % alignment != 0 || pitch % alignment != 0)
            alignment /= 2;
        return new CudaOperand(buffer.Root.Type == ElementType.BFloat16 ? "bf16" : "float", pitch, alignment);
    }

    /// <summary>As template arguments: pitch, alignment, type.</summary>
    public string Arguments => $"{Text.Of(Pitch)}, {Text.Of(Alignment)}, {Type}";
}
