using System.Runtime.InteropServices;

namespace FocalNet.Trainer.Commands;

/// <summary>
/// Ctrl-C: the first asks the command to stop cleanly, the second ends the process at once. SIGTERM counts as one. SIGUSR1, which
/// mpirun passes on at once and batch systems send before a job's time is up, only ever asks.
/// </summary>
internal sealed class Interruption : IDisposable
{
    // Linux's number; PosixSignal has no name for it.
    private const PosixSignal UserSignal = (PosixSignal)10;

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration _interrupt, _terminate;
    private readonly PosixSignalRegistration? _user;
    private int _signals;

    public Interruption()
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        _user = OperatingSystem.IsLinux() ? PosixSignalRegistration.Create(UserSignal, Ask) : null;
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _user?.Dispose();
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        // Counted here: on a busy machine the token may be cancelled long after the first signal.
        if (Interlocked.Increment(ref _signals) > 1)
        {
            Environment.Exit(ExitCodes.Cancelled);
        }

        Ask(context);
    }

    private void Ask(PosixSignalContext context)
    {
        context.Cancel = true;
        // Registered callbacks may take their time; the handler must stay free for a second signal.
        ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), _source, preferLocal: false);
    }
}
