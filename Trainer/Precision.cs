namespace FocalNet.Trainer;

/// <summary>How closely arithmetic keeps to its definition.</summary>
internal enum Precision
{
    /// <summary>The fastest whose results differ in the last digits alone: <see cref="Fast"/>.</summary>
    Default,

    /// <summary>Convolutions by their definition alone.</summary>
    Strict,

    /// <summary>float32 with Winograd's algorithm on the processor, by three TF32 products on a CUDA device.</summary>
    Fast,

    /// <summary>bfloat16 in memory; CUDA devices only.</summary>
    Bf16,
}
