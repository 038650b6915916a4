[assembly: AssemblyFixture(typeof(FocalNet.Trainer.Tests.Distributed.SkipPrinter))]

namespace FocalNet.Trainer.Tests.Distributed;

/// <summary>
/// Skips, with a reason that is counted and printed, where mpirun is missing. Where FOCALNET_REQUIRE_MPI is 1, as in CI, that is a failure.
/// </summary>
internal static class RequiresMpi
{
    private const string Reason = "mpirun was not found; Debian's packages openmpi-bin and libopenmpi3 have it";
    private static readonly Lazy<bool> IsThere = new(() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "mpirun"))));
    private static int _skipped;

    public static void Launcher()
    {
        if (IsThere.Value)
        {
            return;
        }

        Assert.False(Environment.GetEnvironmentVariable("FOCALNET_REQUIRE_MPI") == "1", Reason + ", and FOCALNET_REQUIRE_MPI demands it.");
        Interlocked.Increment(ref _skipped);
        Assert.Skip(Reason);
    }

    public static string? Summary() => _skipped == 0 ? null : FormattableString.Invariant($"{_skipped} tests of several processes were skipped: {Reason}.");

    /// <summary>A shell command that starts "$@" on so many ranks of this machine, as any user and with fewer processors than ranks too.</summary>
    public static string Script(int ranks) => FormattableString.Invariant($$"""
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
        exec mpirun --bind-to none -n {{ranks}} "$@"
        """);
}

/// <summary>Says at the end of the run what was skipped.</summary>
public sealed class SkipPrinter : IDisposable
{
    public void Dispose()
    {
        if (RequiresMpi.Summary() is { } summary)
        {
            Console.WriteLine(summary);
        }
    }
}
