namespace FocalNet.Runtime.Cuda;

/// <content>How a run's kernels get to the device.</content>
public sealed partial class CudaExecutor
{
    // A part should take much longer than the call that starts it.
    private const int MostParts = 16, LeastSteps = 4;

    // What a run does with its lock held; a new run makes the gradient of the last one undefined.
    private void RunGuarded(Action run, CancellationToken cancellation)
    {
        bindings.CheckBound(Size, "run", Plan.Name);
        CheckNotRunning();
        cancellation.ThrowIfCancellationRequested();
        (running, atGradient) = (true, false);
        try
        {
            run();
        }
        finally
        {
            running = false;
        }
    }

    private void RunAll(CancellationToken cancellation, IProgress<double>? progress)
    {
        MakeReady(poison: Poison);
        if (Profile)
            LaunchTimed(cancellation);
        else
            LaunchParts(0, Plan.Steps.Length, cancellation, progress);
        transfer.Synchronise($"run {Plan.Name}", Size);
        progress?.Report(1);
    }

    private void MakeReady(bool poison)
    {
        if (poison)
            memory.Poison(Size, stream.Handle);
        if (!stale)
            return;
        LaunchEach(prepare!, 0, Plan.Prepare.Length, default);
        stale = false;
    }

    private void LaunchParts(int first, int end, CancellationToken cancellation, IProgress<double>? progress)
    {
        int parts = progress is null && !cancellation.CanBeCanceled ? 1 : Math.Clamp((end - first) / LeastSteps, 1, MostParts);
        if (parts == 1)
        {
            LaunchPart(first, end, cancellation);
            return;
        }
        using var points = new CudaClock(context, stream.Handle, parts);
        for (int i = 0; i < parts; i++)
        {
            StopIfCancelled(cancellation);
            LaunchPart(first + (end - first) * i / parts, first + (end - first) * (i + 1) / parts, cancellation);
            points.Record(i);
            if (i == 0)
                continue;
            points.Wait(i - 1, $"run {Plan.Name}", PlanBindings.Text(Size));
            progress?.Report(i / (double)parts);
        }
    }

    private void LaunchPart(int first, int end, CancellationToken cancellation)
    {
        if (Synchronous)
        {
            LaunchEach(steps!, first, end, cancellation);
            return;
        }
        if (graphs.TryReplay(Size, (first, end), stream.Handle, () => LaunchEach(steps!, first, end, default)) is { } result)
            context.Check(result, $"run {Plan.Name}", PlanBindings.Text(Size));
        else
            LaunchEach(steps!, first, end, cancellation);
    }

    private void LaunchEach(CudaProgram program, int first, int end, CancellationToken cancellation)
    {
        for (int i = first; i < end; i++)
        {
            StopIfCancelled(cancellation);
            program.Launch(i, stream.Handle, stream.Cublas);
            if (Synchronous)
                transfer.Synchronise(program.Operation(i), Size);
        }
    }

    private void StopIfCancelled(CancellationToken cancellation)
    {
        if (!cancellation.IsCancellationRequested)
            return;
        // What was launched still runs, in memory that the caller may be about to free.
        transfer.Synchronise($"run {Plan.Name}", Size);
        cancellation.ThrowIfCancellationRequested();
    }

    private void LaunchTimed(CancellationToken cancellation)
    {
        using var clock = new CudaClock(context, stream.Handle, steps!.Steps.Count + 1);
        clock.Record(0);
        for (int i = 0; i < steps.Steps.Count; i++)
        {
            StopIfCancelled(cancellation);
            steps.Launch(i, stream.Handle, stream.Cublas);
            clock.Record(i + 1);
        }
        transfer.Synchronise($"run {Plan.Name}", Size);
        for (int i = 0; i < steps.Steps.Count; i++)
            StepMilliseconds[i] = clock.Milliseconds(i, i + 1);
    }
}
