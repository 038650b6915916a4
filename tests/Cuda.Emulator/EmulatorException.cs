namespace FocalNet.Tests.Cuda;

/// <summary>What a kernel did wrong. The numbers are those of ErrorKind in Native/runtime.h.</summary>
public enum EmulatorErrorKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Memory outside every buffer and outside the kernel's shared memory, or of the wrong kind.</summary>
    OutOfBounds,

    /// <summary>Two threads access one byte, one of them writes, and no barrier lies between.</summary>
    Race,

    /// <summary>Shared memory that no thread of the block has written, or a poisoned buffer nobody has written.</summary>
    UninitialisedRead,

    /// <summary>An address that is not aligned to the type it is accessed as.</summary>
    Misaligned,

    /// <summary>A barrier that not all threads of the block reach, or that they reach in different lines.</summary>
    DivergentBarrier,

    /// <summary>A warp collective that not all lanes of its mask reach.</summary>
    DivergentCollective,

    /// <summary>A mask without the calling lane, a shuffle from a lane outside the mask, a wrong width or size.</summary>
    BadCollective,

    /// <summary>An access to memory that a cp.async, not waited for, may still write.</summary>
    PendingCopy,

    /// <summary>A write to constant memory or to another variable of the module.</summary>
    WriteToConstant,

    /// <summary>A read-only load (__ldg) of memory that the same launch writes.</summary>
    ReadOnlyViolation,

    /// <summary>A pointer to another thread's local variable.</summary>
    ForeignStack,

    /// <summary>An index outside the declared size of an array.</summary>
    IndexOutOfRange,

    /// <summary>An integer division by zero.</summary>
    DivisionByZero,

    /// <summary>__trap() was called.</summary>
    Trap,

    /// <summary>A thread that does not come to an end.</summary>
    Runaway,

    /// <summary>The launch itself could not be prepared.</summary>
    BadLaunch,

    /// <summary>A launch that the device would refuse: arguments, block size, shared memory.</summary>
    BadArguments,

    /// <summary>A sentinel beside a buffer was overwritten.</summary>
    Sentinel,
}

/// <summary>A kernel broke a rule; the message names kernel, block, thread, address as buffer + offset, and source line.</summary>
public sealed class EmulatorException(EmulatorErrorKind kind, string message, int line = 0) : Exception(message)
{
    /// <summary>The rule.</summary>
    public EmulatorErrorKind Kind { get; } = kind;

    /// <summary>The line of the CUDA text, from 1; 0 where it is not known (fast builds).</summary>
    public int Line { get; } = line;
}
