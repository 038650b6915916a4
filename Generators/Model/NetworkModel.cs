namespace FocalNet.Generators.Model;

/// <summary>A type that contains a network method, as a partial declaration of it must be written.</summary>
/// <param name="Declaration">Keywords and name, such as <c>static partial class Networks</c>.</param>
/// <param name="Name">Name with type parameters.</param>
internal sealed record ContainingType(string Declaration, string Name);

/// <summary>
/// A network that was read: everything that its emission needs, and nothing that changes when its declaration merely
/// moves. It has no location for that reason.
/// </summary>
/// <param name="Name">Name given in the attribute.</param>
/// <param name="Namespace">Namespace; empty for the global one.</param>
/// <param name="Types">Containing types, outermost first.</param>
/// <param name="Method">Name of the declaring method.</param>
/// <param name="Accessibility">The method's accessibility as keywords, such as <c>public</c>.</param>
/// <param name="Inference">The graph for inference.</param>
/// <param name="Training">The graph of a training step; null when not wanted.</param>
internal sealed record NetworkModel(
    string Name,
    string Namespace,
    EquatableArray<ContainingType> Types,
    string Method,
    string Accessibility,
    GraphModel Inference,
    GraphModel? Training)
{
    /// <summary>Namespace, types and method with dots: unique in the project.</summary>
    public string FullName =>
        string.Join(".", new[] { Namespace }.Concat(Types.Select(t => t.Name)).Append(Method).Where(part => part.Length > 0));
}
