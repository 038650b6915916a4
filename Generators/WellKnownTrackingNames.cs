namespace FocalNet.Generators;

/// <summary>Names of the generator's steps, by which tests ask whether they ran again.</summary>
internal static class WellKnownTrackingNames
{
    /// <summary>Finds methods with the attribute.</summary>
    public const string Find = nameof(Find);

    /// <summary>Evaluates them.</summary>
    public const string Read = nameof(Read);

    /// <summary>The networks that could be read.</summary>
    public const string Model = nameof(Model);

    /// <summary>Compiles them to source text.</summary>
    public const string Emit = nameof(Emit);

    /// <summary>The diagnostics of reading.</summary>
    public const string Diagnose = nameof(Diagnose);
}
