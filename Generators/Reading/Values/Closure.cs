namespace FocalNet.Generators.Reading.Values;

/// <summary>A lambda, local function or method as a value.</summary>
/// <param name="body">Calls it.</param>
internal sealed class Closure(Func<object?[], object?> body)
{
    /// <summary>Calls it.</summary>
    public object? Invoke(params object?[] arguments) => body(arguments);

    /// <summary>A delegate of a given type that calls it, so that compiled code such as LINQ can; null for too many parameters.</summary>
    public Delegate? ToDelegate(Type type)
    {
        System.Reflection.MethodInfo invoke = type.GetMethod("Invoke")!;
        Type[] parameters = [.. invoke.GetParameters().Select(p => p.ParameterType)];
        if (parameters.Any(p => p.IsByRef))
            return null;
        bool isVoid = invoke.ReturnType == typeof(void);
        string name = (isVoid ? nameof(Action0) : nameof(Function0)).TrimEnd('0') + Graph.Text.Of(parameters.Length);
        System.Reflection.MethodInfo? adapter = typeof(Closure).GetMethod(name);
        if (adapter is null)
            return null;
        Type[] arguments = isVoid ? parameters : [.. parameters, invoke.ReturnType];
        return Delegate.CreateDelegate(type, this, arguments.Length == 0 ? adapter : adapter.MakeGenericMethod(arguments));
    }

    // One adapter for each number of parameters; found by name.
    public void Action0() => body([]);

    public void Action1<A>(A a) => body([a]);

    public void Action2<A, B>(A a, B b) => body([a, b]);

    public void Action3<A, B, C>(A a, B b, C c) => body([a, b, c]);

    public void Action4<A, B, C, D>(A a, B b, C c, D d) => body([a, b, c, d]);

    public R Function0<R>() => (R)body([])!;

    public R Function1<A, R>(A a) => (R)body([a])!;

    public R Function2<A, B, R>(A a, B b) => (R)body([a, b])!;

    public R Function3<A, B, C, R>(A a, B b, C c) => (R)body([a, b, c])!;

    public R Function4<A, B, C, D, R>(A a, B b, C c, D d) => (R)body([a, b, c, d])!;

    public R Function5<A, B, C, D, E, R>(A a, B b, C c, D d, E e) => (R)body([a, b, c, d, e])!;

    public R Function6<A, B, C, D, E, F, R>(A a, B b, C c, D d, E e, F f) => (R)body([a, b, c, d, e, f])!;
}
