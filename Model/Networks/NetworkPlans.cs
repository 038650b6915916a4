using FocalNet.Runtime.Plans;

namespace FocalNet.Model;

/// <summary>The plans that the generator compiled for the networks of the catalog.</summary>
public static class NetworkPlans
{
    /// <summary>The inference plan of a network.</summary>
    public static ExecutionPlan Inference(NetworkEntry network) => Find(network).Inference();

    /// <summary>The training plan of a network.</summary>
    public static ExecutionPlan Training(NetworkEntry network) => Find(network).Training?.Invoke()
        ?? throw new InvalidOperationException($"The network {network.Name} declares no training.");

    private static CompiledNetwork Find(NetworkEntry network) => Networks.Compiled.First(c => c.Name == network.Name);
}
