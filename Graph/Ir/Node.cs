using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Ir;

/// <summary>One value of the graph: an op, its operands and the shape of its result. Immutable.</summary>
public sealed class Node
{
    internal Node(int id, Op op, IReadOnlyList<Node> inputs, Shape shape, Origin origin)
    {
        Id = id;
        Op = op;
        Inputs = inputs;
        Shape = shape;
        Origin = origin;
    }

    /// <summary>Number in order of creation; operands come before their users.</summary>
    public int Id { get; }

    /// <summary>What it computes.</summary>
    public Op Op { get; }

    /// <summary>Operands.</summary>
    public IReadOnlyList<Node> Inputs { get; }

    /// <summary>Shape of the result.</summary>
    public Shape Shape { get; }

    /// <summary>Where it was declared.</summary>
    public Origin Origin { get; }

    /// <summary>For debuggers.</summary>
    public override string ToString() => $"%{Text.Of(Id)} = {Op}({string.Join(", ", Inputs.Select(i => $"%{Text.Of(i.Id)}"))}) : {Shape}";
}

/// <summary>
/// Where a node was declared: the text of the DSL expression and the method it stands in. No line number, so that
/// moving a declaration within its file changes nothing that is generated.
/// </summary>
/// <param name="Member">Method, such as <c>FocalNetwork.ResidualBlock</c>.</param>
/// <param name="Expression">Text of the expression.</param>
/// <param name="Backward">Was made by differentiating that expression.</param>
public sealed record Origin(string Member, string Expression, bool Backward)
{
    /// <summary>Nothing is known, as when the DSL runs directly.</summary>
    public static Origin Unknown { get; } = new("", "", false);

    /// <summary>The origin of the nodes that differentiate a node of this origin.</summary>
    public Origin AsBackward() => Backward ? this : this with { Backward = true };

    /// <summary>For kernel comments.</summary>
    public override string ToString() => Member.Length == 0 ? "" : $"{(Backward ? "gradient of " : "")}{Member}: {Expression}";
}
