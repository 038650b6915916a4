using FocalNet.Graph;
using FocalNet.Graph.Fusion;
using FocalNet.Graph.Ir;
using FocalNet.Graph.Ops;

namespace FocalNet.Generators.Emission.CSharp;

/// <summary>
/// Emits a kernel's body as a struct that implements Runtime's <c>IKernelBody</c>: pointers as fields, values that do not
/// change over the domain computed once in the constructor, the rest for eight channels and for one.
/// </summary>
internal sealed class BodyEmitter(CodeWriter code, KernelBody body, Shape domain)
{
    private readonly CSharpExpressionPrinter _scalar = new(vector: false), _vector = new(vector: true);
    private readonly GeluPattern _gelu = new(body);

    public void Emit()
    {
        code.Line("private unsafe struct Body : IKernelBody").Open();
        EmitFields();
        EmitConstructor();
        EmitApply(vector: true);
        EmitApply(vector: false);
        EmitPrefetch();
        EmitEndPixel();
        EmitEndChunk();
        code.Close();
    }

    private IEnumerable<int> Pointers => body.Values.OfType<LoadValue>().Where(l => !l.Access.IsScalar).Select(l => l.Operand)
        .Concat(body.Stores.Select(s => s.Operand))
        .Concat(body.Reductions.Where(r => r.Mode != ReductionMode.Chunked).Select(r => r.Operand))
        .Distinct().OrderBy(i => i);

    private IEnumerable<int> Uniforms => Enumerable.Range(0, body.Values.Count).Where(i => body.IsUniform(i) && body.Values[i] is not ConstantValue);

    private bool UsesExtents => body.Values.OfType<LoadValue>().Any(l => NeedsExtents(l.Access)) || body.Reductions.Any(r => NeedsExtents(r.Access));

    private static bool InFields(BodyReduction r) => r.Mode == ReductionMode.PerPixel || (r.Mode == ReductionMode.Chunked && !HasChannels(r.Access));

    private static bool HasChannels(Access access) => access.Axes.HasFlag(Axes.C);

    private void EmitFields()
    {
        foreach (int i in Pointers)
            code.Line($"private readonly float* _p{Text.Of(i)};").Line($"private readonly nint _s{Text.Of(i)};");
        foreach (int i in Uniforms)
            code.Line($"private readonly float _u{Text.Of(i)};");
        if (UsesExtents)
            code.Line("private readonly int _height, _width;");
        for (int r = 0; r < body.Reductions.Count; r++)
        {
            if (body.Reductions[r].Mode == ReductionMode.Chunked)
                code.Line($"private readonly float* _partial{Text.Of(r)};");
            if (InFields(body.Reductions[r]))
                code.Line($"private Vector256<float> _vector{Text.Of(r)};").Line($"private float _scalar{Text.Of(r)};");
        }
        code.Line();
    }

    private void EmitConstructor()
    {
        code.Line("public Body(in KernelArguments a, in WorkSlice s)").Open();
        foreach (int i in Pointers)
            code.Line($"_p{Text.Of(i)} = a.Buffers[{Text.Of(i)}];").Line($"_s{Text.Of(i)} = a.Pitches[{Text.Of(i)}];");
        foreach (int i in Uniforms)
            code.Line($"_u{Text.Of(i)} = {Uniform(i)};");
        if (UsesExtents)
            code.Line("_height = a.Height;").Line("_width = a.Width;");
        int chunked = 0;
        for (int r = 0; r < body.Reductions.Count; r++)
        {
            BodyReduction reduction = body.Reductions[r];
            if (reduction.Mode == ReductionMode.Chunked)
            {
                code.Line($"_partial{Text.Of(r)} = a.Partials[{Text.Of(chunked)}] + (nint)s.Chunk * a.PartialStrides[{Text.Of(chunked)}];");
                chunked++;
            }
            if (InFields(reduction))
                code.Line($"_vector{Text.Of(r)} = Vector256.Create({Neutral(reduction)});").Line($"_scalar{Text.Of(r)} = {Neutral(reduction)};");
            if (reduction.Mode == ReductionMode.Sequential)
                code.Line($"new Span<float>(_p{Text.Of(reduction.Operand)}, checked({ResultElements(reduction.Access)})).Fill({Neutral(reduction)});");
        }
        code.Close().Line();
    }

    private string Uniform(int index) => body.Values[index] switch
    {
        LoadValue load => $"a.Buffers[{Text.Of(load.Operand)}][0]",
        SizeValue size => $"(float)({Extent(size.Of.N, "a.RunImages")} * {Text.Of(size.Of.C)}.0 * {Extent(size.Of.H, "a.RunHeight")} * {Extent(size.Of.W, "a.RunWidth")})",
        BodyValue value => _scalar.Print(value, i => Name(i, vector: false)),
    };

    private static string Extent(Extent extent, string run) =>
        extent.IsConstant ? Text.Of(extent.Value) + ".0" : extent.Value == 1 ? $"(double){run}" : $"(double)({run} / {Text.Of(extent.Value)})";

    private string Name(int index, bool vector)
    {
        if (body.Values[index] is ConstantValue constant)
            return (vector ? _vector : _scalar).Literal((float)constant.Value);
        if (body.IsUniform(index))
            return vector ? $"Vector256.Create(_u{Text.Of(index)})" : $"_u{Text.Of(index)}";
        return body.Values[index] is AnchorValue ? "value" : $"v{Text.Of(index)}";
    }

    private void EmitApply(bool vector)
    {
        string type = vector ? "Vector256<float>" : "float";
        code.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        code.Line($"public void Apply({type} value, nint pixel, int image, int y, int x, int channel)").Open();
        for (int i = 0; i < body.Values.Count; i++)
        {
            BodyValue value = body.Values[i];
            if (body.IsUniform(i) || value is AnchorValue || _gelu.IsPart(i))
                continue;
            string expression =
                value is LoadValue load ? Load(load, vector) :
                _gelu.ArgumentOf(i) is { } x ? $"VectorMath.Gelu({Name(x, vector)})" :
                (vector ? _vector : _scalar).Print(value, v => Name(v, vector));
            code.Line($"var v{Text.Of(i)} = {expression};");
        }
        foreach (BodyStore store in body.Stores)
        {
            string address = $"pixel * _s{Text.Of(store.Operand)} + channel";
            code.Line(vector
                ? $"Vector256.Store({Name(store.Value, true)}, _p{Text.Of(store.Operand)} + {address});"
                : $"_p{Text.Of(store.Operand)}[{address}] = {Name(store.Value, false)};");
        }
        for (int r = 0; r < body.Reductions.Count; r++)
            EmitReduce(r, vector);
        code.Close().Line();
    }

    private void EmitPrefetch()
    {
        code.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]").Line("public void Prefetch(nint pixel, int channel)").Open();
        IEnumerable<int> full = body.Stores.Select(s => s.Operand).Concat(body.Values.OfType<LoadValue>().Where(l => l.Access is { IsFull: true, IsScalar: false }).Select(l => l.Operand));
        foreach (int i in full.Distinct().OrderBy(i => i))
            code.Line($"Cache.Prefetch(_p{Text.Of(i)} + pixel * _s{Text.Of(i)} + channel);");
        code.Close().Line();
    }

    private string Load(LoadValue load, bool vector)
    {
        string pointer = $"_p{Text.Of(load.Operand)}", address = Address(load.Access, $"_s{Text.Of(load.Operand)}");
        if (!vector)
            return $"{pointer}[{address}]";
        return HasChannels(load.Access) || load.Access.IsFull
            ? $"Vector256.Load({pointer} + {address})"
            : $"Vector256.Create({pointer}[{address}])";
    }

    // Where an operand's element for this position lies: its pixel times its pitch, plus the channel if it has channels.
    private string Address(Access access, string pitch)
    {
        string pixel = PixelOf(access);
        string channel = HasChannels(access) || access.IsFull ? "channel" : "";
        if (pixel.Length == 0)
            return channel.Length == 0 ? "0" : channel;
        return channel.Length == 0 ? $"{pixel} * {pitch}" : $"{pixel} * {pitch} + {channel}";
    }

    private string PixelOf(Access access)
    {
        if (access.IsFull || MovesWithPixel(access))
            return "pixel";
        string index = access.Axes.HasFlag(Axes.N) ? "image" : "";
        if (access.Axes.HasFlag(Axes.H))
            index = index.Length == 0 ? "y" : $"({index} * (nint)_height + y)";
        if (access.Axes.HasFlag(Axes.W))
            index = index.Length == 0 ? "x" : $"({index} * (nint)_width + x)";
        return index.Length == 0 ? "" : index == "image" || index == "y" || index == "x" ? $"(nint){index}" : index;
    }

    private bool MovesWithPixel(Access access)
    {
        foreach (int axis in (int[])[0, 2, 3])
        {
            if (!domain[axis].IsOne && !access.Axes.HasFlag((Axes)(1 << axis)))
                return false;
        }
        return !(domain.N.IsOne && domain.H.IsOne && domain.W.IsOne);
    }

    private bool NeedsExtents(Access access) =>
        !access.IsFull && !MovesWithPixel(access) && (access.Axes & (Axes.H | Axes.W)) != 0;

    private void EmitReduce(int index, bool vector)
    {
        BodyReduction reduction = body.Reductions[index];
        string value = Name(reduction.Value, vector), r = Text.Of(index);
        if (InFields(reduction))
        {
            string field = vector ? $"_vector{r}" : $"_scalar{r}";
            code.Line($"{field} = {Combine(reduction, field, value)};");
            return;
        }
        string target = reduction.Mode == ReductionMode.Chunked ? $"_partial{r}" : $"_p{Text.Of(reduction.Operand)}";
        string pitch = reduction.Mode == ReductionMode.Chunked ? $"(nint){Text.Of(domain.C)}" : $"_s{Text.Of(reduction.Operand)}";
        string address = Address(reduction.Access, pitch);
        if (vector && HasChannels(reduction.Access))
        {
            code.Line($"Vector256.Store({Combine(reduction, $"Vector256.Load({target} + {address})", value)}, {target} + {address});");
            return;
        }
        string scalar = vector ? Horizontal(reduction, value) : value;
        code.Line($"{target}[{address}] = {Combine(reduction, $"{target}[{address}]", scalar)};");
    }

    private void EmitEndPixel()
    {
        code.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        code.Line("public void EndPixel(nint pixel, int image, int y, int x)").Open();
        for (int i = 0; i < body.Reductions.Count; i++)
        {
            BodyReduction reduction = body.Reductions[i];
            string r = Text.Of(i), total = Combine(reduction, Horizontal(reduction, $"_vector{r}"), $"_scalar{r}");
            if (reduction.Mode == ReductionMode.PerPixel)
                code.Line($"_p{Text.Of(reduction.Operand)}[pixel * _s{Text.Of(reduction.Operand)}] = {total};");
            else if (InFields(reduction) && reduction.Access.Axes.HasFlag(Axes.N))
                code.Line($"_partial{r}[image] = {Combine(reduction, $"_partial{r}[image]", total)};");
            else
                continue;
            code.Line($"_vector{r} = Vector256.Create({Neutral(reduction)});").Line($"_scalar{r} = {Neutral(reduction)};");
        }
        code.Close().Line();
    }

    private void EmitEndChunk()
    {
        code.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]").Line("public void EndChunk()").Open();
        for (int i = 0; i < body.Reductions.Count; i++)
        {
            BodyReduction reduction = body.Reductions[i];
            if (reduction.Mode != ReductionMode.Chunked || !InFields(reduction) || reduction.Access.Axes.HasFlag(Axes.N))
                continue;
            string r = Text.Of(i), total = Combine(reduction, Horizontal(reduction, $"_vector{r}"), $"_scalar{r}");
            code.Line($"_partial{r}[0] = {Combine(reduction, $"_partial{r}[0]", total)};");
        }
        code.Close();
    }

    private static string Neutral(BodyReduction reduction) => reduction.Kind == ReduceKind.Sum ? "0f" : "float.NegativeInfinity";

    private static string Combine(BodyReduction reduction, string a, string b) =>
        reduction.Kind == ReduceKind.Sum ? $"{a} + {b}" : $"VectorMath.Max({a}, {b})";

    private static string Horizontal(BodyReduction reduction, string vector) =>
        reduction.Kind == ReduceKind.Sum ? $"Vector256.Sum({vector})" : $"VectorMath.HorizontalMax({vector})";

    // The operand count of a result that keeps the axes of an access, in terms of the domain's extents.
    private string ResultElements(Access access) => string.Join(" * ", new[]
    {
        access.Axes.HasFlag(Axes.N) ? "a.Images" : "1",
        access.Axes.HasFlag(Axes.C) ? "a.Channels" : "1",
        access.Axes.HasFlag(Axes.H) ? "a.Height" : "1",
        access.Axes.HasFlag(Axes.W) ? "a.Width" : "1",
    });
}
