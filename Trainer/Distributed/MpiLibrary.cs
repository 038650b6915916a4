using System.Runtime.InteropServices;

namespace FocalNet.Trainer.Distributed;

/// <summary>
/// The slice of MPI that is used here, from the system's library. Its handles differ: in Open MPI they are addresses of exported
/// objects, in MPICH and its kin (Intel MPI, MVAPICH) numbers that the common ABI fixes (https://www.mpich.org/abi). Both fit a
/// register, so that the same signatures call either.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    /// <summary>Names a library file to use in place of those that are looked for.</summary>
    public const string Variable = "FOCALNET_MPI";

    private static readonly string[] OpenMpiNames = ["libmpi.so.40", "libmpi.so"];
    private static readonly string[] MpichNames = ["libmpich.so.12", "libmpi.so.12"];

    private readonly nint _library;

    private MpiLibrary(nint library, string name)
    {
        (_library, Name) = (library, name);
        IsOpenMpi = NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out var world);
        if (IsOpenMpi)
        {
            (World, Float, Int, Sum, Max, InPlace) = (world, Address("ompi_mpi_float"), Address("ompi_mpi_int"), Address("ompi_mpi_op_sum"), Address("ompi_mpi_op_max"), 1);
        }
        else
        {
            (World, Float, Int, Sum, Max, InPlace) = (0x44000000, 0x4c00040a, 0x4c000405, 0x58000003, 0x58000001, -1);
        }

        InitThread = (delegate* unmanaged<void*, void*, int, int*, int>)Address("MPI_Init_thread");
        CommRank = (delegate* unmanaged<nint, int*, int>)Address("MPI_Comm_rank");
        CommSize = (delegate* unmanaged<nint, int*, int>)Address("MPI_Comm_size");
        AllReduce = (delegate* unmanaged<nint, void*, int, nint, nint, nint, int>)Address("MPI_Allreduce");
        Finalize = (delegate* unmanaged<int>)Address("MPI_Finalize");
        Abort = (delegate* unmanaged<nint, int, int>)Address("MPI_Abort");
    }

    public string Name { get; }

    public bool IsOpenMpi { get; }

    /// <summary>Handles: the communicator of all processes, types and operations; and the address that says that a buffer is reduced in place.</summary>
    public nint World { get; }

    public nint Float { get; }

    public nint Int { get; }

    public nint Sum { get; }

    public nint Max { get; }

    public nint InPlace { get; }

    public delegate* unmanaged<void*, void*, int, int*, int> InitThread { get; }

    public delegate* unmanaged<nint, int*, int> CommRank { get; }

    public delegate* unmanaged<nint, int*, int> CommSize { get; }

    public delegate* unmanaged<nint, void*, int, nint, nint, nint, int> AllReduce { get; }

    public delegate* unmanaged<int> Finalize { get; }

    public delegate* unmanaged<nint, int, int> Abort { get; }

    /// <summary>Loads the library that fits the launcher.</summary>
    /// <exception cref="DistributedException">There is none, or what there is is no MPI that is known.</exception>
    public static MpiLibrary Load(ProcessLaunch launch, Func<string, string?> environment)
    {
        string[] names = environment(Variable) is { Length: > 0 } given ? [given]
            : launch.IsMpich ? [.. MpichNames, .. OpenMpiNames]
            : [.. OpenMpiNames, .. MpichNames];
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return new MpiLibrary(library, name).Checked(launch);
            }
        }

        throw new DistributedException(FormattableString.Invariant(
            $"Training was started as one of {launch.Size} processes ({launch.Variable}), which talk by MPI, but no MPI library can be loaded: tried {string.Join(", ", names)}. Install Open MPI (on Debian: libopenmpi3 and openmpi-bin), or name its library file in {Variable}."));
    }

    private MpiLibrary Checked(ProcessLaunch launch)
    {
        var version = Version();
        if (!IsOpenMpi && !version.Contains("MPICH", StringComparison.Ordinal) && !version.Contains("Intel", StringComparison.Ordinal) && !version.Contains("MVAPICH", StringComparison.Ordinal))
        {
            throw new DistributedException($"The MPI library '{Name}' is neither Open MPI nor of MPICH's kind, whose calls are known here: {version}. Name another library file in {Variable}.");
        }

        if (launch.IsOpenMpi != IsOpenMpi && (launch.IsOpenMpi || launch.IsMpich))
        {
            throw new DistributedException(
                $"The launcher is {(launch.IsOpenMpi ? "Open MPI's" : "MPICH's")}, but the only MPI library found, '{Name}', is {(IsOpenMpi ? "Open MPI's" : "not")}. Install the other, use its launcher, or name a library file in {Variable}.");
        }

        return this;
    }

    // May be called before MPI is initialised.
    private string Version()
    {
        const int MaximumLength = 8192;
        var text = stackalloc byte[MaximumLength];
        int length;
        var call = (delegate* unmanaged<byte*, int*, int>)Address("MPI_Get_library_version");
        return call(text, &length) == 0 ? System.Text.Encoding.UTF8.GetString(text, length).Trim('\0', '\n', ' ') : "unknown version";
    }

    private nint Address(string symbol) => NativeLibrary.TryGetExport(_library, symbol, out var address)
        ? address
        : throw new DistributedException($"The library '{Name}' has no {symbol}: it is no MPI library, or too old. Name another in {Variable}.");
}
