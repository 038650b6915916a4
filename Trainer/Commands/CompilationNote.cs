using FocalNet.Runtime.Cuda.Compilation;
using FocalNet.Trainer.Display;

namespace FocalNet.Trainer.Commands;

/// <summary>Says how far the compilation of CUDA kernels is, if it takes so long that people wonder. Called from several threads.</summary>
internal sealed class CompilationNote(Terminal terminal, TimeProvider time) : IProgress<KernelProgress>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1), Interval = TimeSpan.FromSeconds(5);
    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private long? _last;

    public void Report(KernelProgress value)
    {
        lock (_gate)
        {
            var isEnd = value.Done == value.Total;
            if (time.GetElapsedTime(_last ?? _start) < (_last is null ? Patience : Interval) && !(isEnd && _last is not null))
            {
                return;
            }

            _last = time.GetTimestamp();
            terminal.Line(FormattableString.Invariant($"kernels   {value.Done} of {value.Total} compiled for this device{(isEnd ? "; they are kept for the next time" : "")}"));
        }
    }
}
