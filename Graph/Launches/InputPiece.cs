using FocalNet.Graph.Ir;

namespace FocalNet.Graph.Launches;

/// <summary>Channels of a convolution's input that lie side by side, and how its kernel comes to them.</summary>
/// <param name="Channels">How many.</param>
/// <param name="Operand">Number of the task's operand that has them, or of the first one that they are computed from.</param>
public abstract record InputPiece(int Channels, int Operand);

/// <summary>They are in memory.</summary>
/// <param name="Channels">How many.</param>
/// <param name="Operand">Number of the task's operand that has them.</param>
public sealed record PlainPiece(int Channels, int Operand) : InputPiece(Channels, Operand);

/// <summary>At half the size in memory; resampled bilinearly as they are read.</summary>
/// <param name="Channels">How many.</param>
/// <param name="Operand">Number of the task's operand that has them.</param>
/// <param name="Result">The resampling.</param>
public sealed record UpsampledPiece(int Channels, int Operand, Node Result) : InputPiece(Channels, Operand);

/// <summary>Computed as they are read, such as a norm. What is outside of the picture is zero all the same.</summary>
/// <param name="Channels">How many.</param>
/// <param name="Operand">Number of the task's operand that is the first of the arithmetic's.</param>
/// <param name="Map">The arithmetic, with one store; its operand i is the task's operand i + Operand.</param>
public sealed record ComputedPiece(int Channels, int Operand, KernelTask Map) : InputPiece(Channels, Operand);
