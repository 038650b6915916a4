using FocalNet.Graph.Dsl;

namespace FocalNet.Model;

/// <summary>The networks that are compiled. <see cref="NetworkCatalog"/> says what each is for.</summary>
public static partial class Networks
{
    /// <summary>FocalNet with one residual block a stage: table 5g.</summary>
    [Network("Tiny")]
    public static void Tiny(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Full(1));

    /// <summary>FocalNet for dehazing: four residual blocks a stage.</summary>
    [Network("Dehaze")]
    public static void Dehaze(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Full(4));

    /// <summary>FocalNet for desnowing: the same graph as <see cref="Dehaze"/>.</summary>
    [Network("Desnow")]
    public static void Desnow(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Full(4));

    /// <summary>FocalNet for defocus deblurring: sixteen residual blocks a stage.</summary>
    [Network("Deblur")]
    public static void Deblur(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Full(16));

    /// <summary>FocalNet-S: MResBlocks in all stages (table 7).</summary>
    [Network("FocalNetS")]
    public static void FocalNetS(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Small());

    /// <summary>FocalNet without MResBlocks (table 7).</summary>
    [Network("NoMResBlock")]
    public static void NoMResBlock(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.WithoutMultiScale());

    /// <summary>Table 5a, the baseline: neither MResBlock nor selection module.</summary>
    [Network("Table5a")]
    public static void Table5a(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Ablation(false, SelectionParts.None));

    /// <summary>Table 5b: the baseline with SSM.</summary>
    [Network("Table5b")]
    public static void Table5b(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Ablation(false, SelectionParts.Spatial));

    /// <summary>Table 5c: the baseline with FSM.</summary>
    [Network("Table5c")]
    public static void Table5c(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Ablation(false, SelectionParts.Frequency));

    /// <summary>Table 5d: the baseline with SSM and FSM.</summary>
    [Network("Table5d")]
    public static void Table5d(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Ablation(false, SelectionParts.Both));

    /// <summary>Table 5e: MResBlock with SSM.</summary>
    [Network("Table5e")]
    public static void Table5e(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Ablation(true, SelectionParts.Spatial));

    /// <summary>Table 5f: MResBlock with FSM.</summary>
    [Network("Table5f")]
    public static void Table5f(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Ablation(true, SelectionParts.Frequency));

    /// <summary>Table 5g: MResBlock with SSM and FSM, the same graph as <see cref="Tiny"/>.</summary>
    [Network("Table5g")]
    public static void Table5g(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Ablation(true, SelectionParts.Both));

    /// <summary>MResBlock without the selection module: the combination that table 5 leaves out.</summary>
    [Network("MResBlockOnly")]
    public static void MResBlockOnly(NetworkBuilder net) => FocalNetwork.Declare(net, Variants.Ablation(true, SelectionParts.None));
}
