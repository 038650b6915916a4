namespace FocalNet.Graph.Dsl;

/// <summary>
/// Marks a static method <c>void Name(NetworkBuilder net)</c> of a partial class as a network. The generator evaluates it
/// twice, for inference and for training, and adds the compiled plans to the class.
/// </summary>
/// <param name="name">Name on the command line and in reports, such as <c>Tiny</c>.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NetworkAttribute(string name) : Attribute
{
    /// <summary>Name on the command line and in reports.</summary>
    public string Name { get; } = name;

    /// <summary>Also compile the training step (default: yes).</summary>
    public bool Training { get; set; } = true;
}

/// <summary>What a graph is built for.</summary>
public enum NetworkMode
{
    /// <summary>Forward pass only.</summary>
    Inference,

    /// <summary>Forward and backward passes, loss and optimizer.</summary>
    Training,
}
