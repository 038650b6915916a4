using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>
/// Emits a task's body as a struct that a CUDA template calls with channels of one pixel in registers: pointers, values that do
/// not change over the domain and extents as fields, the rest for any number of adjacent channels.
/// </summary>
internal sealed class CudaBodyEmitter
{
    private readonly KernelBody _body;
    private readonly Shape _domain;
    private readonly CudaOperand[] _operands;
    private readonly CudaExpressionPrinter _printer;
    private readonly bool[] _used;
    private readonly IReadOnlyDictionary<int, int> _normals;
    private readonly int? _result, _handed;
    private readonly bool _isSource, _fetches, _keeps;
    private readonly CudaAnchor? _anchor;
    private readonly CudaStaging? _staging;
    private readonly IReadOnlyList<BodyReduction> _kept;

    /// <param name="task">The task.</param>
    /// <param name="result">A value that the body hands back in the registers it was given; it stores only where it is told that the pixel is the block's own.</param>
    /// <param name="handed">An operand that the body is handed in registers as <c>input</c>, where it is read at the body's own element; -1: it is handed one that it does not look at.</param>
    /// <param name="isSource">A convolution's source: gives the value that the body would store.</param>
    /// <param name="fetches">Of a body that hands a value back: what it reads can be asked for before.</param>
    /// <param name="keeps">A thread has up to 8 channels of its pixels: what is read of channels alone is read when it calls <c>keep</c> with the first of them.</param>
    /// <param name="staging">Operands that are in shared memory.</param>
    public CudaBodyEmitter(
        KernelTask task, int? result = null, int? handed = null, bool isSource = false, bool fetches = false, bool keeps = false, CudaStaging? staging = null)
    {
        _isSource = isSource;
        _keeps = keeps;
        _staging = staging;
        _kept = [.. task.Body.Reductions.Where(r => task.Operands[r.Operand].IsWritten)];
        _fetches = staging is { FetchesRest: true } ||
            (task.OnTensorCores && task.Body.Reductions.Count == 0 && (fetches || (result is null && !keeps)) && handed is null && !isSource);
        _anchor = isSource && task.Group.Anchor is not null ? CudaTaskEmitter.AnchorOf(task) : null;
        _body = task.Body;
        bool narrow = IsNarrow(task);
        _printer = new CudaExpressionPrinter(narrow);
        _result = result;
        _handed = handed;
        _domain = task.Domain;
        _operands = [.. task.Operands.Select(CudaOperand.Of)];
        _normals = narrow ? Normals(_body) : [];
        _used = Used(_body, result, _normals);
        var code = new CodeWriter();
        EmitMembers(code);
        string members = code.ToString();
        Name = (isSource ? "Source_" : "Body_") + CudaKernelEmitter.Hash(members);
        Text = $"struct {Name}\n{members.TrimEnd('\n')};\n";
    }

    /// <summary>Name of the struct; equal for equal text.</summary>
    public string Name { get; }

    /// <summary>The struct.</summary>
    public string Text { get; }

    /// <summary>Both.</summary>
    public CudaStruct Struct => new(Name, Text);

    /// <summary>Statements that declare a body and fill its fields.</summary>
    /// <param name="parameter">The kernel's parameter for an operand.</param>
    /// <param name="name">Of the variable.</param>
    public IEnumerable<string> Declaration(Func<int, string> parameter, string name = "body")
    {
        yield return $"{Name} {name};";
        foreach (int i in Pointers)
            yield return $"{name}.p{N(i)} = {parameter(i)};";
        foreach (int i in Uniforms)
            yield return $"{name}.u{N(i)} = {Uniform(i, parameter, name)};";
        if (_anchor is not null)
            yield return $"{name}.anchor = {_anchor.Type}{{ {_anchor.Fields(parameter)} }};";
        if (UsesExtents)
            yield return $"{name}.height = {CudaExtents.Of(_domain.H)}, {name}.width = {CudaExtents.Of(_domain.W)};";
    }

    private static string N(int i) => Graph.Text.Of(i);

    // What it computes is rounded to bf16: it is multiplied as that, or all that it stores is stored as that. Sums of it have no more digits.
    private static bool IsNarrow(KernelTask task) => task.Precision == ElementType.BFloat16 ||
        (task.Body.Stores.Count > 0 && task.Body.Stores.All(s => task.Operands[s.Operand].Place.Buffer.Root.Type == ElementType.BFloat16));

    /// <summary>Which values a task's body needs.</summary>
    public static IReadOnlyList<bool> UsedBy(KernelTask task) => Used(task.Body, null, IsNarrow(task) ? Normals(task.Body) : []);

    // A body that was cut into tasks has values that this one does not need.
    private static bool[] Used(KernelBody body, int? result, IReadOnlyDictionary<int, int> normals)
    {
        var used = new bool[body.Values.Count];
        if (result is { } handed)
            used[handed] = true;
        foreach (int value in body.Stores.Select(s => s.Value).Concat(body.Reductions.Select(r => r.Value)))
            used[value] = true;
        for (int i = body.Values.Count - 1; i >= 0; i--)
        {
            if (!used[i])
                continue;
            if (normals.TryGetValue(i, out int x))
                used[x] = true;
            else if (body.Values[i] is UnaryValue unary)
                used[unary.X] = true;
            else if (body.Values[i] is BinaryValue binary)
                used[binary.A] = used[binary.B] = true;
        }
        return used;
    }

    // What bf16 lets a function of its own compute, each with its argument.
    private static Dictionary<int, int> Normals(KernelBody body)
    {
        var normals = new Dictionary<int, int>();
        for (int i = 0; i < body.Values.Count; i++)
        {
            if (!body.IsUniform(i) && NormalPattern.ArgumentOf(body, i) is { } x)
                normals.Add(i, x);
        }
        return normals;
    }

    private IEnumerable<LoadValue> Loads => _body.Values.Where((v, i) => _used[i]).OfType<LoadValue>().Where(l => !IsHanded(l));

    private bool IsHanded(LoadValue load) => load.Operand == _handed && load.Access.IsFull;

    private bool IsKept(LoadValue load) => _keeps && !load.Access.IsScalar && HasChannels(load.Access) && PixelOf(load.Access).Length == 0 && !IsWritten(load.Operand);

    private IEnumerable<int> Pointers => Loads.Where(l => !l.Access.IsScalar && (IsBrought || Staged(l) is null)).Select(l => l.Operand)
        .Concat(_body.Stores.Where(s => !_isSource).Select(s => s.Operand)).Concat(_kept.Select(r => r.Operand)).Distinct().OrderBy(i => i);

    private StagedOperand? Staged(LoadValue load) => _staging is not null && _staging.Operands.TryGetValue(load.Operand, out StagedOperand? staged) ? staged : null;

    // To shared memory, by the body itself.
    private bool IsBrought => _staging?.Brings is not null;

    private bool IsFetched(LoadValue load) => _fetches && Staged(load) is null && !IsKept(load);

    private IEnumerable<int> Uniforms => Enumerable.Range(0, _body.Values.Count).Where(i => _used[i] && _body.IsUniform(i) && _body.Values[i] is not ConstantValue);

    // What a body that hands a value back is told of its pixel.
    private string Own => _result is null ? "" : ", bool own";

    private bool UsesExtents => _isSource || IsBrought || Loads.Any(l => NeedsExtents(l.Access));

    private bool IsWritten(int operand) => !_isSource && (_body.Stores.Any(s => s.Operand == operand) || _kept.Any(r => r.Operand == operand));

    private static bool HasChannels(Access access) => access.IsFull || access.Axes.HasFlag(Axes.C);

    private void EmitMembers(CodeWriter code)
    {
        code.Open();
        foreach (int i in Pointers)
            code.Line($"{(IsWritten(i) ? "" : "const ")}{_operands[i].Type}* p{N(i)};");
        foreach (int i in Uniforms)
            code.Line($"float u{N(i)};");
        if (_staging is not null)
            code.Line("const unsigned char* staged;");
        if (_anchor is not null)
            code.Line($"{_anchor.Type} anchor;");
        if (UsesExtents)
            code.Line("int height, width;");
        if (IsBrought)
            EmitBring(code);
        if (_body.Reductions.Count > 0)
            EmitReductions(code);
        if (_keeps)
            EmitKeep(code);
        if (_isSource)
            EmitLoad(code);
        else
            EmitApply(code);
        code.Close();
    }

    private string Uniform(int index, Func<int, string> parameter, string name) => _body.Values[index] switch
    {
        LoadValue load => $"load_at({parameter(load.Operand)})",
        SizeValue size => $"(float)((long long){CudaExtents.Of(size.Of.N)} * {N(size.Of.C)} * {CudaExtents.Of(size.Of.H)} * {CudaExtents.Of(size.Of.W)})",
        BodyValue value => _printer.Print(value, i => _body.Values[i] is ConstantValue c ? _printer.Literal((float)c.Value) : $"{name}.u{N(i)}"),
    };

    private void EmitReductions(CodeWriter code)
    {
        IReadOnlyList<BodyReduction> all = _body.Reductions;
        code.Line($"static constexpr int REDUCTIONS = {N(all.Count)};");
        code.Line($"static __device__ constexpr bool maximum(int r) {{ return {Any(r => r.Kind == ReduceKind.Max)}; }}");
        code.Line($"static __device__ constexpr bool per_pixel(int r) {{ return {Any(r => r.Mode == ReductionMode.PerPixel)}; }}");
        code.Line($"static __device__ constexpr bool keeps_channels(int r) {{ return {Any(r => HasChannels(r.Access))}; }}");
        code.Line("__device__ __forceinline__ float* partial(int r)").Open();
        for (int r = 0; r < all.Count; r++)
        {
            if (all[r].Mode == ReductionMode.Chunked && _operands[all[r].Operand].Type == "float")
                code.Line($"if (r == {N(r)}) return p{N(all[r].Operand)};");
        }
        code.Line("return nullptr;").Close();
        code.Line("__device__ __forceinline__ void store_pixel(int r, int pixel, float value)").Open();
        for (int r = 0; r < all.Count; r++)
        {
            if (all[r].Mode == ReductionMode.PerPixel && _kept.Contains(all[r]))
                code.Line($"if (r == {N(r)}) store_at(p{N(all[r].Operand)} + pixel * {N(_operands[all[r].Operand].Pitch)}, value);");
        }
        code.Close();
        if (_kept.Contains(all[0]))
            code.Line("__device__ __forceinline__ void store_gathered(int pixel, int channel, float value)").Open()
                .Line($"store_at(p{N(all[0].Operand)} + pixel * {N(_operands[all[0].Operand].Pitch)} + channel, value);").Close();

        string Any(Func<BodyReduction, bool> test)
        {
            string[] which = [.. all.Select((r, i) => (r, i)).Where(p => test(p.r)).Select(p => $"r == {N(p.i)}")];
            return which.Length == 0 ? "false" : which.Length == all.Count ? "true" : string.Join(" || ", which);
        }
    }

    // What the body reads beside a tile of sums, or what is in shared memory, can be asked for before that is there.
    private void EmitFetch(CodeWriter code)
    {
        const string Place = "int pixel, int image, int y, int x, int channel";
        code.Line("template <int V> struct Operands").Open();
        foreach ((int i, LoadValue load) in LoadsHere.Where(l => IsFetched(l.Load)))
            code.Line($"float v{N(i)}{(HasChannels(load.Access) ? "[V]" : "")};");
        code.Close(";");
        code.Line($"template <int V> __device__ __forceinline__ void fetch(Operands<V>& operands, {Place}) const").Open();
        EmitLoads(code, fetched: true);
        code.Close();
        if ((_result is not null && !_keeps) || _staging is not null)
            return;
        code.Line($"template <int V> __device__ __forceinline__ void apply(float (&value)[V], {Place}{Own})").Open();
        code.Line("Operands<V> operands;").Line("fetch(operands, pixel, image, y, x, channel);").Line($"apply(value, operands, pixel, image, y, x, channel{(Own.Length == 0 ? "" : ", own")});").Close();
    }

    // For a template that knows the tile: the caller commits and waits.
    private void EmitBring(CodeWriter code)
    {
        code.Line("template <class Tile> __device__ __forceinline__ void bring(unsigned char* shared, const DepthwisePlace& place, int channel) const").Open();
        foreach (string line in _staging!.Brings!)
            code.Line(line);
        code.Close();
    }

    private void EmitApply(CodeWriter code)
    {
        bool reduces = _body.Reductions.Count > 0;
        string more = reduces ? ", float (&reduced)[REDUCTIONS][V]" : Own, input = _handed is null ? "" : "const float (&input)[V], ";
        if (_fetches)
        {
            EmitFetch(code);
            input = "const Operands<V>& operands, ";
        }
        if (IsBrought)
            more = ", int unit" + more;
        code.Line($"template <int V> __device__ __forceinline__ void {(reduces ? "reduce" : "apply")}(float (&value)[V], {input}int pixel, int image, int y, int x, int channel{more})").Open();
        EmitLoads(code, fetched: false);
        for (int s = 0; s < _body.Stores.Count; s++)
            code.Line($"float r{N(s)}[V];");
        EmitArithmetic(code);
        for (int s = 0; s < _body.Stores.Count; s++)
            code.Line($"r{N(s)}[i] = {NameOf(_body.Stores[s].Value)};");
        for (int r = 0; r < _body.Reductions.Count; r++)
            code.Line($"reduced[{N(r)}][i] = {NameOf(_body.Reductions[r].Value)};");
        if (_result is { } result)
            code.Line($"value[i] = {NameOf(result)};");
        code.Close();
        if (_result is not null)
            code.Line("if (!own) return;");
        for (int s = 0; s < _body.Stores.Count; s++)
        {
            int operand = _body.Stores[s].Operand;
            code.Line($"store_channels<{_operands[operand].Type}, V, {N(_operands[operand].Alignment)}>(p{N(operand)} + pixel * {N(_operands[operand].Pitch)} + channel, r{N(s)});");
        }
        code.Close();
    }

    private void EmitKeep(CodeWriter code)
    {
        int[] kept = [.. Enumerable.Range(0, _body.Values.Count).Where(i => _used[i] && _body.Values[i] is LoadValue load && !IsHanded(load) && IsKept(load))];
        foreach (int i in kept)
            code.Line($"float v{N(i)}[8];");
        code.Line("template <int V> __device__ __forceinline__ void keep(int channel)").Open();
        foreach (int i in kept)
        {
            int operand = ((LoadValue)_body.Values[i]).Operand;
            code.Line($"load_first<{_operands[operand].Type}, V, {N(_operands[operand].Alignment)}>(p{N(operand)} + channel, v{N(i)});");
        }
        code.Close();
    }

    // What a tile reads: the value that is to be stored, of a pixel within the picture.
    private void EmitLoad(CodeWriter code)
    {
        code.Line("static constexpr bool direct = false;");
        code.Line("template <int V> __device__ __forceinline__ void load(float (&value)[V], int image, int y, int x, int channel) const").Open();
        code.Line("const int pixel = (image * height + y) * width + x;");
        if (_anchor is not null)
            code.Line("anchor.load(value, image, y, x, channel);");
        EmitLoads(code, fetched: false);
        EmitArithmetic(code);
        code.Line($"value[i] = {NameOf(_body.Stores[0].Value)};").Close().Close();
    }

    private void EmitLoads(CodeWriter code, bool fetched)
    {
        foreach ((int i, LoadValue load) in LoadsHere.Where(l => IsFetched(l.Load) == fetched))
            EmitLoad(code, i, load);
    }

    // Loads where the pixel is, and which values they are.
    private IEnumerable<(int Value, LoadValue Load)> LoadsHere => _body.Values.Select((v, i) => (i, v as LoadValue))
        .Where(p => p.Item2 is { } load && _used[p.i] && !load.Access.IsScalar && !IsHanded(load) && !IsKept(load)).Select(p => (p.i, p.Item2!));

    // Leaves the loop over adjacent channels open.
    private void EmitArithmetic(CodeWriter code)
    {
        code.Line("#pragma unroll").Line("for (int i = 0; i < V; i++)").Open();
        for (int i = 0; i < _body.Values.Count; i++)
        {
            if (_used[i] && !_body.IsUniform(i) && _body.Values[i] is (UnaryValue or BinaryValue))
                code.Line($"const float v{N(i)} = {(_normals.TryGetValue(i, out int x) ? $"normal_for_bf16({NameOf(x)})" : _printer.Print(_body.Values[i], NameOf))};");
        }
    }

    private void EmitLoad(CodeWriter code, int value, LoadValue load)
    {
        CudaOperand operand = _operands[load.Operand];
        string pixel = PixelOf(load.Access), address = $"p{N(load.Operand)}{(pixel.Length == 0 ? "" : $" + {pixel} * {N(operand.Pitch)}")}";
        bool fetched = IsFetched(load);
        if (!HasChannels(load.Access))
        {
            code.Line($"{(fetched ? "" : "const float ")}{Loaded(value, load)} = load_at({Staged(load)?.Address ?? address});");
            return;
        }
        if (!fetched)
            code.Line($"float v{N(value)}[V];");
        string from = Staged(load) is { } staged ? $"<{staged.Type}, V, {staged.Alignment}>({staged.Address}" : $"<{operand.Type}, V, {N(operand.Alignment)}>({address} + channel";
        code.Line($"load_channels{from}, {Loaded(value, load)});");
    }

    private string Loaded(int value, LoadValue load) => $"{(IsFetched(load) ? "operands." : "")}v{N(value)}";

    private string NameOf(int index)
    {
        switch (_body.Values[index])
        {
            case ConstantValue constant:
                return _printer.Literal((float)constant.Value);
            case AnchorValue:
                return "value[i]";
            case LoadValue load when IsHanded(load):
                return "input[i]";
            case LoadValue load when !load.Access.IsScalar:
                return HasChannels(load.Access) ? Loaded(index, load) + "[i]" : Loaded(index, load);
            default:
                return _body.IsUniform(index) ? $"u{N(index)}" : $"v{N(index)}";
        }
    }

    // The operand's pixel for a position of the domain; empty where it has one pixel alone.
    private string PixelOf(Access access)
    {
        if (access.IsFull || MovesWithPixel(access))
            return "pixel";
        string index = access.Axes.HasFlag(Axes.N) ? "image" : "";
        if (access.Axes.HasFlag(Axes.H))
            index = index.Length == 0 ? "y" : $"({index} * height + y)";
        if (access.Axes.HasFlag(Axes.W))
            index = index.Length == 0 ? "x" : $"({index} * width + x)";
        return index;
    }

    private bool MovesWithPixel(Access access)
    {
        foreach (int axis in (int[])[0, 2, 3])
        {
            if (!_domain[axis].IsOne && !access.Axes.HasFlag((Axes)(1 << axis)))
                return false;
        }
        return !(_domain.N.IsOne && _domain.H.IsOne && _domain.W.IsOne);
    }

    private bool NeedsExtents(Access access) => !access.IsFull && !MovesWithPixel(access) && (access.Axes & (Axes.H | Axes.W)) != 0;
}
