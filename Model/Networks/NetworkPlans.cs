using FocalNet.Runtime.Plans;

namespace FocalNet.Model;

/// <summary>The plans that the generator compiled for the networks of the catalog.</summary>
public static class NetworkPlans
{
    /// <summary>The inference plan of a network; read at the first call, then kept.</summary>
    /// <exception cref="InvalidOperationException">The entry is not one of the catalog's.</exception>
    public static ExecutionPlan Inference(NetworkEntry network) => Find(network).Inference();

    /// <summary>The training plan of a network; read at the first call, then kept.</summary>
    /// <exception cref="InvalidOperationException">The entry is not one of the catalog's, or declares no training.</exception>
    public static ExecutionPlan Training(NetworkEntry network) => Find(network).Training?.Invoke()
        ?? throw new InvalidOperationException($"The network {network.Name} declares no training.");

    /// <summary>How a network runs tile by tile; null for one that can't. Read at the first call, then kept.</summary>
    /// <exception cref="InvalidOperationException">The entry is not one of the catalog's.</exception>
    public static TiledPlan? Tiles(NetworkEntry network) => Find(network).Tiles();

    private static CompiledNetwork Find(NetworkEntry network) => Networks.Compiled.FirstOrDefault(c => c.Name == network.Name)
        ?? throw new InvalidOperationException(
            $"The network {network.Name} was not compiled: take an entry of {nameof(NetworkCatalog)}, or run the plans of your own networks on a device.");
}
