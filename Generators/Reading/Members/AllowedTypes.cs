using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using FocalNet.Graph.Dsl;
using Microsoft.CodeAnalysis;

namespace FocalNet.Generators.Reading.Members;

/// <summary>
/// The compiled types that declarations may use: all of FocalNet.Graph, and those of .NET listed here. What is not listed is
/// refused, because a declaration must mean the same network in every build.
/// </summary>
internal static class AllowedTypes
{
    private static readonly Dictionary<string, Type> ByName = new Type[]
    {
        typeof(object), typeof(string), typeof(bool), typeof(char), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort),
        typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(float), typeof(double), typeof(decimal), typeof(void),
        typeof(Math), typeof(Convert), typeof(Nullable<>), typeof(Nullable), typeof(Array), typeof(Enum), typeof(ValueType),
        typeof(Delegate), typeof(MulticastDelegate), typeof(MidpointRounding), typeof(StringComparison), typeof(StringComparer),
        typeof(StringSplitOptions), typeof(CultureInfo), typeof(NumberFormatInfo), typeof(NumberStyles), typeof(StringBuilder),
        typeof(IFormatProvider), typeof(IFormattable), typeof(IComparable), typeof(IComparable<>), typeof(IEquatable<>),
        typeof(IComparer<>), typeof(IEqualityComparer<>), typeof(Comparer<>), typeof(EqualityComparer<>), typeof(FormattableString),
        typeof(Enumerable), typeof(IEnumerable), typeof(ICollection), typeof(IList), typeof(IEnumerable<>), typeof(ICollection<>),
        typeof(IList<>), typeof(IReadOnlyCollection<>), typeof(IReadOnlyList<>), typeof(IDictionary<,>), typeof(IReadOnlyDictionary<,>),
        typeof(ISet<>), typeof(IOrderedEnumerable<>), typeof(IGrouping<,>), typeof(ILookup<,>), typeof(Lookup<,>), typeof(List<>),
        typeof(Dictionary<,>), typeof(Dictionary<,>.KeyCollection), typeof(Dictionary<,>.ValueCollection), typeof(HashSet<>),
        typeof(SortedDictionary<,>), typeof(SortedSet<>), typeof(SortedList<,>), typeof(Queue<>), typeof(Stack<>), typeof(LinkedList<>),
        typeof(KeyValuePair<,>), typeof(ImmutableArray), typeof(ImmutableArray<>), typeof(ImmutableList), typeof(ImmutableList<>),
        typeof(ImmutableDictionary), typeof(ImmutableDictionary<,>), typeof(System.Collections.ObjectModel.ReadOnlyCollection<>),
        typeof(ValueTuple), typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>),
        typeof(ValueTuple<,,,,>), typeof(ValueTuple<,,,,,>), typeof(ValueTuple<,,,,,,>), typeof(ValueTuple<,,,,,,,>),
        typeof(Tuple), typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>),
        typeof(Action), typeof(Action<>), typeof(Action<,>), typeof(Action<,,>), typeof(Action<,,,>), typeof(Func<>), typeof(Func<,>),
        typeof(Func<,,>), typeof(Func<,,,>), typeof(Func<,,,,>), typeof(Func<,,,,,>), typeof(Func<,,,,,,>), typeof(Predicate<>),
        typeof(Comparison<>), typeof(Converter<,>),
        typeof(Exception), typeof(ArgumentException), typeof(ArgumentNullException), typeof(ArgumentOutOfRangeException),
        typeof(InvalidOperationException), typeof(NotSupportedException), typeof(NotImplementedException),
        typeof(IndexOutOfRangeException), typeof(KeyNotFoundException), typeof(FormatException), typeof(OverflowException),
        typeof(ArithmeticException), typeof(DivideByZeroException), typeof(InvalidCastException), typeof(NullReferenceException),
        typeof(RankException),
    }.ToDictionary(type => type.FullName!);

    // Types that netstandard2.0 lacks; null where the compiler runs on a .NET that lacks them too.
    private static readonly HashSet<string> OfNewerRuntimes =
        ["System.MathF", "System.Numerics.BitOperations", "System.Diagnostics.UnreachableException"];

    private static readonly HashSet<string> NotDeterministic =
    [
        "System.DateTime", "System.DateTimeOffset", "System.DateOnly", "System.TimeOnly", "System.TimeProvider", "System.Environment", "System.Random", "System.Guid",
        "System.HashCode", "System.AppContext", "System.GC", "System.TimeZoneInfo", "System.Diagnostics.Stopwatch",
        "System.Diagnostics.Process", "System.Threading.Thread", "System.Security.Cryptography.RandomNumberGenerator",
    ];

    /// <summary>Name of the assembly of the DSL.</summary>
    public static string GraphAssembly { get; } = typeof(NetworkBuilder).Assembly.GetName().Name;

    /// <summary>The runtime type of a definition outside the project; null when it may not be used.</summary>
    public static Type? Find(INamedTypeSymbol definition)
    {
        string name = FullName(definition);
        if (definition.ContainingAssembly?.Name == GraphAssembly)
            return typeof(NetworkBuilder).Assembly.GetType(name);
        return ByName.TryGetValue(name, out Type? type) ? type : OfNewerRuntimes.Contains(name) ? Type.GetType(name) : null;
    }

    /// <summary>Why a member gives another value in another build; null if it does not.</summary>
    public static bool IsNotDeterministic(ISymbol member)
    {
        if (member.ContainingType is not { } type)
            return false;
        string name = FullName(type.OriginalDefinition);
        return NotDeterministic.Contains(name)
            || name.StartsWith("System.IO.", StringComparison.Ordinal)
            || member.Name is "GetHashCode" or "Shuffle" or "CurrentCulture" or "CurrentUICulture" or "InstalledUICulture";
    }

    /// <summary>Name as reflection gives it: <c>Namespace.Outer+Inner`1</c>.</summary>
    public static string FullName(INamedTypeSymbol definition)
    {
        if (definition.ContainingType is { } outer)
            return FullName(outer.OriginalDefinition) + "+" + definition.MetadataName;
        return definition.ContainingNamespace is { IsGlobalNamespace: false } space
            ? space.ToDisplayString() + "." + definition.MetadataName
            : definition.MetadataName;
    }
}
