using FocalNet.Trainer.Distributed;

namespace FocalNet.Trainer.Tests.Distributed;

public sealed class ProcessLaunchTests
{
    [Theory]
    [InlineData("OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=2", "OMPI_COMM_WORLD_SIZE")]
    [InlineData("PMI_SIZE=4 PMI_RANK=2", "PMI_SIZE")]
    [InlineData("SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=2", "SLURM_STEP_NUM_TASKS")]
    [InlineData("WORLD_SIZE=4 RANK=2", "WORLD_SIZE")]
    [InlineData("WORLD_SIZE=9 RANK=8 OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=2", "OMPI_COMM_WORLD_SIZE")]
    public void Launchers_are_recognised(string variables, string variable) =>
        Assert.Equal(new ProcessLaunch(2, 4, variable), ProcessLaunch.Find(Environment(variables)));

    [Theory]
    [InlineData("")]
    [InlineData("OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0")]
    [InlineData("SLURM_NTASKS=8")]
    [InlineData("WORLD_SIZE=many")]
    public void One_process_is_alone(string variables)
    {
        Assert.Null(ProcessLaunch.Find(Environment(variables)));
        Assert.Equal(variables.Contains("_SIZE", StringComparison.Ordinal), ProcessLaunch.IsPresent(Environment(variables)));
    }

    [Theory]
    [InlineData("WORLD_SIZE=2")]
    [InlineData("WORLD_SIZE=2 RANK=2")]
    [InlineData("WORLD_SIZE=2 RANK=-1")]
    public void A_rank_that_makes_no_sense_is_named(string variables)
    {
        var e = Assert.Throws<DistributedException>(() => ProcessLaunch.Find(Environment(variables)));
        Assert.Contains("RANK is", e.Message, StringComparison.Ordinal);
        Assert.Contains("mpirun", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_library_is_named_with_what_to_install()
    {
        var launch = new ProcessLaunch(0, 2, "WORLD_SIZE");
        var e = Assert.Throws<DistributedException>(() => MpiLibrary.Load(launch, _ => "/nowhere/libmpi.so"));
        Assert.Contains("/nowhere/libmpi.so", e.Message, StringComparison.Ordinal);
        Assert.Contains("openmpi-bin", e.Message, StringComparison.Ordinal);
        Assert.Contains("MPI_Init_thread", Assert.Throws<DistributedException>(() => MpiLibrary.Load(launch, _ => "libc.so.6")).Message, StringComparison.Ordinal);
    }

    private static Func<string, string?> Environment(string variables)
    {
        var pairs = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        return name => pairs.GetValueOrDefault(name);
    }
}
