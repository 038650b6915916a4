using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda.Plans;

/// <summary>What a factor of a <see cref="LaunchExtent"/> counts.</summary>
public enum LaunchSymbol
{
    /// <summary>Nothing: the factor is a constant.</summary>
    None,

    /// <summary>N, pictures.</summary>
    Images,

    /// <summary>H/divisor, rows.</summary>
    Height,

    /// <summary>W/divisor, columns.</summary>
    Width,

    /// <summary>N·(H/divisor)·(W/divisor), pixels of all pictures.</summary>
    Pixels,
}

/// <summary>One factor: a constant, or tiles of a run-time extent, the last of them perhaps not whole.</summary>
/// <param name="Symbol">What is counted.</param>
/// <param name="Divisor">The constant, or what H and W are divided by.</param>
/// <param name="Tile">How many of them make one tile.</param>
public readonly record struct LaunchFactor(LaunchSymbol Symbol, int Divisor, int Tile)
{
    /// <summary>The factor at a run size.</summary>
    /// <exception cref="OverflowException">It exceeds 2⁶³.</exception>
    public long At(RunSize size)
    {
        long count = Symbol switch
        {
            LaunchSymbol.None => Divisor,
            LaunchSymbol.Images => size.Images / Divisor,
            LaunchSymbol.Height => size.Height / Divisor,
            LaunchSymbol.Width => size.Width / Divisor,
            _ => checked((long)size.Images * (size.Height / Divisor) * (size.Width / Divisor)),
        };
        return (count / Tile) + (count % Tile == 0 ? 0 : 1);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        if (Symbol == LaunchSymbol.None)
            return FormattableString.Invariant($"{Divisor}");
        char letter = Symbol switch { LaunchSymbol.Images => 'N', LaunchSymbol.Height => 'H', LaunchSymbol.Width => 'W', _ => 'P' };
        return FormattableString.Invariant($"{letter}{(Divisor == 1 ? "" : "/" + Divisor)}{(Tile == 1 ? "" : ":" + Tile)}");
    }
}

/// <summary>
/// A product of factors: the blocks of one part of a launch. A part that has smaller tiles for small pictures takes those where its product is below
/// a number.
/// </summary>
/// <param name="Factors">Its factors, one at least.</param>
/// <param name="From">The least product for which it stands.</param>
/// <param name="Below">What stands where the product is smaller; null for a part with one kind of tile.</param>
public sealed record LaunchTerm(IReadOnlyList<LaunchFactor> Factors, int From = 0, LaunchTerm? Below = null)
{
    /// <summary>The blocks at a run size.</summary>
    /// <exception cref="OverflowException">They exceed 2⁶³.</exception>
    public long At(RunSize size)
    {
        long product = 1;
        foreach (LaunchFactor factor in Factors)
            product = checked(product * factor.At(size));
        return Below is null || product >= From ? product : Below.At(size);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join('*', Factors) + (Below is null ? "" : FormattableString.Invariant($">={From}|{Below}"));
}

/// <summary>
/// A number of blocks, or another extent of a launch: a sum of products, for several kernels may share a launch; perhaps capped.
/// </summary>
/// <param name="Terms">Its products, one at least.</param>
/// <param name="Limit">The largest value, which kernels that loop over their work ask for.</param>
public sealed record LaunchExtent(IReadOnlyList<LaunchTerm> Terms, long Limit = long.MaxValue)
{
    /// <summary>The extent at a run size.</summary>
    /// <exception cref="OverflowException">It exceeds 2⁶³.</exception>
    public long At(RunSize size)
    {
        long sum = 0;
        foreach (LaunchTerm term in Terms)
            sum = checked(sum + term.At(size));
        return Math.Min(sum, Limit);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join('+', Terms) + (Limit == long.MaxValue ? "" : FormattableString.Invariant($"<={Limit}"));
}

/// <summary>Blocks of a launch.</summary>
/// <param name="X">Runs fastest; up to 2³¹ − 1.</param>
/// <param name="Y">Up to 65,535.</param>
/// <param name="Z">Up to 65,535.</param>
public sealed record LaunchGrid(LaunchExtent X, LaunchExtent Y, LaunchExtent Z)
{
    /// <inheritdoc/>
    public override string ToString() => $"{X},{Y},{Z}";
}
