namespace FocalNet.Trainer.Distributed;

/// <summary>Processes that mpirun or srun has started together, which talk by MPI.</summary>
internal sealed unsafe class MpiGroup : IProcessGroup
{
    // Calls come from one thread at a time, which need not be the main one.
    private const int ThreadSerialized = 2;

    private readonly MpiLibrary _mpi;
    private bool _isDisposed;

    private MpiGroup(MpiLibrary mpi, ProcessLaunch launch)
    {
        _mpi = mpi;
        int provided, rank, size;
        Check(mpi.InitThread(null, null, ThreadSerialized, &provided), "MPI_Init_thread");
        Check(mpi.CommRank(mpi.World, &rank), "MPI_Comm_rank");
        Check(mpi.CommSize(mpi.World, &size), "MPI_Comm_size");
        (Rank, Size) = (rank, size);
        if (size != launch.Size || provided < ThreadSerialized)
        {
            Dispose();
            throw new DistributedException(size != launch.Size
                ? FormattableString.Invariant($"{launch.Variable} says that there are {launch.Size} processes, but MPI ('{mpi.Name}') sees {size}. Start training with the mpirun of that library, or with srun --mpi=pmix or pmi2.")
                : $"The MPI library '{mpi.Name}' was built without support for threads. Use another.");
        }
    }

    public int Rank { get; }

    public int Size { get; }

    public string Description => FormattableString.Invariant($"{Size} processes by MPI ('{_mpi.Name}', {(_mpi.IsOpenMpi ? "Open MPI" : "MPICH ABI")})");

    /// <summary>The group that the launcher has made; a single process where there is none.</summary>
    /// <param name="environment">Gives a variable's value.</param>
    /// <exception cref="DistributedException">The processes can't find each other.</exception>
    public static IProcessGroup Join(Func<string, string?> environment) => ProcessLaunch.Find(environment) is { } launch
        ? new MpiGroup(MpiLibrary.Load(launch, environment), launch)
        : new SingleProcess();

    public void Average(Span<float> values)
    {
        fixed (float* first = values)
        {
            Check(_mpi.AllReduce(_mpi.InPlace, first, values.Length, _mpi.Float, _mpi.Sum, _mpi.World), "MPI_Allreduce");
        }

        var share = 1f / Size;
        foreach (ref var value in values)
        {
            value *= share;
        }
    }

    public int Max(int value)
    {
        Check(_mpi.AllReduce(_mpi.InPlace, &value, 1, _mpi.Int, _mpi.Max, _mpi.World), "MPI_Allreduce");
        return value;
    }

    public void Abort(int exitCode) => _ = _mpi.Abort(_mpi.World, exitCode);

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _ = _mpi.Finalize();
        }
    }

    // MPI's default is to end all processes at an error, with a message of its own; this is for libraries that were told otherwise.
    private static void Check(int result, string call)
    {
        if (result != 0)
        {
            throw new DistributedException(FormattableString.Invariant($"{call} failed with MPI's error {result}."));
        }
    }
}
