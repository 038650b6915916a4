using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Data;

/// <summary>A degraded picture and the clear one, of equal size.</summary>
internal sealed record PicturePair(string Name, Picture Input, Picture Target);

/// <summary>Pairs by number. Loading may happen on several threads at once.</summary>
internal interface IPairSource
{
    /// <summary>How many pairs there are; an epoch goes through all of them.</summary>
    int Count { get; }

    /// <summary>One line for logs: what it is and how much.</summary>
    string Description { get; }

    /// <param name="index">0 ≤ index &lt; Count.</param>
    /// <param name="random">Where anything random about the pair comes from, and nothing else may.</param>
    PicturePair Load(int index, SeededRandom random);
}
