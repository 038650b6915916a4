namespace FocalNet.Model;

/// <summary>Which stages process half of their channels at half resolution (MResBlock, section 3.3 of the paper).</summary>
public enum MultiScaleStages
{
    /// <summary>None: plain residual blocks everywhere.</summary>
    None,

    /// <summary>The first and last stage, at full resolution: FocalNet.</summary>
    First,

    /// <summary>All six stages: FocalNet-S.</summary>
    All,
}

/// <summary>Which parts of the dual-domain selection module (DSM, section 3.2 of the paper) stand at the bottleneck.</summary>
public enum SelectionParts
{
    /// <summary>None: no module at all.</summary>
    None,

    /// <summary>The spatial selection module (SSM) alone.</summary>
    Spatial,

    /// <summary>The frequency selection module (FSM) alone.</summary>
    Frequency,

    /// <summary>Both, the spatial one first.</summary>
    Both,
}

/// <summary>What distinguishes one FocalNet from another.</summary>
/// <param name="ResidualBlocks">Residual blocks in each of the six stages.</param>
/// <param name="MultiScale">Stages that are MResBlocks.</param>
/// <param name="Selection">Parts of the selection module.</param>
/// <param name="Width">Channels at full resolution, a multiple of 4; twice and four times as many at 1/2 and 1/4.</param>
public sealed record FocalNetOptions(int ResidualBlocks, MultiScaleStages MultiScale, SelectionParts Selection, int Width = 32);
