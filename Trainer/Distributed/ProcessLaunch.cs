using System.Globalization;

namespace FocalNet.Trainer.Distributed;

/// <summary>How this process was started, as launchers tell it by environment variables.</summary>
/// <param name="Rank">This process, from 0.</param>
/// <param name="Size">Processes.</param>
/// <param name="Variable">The variable that says so.</param>
internal sealed record ProcessLaunch(int Rank, int Size, string Variable)
{
    // Open MPI's mpirun, MPICH's and Intel's, Slurm's srun, and the pair that most frameworks agree on.
    private static readonly (string Size, string Rank)[] Conventions =
    [
        ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
        ("PMI_SIZE", "PMI_RANK"),
        ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID"),
        ("WORLD_SIZE", "RANK"),
    ];

    public bool IsOpenMpi => Variable == "OMPI_COMM_WORLD_SIZE";

    public bool IsMpich => Variable == "PMI_SIZE";

    /// <summary>Whether a launcher has started this process, if only this one.</summary>
    /// <param name="environment">Gives a variable's value.</param>
    public static bool IsPresent(Func<string, string?> environment) => Conventions.Any(convention => environment(convention.Size) is { Length: > 0 });

    /// <summary>Null where the process was started alone.</summary>
    /// <param name="environment">Gives a variable's value.</param>
    /// <exception cref="DistributedException">A rank is missing or out of range.</exception>
    public static ProcessLaunch? Find(Func<string, string?> environment)
    {
        foreach (var (sizeName, rankName) in Conventions)
        {
            if (!int.TryParse(environment(sizeName), NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size <= 1)
            {
                continue;
            }

            return int.TryParse(environment(rankName), NumberStyles.None, CultureInfo.InvariantCulture, out var rank) && rank < size
                ? new ProcessLaunch(rank, size, sizeName)
                : throw new DistributedException(FormattableString.Invariant(
                    $"{sizeName} says that there are {size} processes, but {rankName} is '{environment(rankName)}': it must be between 0 and {size - 1}. Start training with mpirun or srun, or unset {sizeName}."));
        }

        return null;
    }
}
