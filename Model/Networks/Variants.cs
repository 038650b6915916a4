namespace FocalNet.Model;

/// <summary>The options of each network: the sizes of the paper and the rows of its ablation tables.</summary>
public static class Variants
{
    /// <summary>FocalNet: MResBlocks at full resolution, both parts of the selection module.</summary>
    /// <param name="residualBlocks">1 for ablations, 4 for dehazing and desnowing, 16 for defocus deblurring.</param>
    public static FocalNetOptions Full(int residualBlocks) => new(residualBlocks, MultiScaleStages.First, SelectionParts.Both);

    /// <summary>FocalNet-S: MResBlocks in all stages (table 7).</summary>
    public static FocalNetOptions Small() => new(4, MultiScaleStages.All, SelectionParts.Both);

    /// <summary>FocalNet without MResBlocks (table 7).</summary>
    public static FocalNetOptions WithoutMultiScale() => new(4, MultiScaleStages.None, SelectionParts.Both);

    /// <summary>A row of table 5, with one residual block a stage.</summary>
    /// <param name="multiScale">With MResBlocks at full resolution.</param>
    /// <param name="selection">Parts of the selection module.</param>
    public static FocalNetOptions Ablation(bool multiScale, SelectionParts selection) =>
        new(1, multiScale ? MultiScaleStages.First : MultiScaleStages.None, selection);
}
