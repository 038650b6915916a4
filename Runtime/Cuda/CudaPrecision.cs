namespace FocalNet.Runtime.Cuda;

/// <summary>How a CUDA device stores and computes.</summary>
public enum CudaPrecision
{
    /// <summary>
    /// float32; products of convolutions on tensor cores as three TF32 products, which is as exact as float32 sums are. Default. Devices before
    /// sm_80, which have no TF32, compute as with <see cref="Strict"/>.
    /// </summary>
    Fast,

    /// <summary>float32 by fused multiply-adds alone.</summary>
    Strict,

    /// <summary>bfloat16 in memory, sums in float32; statistics, losses and the optimizer in float32. Needs sm_80.</summary>
    BFloat16,
}
