namespace FocalNet.Graph;

/// <summary>A graph that can't be built: shapes that do not fit, a name used twice, an operand of another network.</summary>
public sealed class GraphException : Exception
{
    /// <summary>Creates the exception with a message that names the op, the shapes and the way out.</summary>
    public GraphException(string message)
        : base(message)
    {
    }
}
