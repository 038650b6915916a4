namespace FocalNet.Runtime.Weights.PyTorch;

/// <summary>What calling an allowed global means.</summary>
internal enum TorchGlobalKind
{
    /// <summary>A dictionary, from nothing or from pairs.</summary>
    Dictionary,

    /// <summary>A list or set, from nothing or from its items.</summary>
    List,

    /// <summary>A tuple (torch.Size).</summary>
    Tuple,

    /// <summary>_rebuild_tensor and _rebuild_tensor_v2(storage, offset, shape, strides, …).</summary>
    Tensor,

    /// <summary>_rebuild_tensor_v3(storage, offset, shape, strides, requires_grad, hooks, dtype, …).</summary>
    TensorOfType,

    /// <summary>_rebuild_parameter(tensor, …): its first argument.</summary>
    FirstArgument,

    /// <summary>_rebuild_from_type_v2(function, type, arguments, state).</summary>
    FromType,

    /// <summary>A class of storages, or a dtype: a constant, not callable.</summary>
    Constant,

    /// <summary>A class whose objects are kept as opaque values.</summary>
    Opaque,
}

/// <summary>A global a pickle may name.</summary>
internal sealed class PickleGlobal(string fullName, TorchGlobalKind kind, ElementType? type = null)
{
    internal string FullName { get; } = fullName;

    internal TorchGlobalKind Kind { get; } = kind;

    /// <summary>Element type of a storage class or dtype.</summary>
    internal ElementType? Type { get; } = type;
}

/// <summary>The allow-list of globals, and what each stands for. Nothing outside of it is ever looked up.</summary>
internal static class TorchGlobals
{
    private static readonly Dictionary<string, PickleGlobal> Allowed = Build();

    /// <summary>
    /// Training scripts put whole schedulers and option objects beside the weights. Their classes are not run: an
    /// object of them is an empty placeholder.
    /// </summary>
    private static readonly string[] OpaqueModules = ["torch.optim.", "warmup_scheduler."];

    private static Dictionary<string, PickleGlobal> Build()
    {
        var table = new Dictionary<string, PickleGlobal>(StringComparer.Ordinal);
        void Add(TorchGlobalKind kind, params ReadOnlySpan<string> names)
        {
            foreach (var name in names) table.Add(name, new(name, kind));
        }

        Add(TorchGlobalKind.Dictionary, "collections.OrderedDict", "collections.defaultdict", "__builtin__.dict", "builtins.dict");
        Add(TorchGlobalKind.List, "__builtin__.set", "builtins.set", "__builtin__.frozenset", "builtins.frozenset", "__builtin__.list", "builtins.list");
        Add(TorchGlobalKind.Tuple, "torch.Size");
        Add(TorchGlobalKind.Tensor, "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2");
        Add(TorchGlobalKind.TensorOfType, "torch._utils._rebuild_tensor_v3");
        Add(TorchGlobalKind.FirstArgument, "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state");
        Add(TorchGlobalKind.FromType, "torch._tensor._rebuild_from_type_v2");
        Add(TorchGlobalKind.Constant, "torch.Tensor", "torch.nn.parameter.Parameter");
        Add(TorchGlobalKind.Opaque, "torch.device", "argparse.Namespace", "collections.Counter", "_codecs.encode",
            "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.dtype",
            "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct", "numpy.ndarray");
        AddElementTypes(table);
        return table;
    }

    private static void AddElementTypes(Dictionary<string, PickleGlobal> table)
    {
        (string Storage, string[] Types, ElementType Element)[] rows =
        [
            ("Double", ["float64", "double"], ElementType.F64), ("Float", ["float32", "float"], ElementType.F32),
            ("Half", ["float16", "half"], ElementType.F16), ("BFloat16", ["bfloat16"], ElementType.BF16),
            ("Long", ["int64", "long"], ElementType.I64), ("Int", ["int32", "int"], ElementType.I32),
            ("Short", ["int16", "short"], ElementType.I16), ("Char", ["int8"], ElementType.I8),
            ("Byte", ["uint8"], ElementType.U8), ("Bool", ["bool"], ElementType.BOOL),
        ];
        foreach (var (storage, types, element) in rows)
        {
            foreach (var module in (string[])["torch.", "torch.cuda.", "torch.storage."])
                table.Add($"{module}{storage}Storage", new($"{module}{storage}Storage", TorchGlobalKind.Constant, element));
            foreach (var type in types) table.Add($"torch.{type}", new($"torch.{type}", TorchGlobalKind.Constant, element));
        }
        foreach (var module in (string[])["torch.", "torch.storage."])
            table.Add($"{module}UntypedStorage", new($"{module}UntypedStorage", TorchGlobalKind.Constant, ElementType.U8));
    }

    /// <summary>The global of that name.</summary>
    /// <exception cref="WeightFormatException">It is not on the list.</exception>
    internal static PickleGlobal Resolve(string module, string name, PickleInput input)
    {
        var fullName = $"{module}.{name}";
        if (Allowed.TryGetValue(fullName, out var global)) return global;
        if (Array.Exists(OpaqueModules, prefix => fullName.StartsWith(prefix, StringComparison.Ordinal)))
            return new(fullName, TorchGlobalKind.Opaque);
        throw input.Error($"the file asks for '{WeightFormatException.Printable(fullName)}', which is refused: only tensors and plain "
            + "containers are read, and nothing is executed. Save the weights alone: torch.save({'model': model.state_dict()}, path).");
    }

    /// <summary>What the call of an allowed global returns.</summary>
    internal static object? Call(PickleGlobal global, object?[] arguments, PickleInput input)
    {
        if (global.Kind == TorchGlobalKind.FromType)
        {
            if (arguments is not [PickleGlobal function, _, PickleTuple inner, ..] || function.Kind == TorchGlobalKind.FromType)
                throw Wrong(global, input);
            return Call(function, inner.Items, input);
        }
        return global.Kind switch
        {
            TorchGlobalKind.Dictionary => DictionaryOf(arguments, global, input),
            TorchGlobalKind.List => arguments is [PickleList list, ..] ? list : new PickleList([]),
            TorchGlobalKind.Tuple => new PickleTuple(arguments is [PickleTuple tuple, ..] ? tuple.Items : arguments),
            TorchGlobalKind.Tensor => TensorBuilder.Build(arguments, type: null, input),
            TorchGlobalKind.TensorOfType => arguments is [_, _, _, _, _, _, PickleGlobal { Type: { } type }, ..]
                ? TensorBuilder.Build(arguments, type, input)
                : throw Wrong(global, input),
            TorchGlobalKind.FirstArgument => arguments is [TensorReference tensor, ..] ? tensor : throw Wrong(global, input),
            TorchGlobalKind.Opaque => new OpaqueObject(global.FullName),
            _ => throw input.Error($"'{global.FullName}' is called like a function."),
        };
    }

    private static PickleDictionary DictionaryOf(object?[] arguments, PickleGlobal global, PickleInput input)
    {
        var dictionary = new PickleDictionary();
        // A defaultdict's argument is a class; a dict of pairs was written by Python 2.
        if (arguments is not [PickleList pairs, ..]) return dictionary;
        input.Spend(pairs.Items.Count);
        foreach (var pair in pairs.Items)
        {
            dictionary.Entries.Add(pair switch
            {
                PickleTuple { Items: [var key, var value] } => new(key, value),
                PickleList { Items: [var key, var value] } => new(key, value),
                _ => throw Wrong(global, input),
            });
        }
        return dictionary;
    }

    private static WeightFormatException Wrong(PickleGlobal global, PickleInput input)
        => input.Error($"'{global.FullName}' is called with arguments of the wrong kind.");
}
