using FocalNet.Graph.Autodiff;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Graph.Dsl;

/// <summary>
/// Builds a network's graph: declares its inputs, parameters, states and outputs. The same calls are made whether the
/// declaring method runs, or the source generator reads it.
/// </summary>
public sealed class NetworkBuilder
{
    private readonly List<ParameterOp> _parameters = [];
    private readonly List<Node> _parameterNodes = [];
    private readonly List<GraphOutput> _outputs = [];
    private readonly List<Assignment> _assignments = [];
    private readonly HashSet<string> _names = [];
    private int _parameterElements;
    private Node? _flatParameters;

    /// <summary>Starts an empty graph.</summary>
    /// <param name="name">Name of the network.</param>
    /// <param name="mode">What it is built for.</param>
    public NetworkBuilder(string name, NetworkMode mode)
    {
        Name = name;
        Mode = mode;
    }

    /// <summary>Name of the network.</summary>
    public string Name { get; }

    /// <summary>What the graph is built for.</summary>
    public NetworkMode Mode { get; }

    /// <summary>The graph is built for training: declare the loss and the optimizer too.</summary>
    public bool IsTraining => Mode == NetworkMode.Training;

    internal IrBuilder Ir { get; } = new();

    /// <summary>Where the nodes that are made from now on are declared; the generator keeps this up to date.</summary>
    public Origin Origin
    {
        get => Ir.Origin;
        set => Ir.Origin = value;
    }

    /// <summary>An input picture or feature map, [N, channels, H, W].</summary>
    /// <param name="name">Name, unique among inputs, outputs and states.</param>
    /// <param name="channels">Channels.</param>
    public Tensor Image(string name, int channels)
    {
        Claim(name);
        if (channels < 1)
            throw new GraphException($"Image '{name}': the number of channels must be at least 1, not {Text.Of(channels)}.");
        return Wrap(new InputOp(name, new Shape(new Extent(Symbol.N, 1), channels, new Extent(Symbol.H, 1), new Extent(Symbol.W, 1))));
    }

    /// <summary>An input of a constant shape.</summary>
    /// <param name="name">Name, unique among inputs, outputs and states.</param>
    /// <param name="n">Extent N.</param>
    /// <param name="channels">Extent C.</param>
    /// <param name="height">Extent H.</param>
    /// <param name="width">Extent W.</param>
    public Tensor Input(string name, int n, int channels, int height, int width)
    {
        Claim(name);
        if (n < 1 || channels < 1 || height < 1 || width < 1)
            throw new GraphException($"Input '{name}': every extent must be at least 1.");
        return Wrap(new InputOp(name, new Shape(n, channels, height, width)));
    }

    /// <summary>A number that the caller provides for every run, such as the learning rate.</summary>
    public Tensor Scalar(string name) => Input(name, 1, 1, 1, 1);

    /// <summary>A constant number.</summary>
    public Tensor Constant(double value) => new(this, Ir.Fill(value));

    /// <summary>A trainable tensor. A vector of C becomes [1, C, 1, 1]; C×1×1 likewise; four extents stay.</summary>
    /// <param name="name">Name as in the official checkpoints.</param>
    /// <param name="initial">Initial values.</param>
    /// <param name="shape">Shape in weight files.</param>
    /// <exception cref="GraphException">The name is taken, or all parameters were already used as one.</exception>
    public Tensor Parameter(string name, Initializer initial, params int[] shape)
    {
        if (_flatParameters is not null)
            throw new GraphException($"Parameter '{name}' is declared after the optimizer has taken all parameters; declare it before.");
        CheckName(name);
        if (_parameters.Any(p => p.ParameterName == name))
            throw new GraphException($"The parameter '{name}' is declared twice.");
        if (shape.Length is < 1 or > 4 || shape.Any(e => e < 1))
            throw new GraphException($"Parameter '{name}': the shape needs one to four positive extents, not [{string.Join(", ", shape.Select(e => Text.Of(e)))}].");
        Shape full = shape.Length == 4
            ? new Shape(shape[0], shape[1], shape[2], shape[3])
            : new Shape(1, shape[0], shape.Length > 1 ? shape[1] : 1, shape.Length > 2 ? shape[2] : 1);
        var op = new ParameterOp(name, string.Join("x", shape.Select(e => Text.Of(e))), _parameterElements, full, initial);
        _parameters.Add(op);
        _parameterElements = checked(_parameterElements + full.ConstantElements);
        Tensor tensor = Wrap(op);
        _parameterNodes.Add(tensor.Node);
        return tensor;
    }

    /// <summary>
    /// All parameters as one flat vector [1, P, 1, 1]. No parameter may be declared afterwards; assigning it updates them all.
    /// </summary>
    public Tensor AllParameters()
    {
        if (_parameters.Count == 0)
            throw new GraphException($"The network {Name} has no parameters.");
        _flatParameters ??= Ir.Emit(new StateOp(StateOp.Parameters, Shape.Flat(_parameterElements), 0));
        return new Tensor(this, _flatParameters);
    }

    /// <summary>
    /// The gradient of a number with respect to all parameters, as one flat vector in the order of
    /// <see cref="AllParameters"/>; zero where it does not depend on a parameter.
    /// </summary>
    public Tensor GradientOfParameters(Tensor loss)
    {
        Node scalar = Check(loss);
        AllParameters();
        IReadOnlyList<Node?> gradients = Differentiation.Gradients(Ir, scalar, _parameterNodes);
        return new Tensor(this, Ir.Emit(new PackOp(), [.. gradients.Select((g, i) => g ?? Ir.Emit(new FillOp(0, _parameterNodes[i].Shape)))]));
    }

    /// <summary>The gradients of a number with respect to given tensors; zeros where it does not depend on one.</summary>
    public Tensor[] Gradients(Tensor scalar, params Tensor[] targets)
    {
        IReadOnlyList<Node?> gradients = Differentiation.Gradients(Ir, Check(scalar), [.. targets.Select(Check)]);
        return [.. gradients.Select((g, i) => new Tensor(this, g ?? Ir.Emit(new FillOp(0, targets[i].Node.Shape))))];
    }

    /// <summary>A tensor kept from run to run, of the (constant) shape of another.</summary>
    /// <param name="name">Name, unique among inputs, outputs and states.</param>
    /// <param name="like">Gives the shape.</param>
    /// <param name="initial">Value that every element starts with.</param>
    public Tensor State(string name, Tensor like, double initial)
    {
        Claim(name);
        Shape shape = Check(like).Shape;
        if (!shape.IsConstant)
            throw new GraphException($"State '{name}': its shape {shape} is known only at run time; states have constant shapes.");
        return Wrap(new StateOp(name, shape, initial));
    }

    /// <summary>Gives a state its value for the next run. Everything in this run still sees the old one.</summary>
    public void Assign(Tensor state, Tensor value)
    {
        Node target = Check(state), source = Check(value);
        if (target.Op is not StateOp op)
            throw new GraphException("Only states, and all parameters together, can be assigned.");
        if (source.Shape != target.Shape)
            throw new GraphException($"The state '{op.StateName}' is {target.Shape}; a tensor {source.Shape} can't be assigned to it.");
        if (_assignments.Any(a => a.State == target))
            throw new GraphException($"The state '{op.StateName}' is assigned twice.");
        _assignments.Add(new Assignment(target, source));
    }

    /// <summary>Declares a result that the caller may read.</summary>
    public void Output(string name, Tensor value)
    {
        Claim(name);
        _outputs.Add(new GraphOutput(name, Check(value)));
    }

    /// <summary>The graph that was declared.</summary>
    /// <exception cref="GraphException">It has no output and no assignment.</exception>
    public NetworkGraph Build()
    {
        if (_outputs.Count == 0 && _assignments.Count == 0)
            throw new GraphException($"The network {Name} declares no output.");
        return new NetworkGraph($"{Name}.{Mode}", [.. Ir.Nodes], [.. _outputs], [.. _assignments], [.. _parameters]);
    }

    internal Node Check(Tensor tensor) => tensor.Owner == this
        ? tensor.Node
        : throw new GraphException($"A tensor of the network {tensor.Owner.Name} can't be used in {Name}.");

    private Tensor Wrap(Op op) => new(this, Ir.Emit(op));

    private void Claim(string name)
    {
        CheckName(name);
        if (!_names.Add(name))
            throw new GraphException($"The name '{name}' is used twice.");
    }

    // Names stand in plans, weight files and reports, one a line.
    private static void CheckName(string name)
    {
        if (string.IsNullOrEmpty(name))
            throw new GraphException("Inputs, outputs, states and parameters need a name.");
        if (name.Any(char.IsControl) || name.Contains("\""))
            throw new GraphException($"The name '{name}' has control characters or quotation marks.");
    }
}
