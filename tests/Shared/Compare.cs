using System.Globalization;

namespace FocalNet.Tests.Shared;

/// <summary>Measures how far actual values are from expected ones.</summary>
public static class Compare
{
    /// <summary>Largest |actual − expected|.</summary>
    public static Comparison MaxAbsolute(string name, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double tolerance)
        => Measure(name, "max abs", actual, expected, tolerance, scaleByMaximum: false);

    /// <summary>Largest |actual − expected| over the largest |expected|.</summary>
    public static Comparison RelativeToMaximum(string name, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double tolerance)
        => Measure(name, "rel max", actual, expected, tolerance, scaleByMaximum: true);

    /// <summary>‖actual − expected‖₂ / ‖expected‖₂.</summary>
    public static Comparison RelativeL2(string name, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double tolerance)
    {
        if (actual.Length != expected.Length) return Comparison.OfLengths(name, actual.Length, expected.Length);
        double error = 0, norm = 0;
        for (var i = 0; i < actual.Length; i++)
        {
            var difference = (double)actual[i] - expected[i];
            error += difference * difference;
            norm += (double)expected[i] * expected[i];
        }
        return new(name, "rel L2", Ratio(Math.Sqrt(error), Math.Sqrt(norm)), tolerance, "");
    }

    /// <summary>|actual − expected|, for a single number.</summary>
    public static Comparison Scalar(string name, double actual, double expected, double tolerance)
        => new(name, "abs", NotANumberIsInfinite(Math.Abs(actual - expected)), tolerance, At(actual, expected));

    /// <summary>|actual − expected| / |expected|, for a single number.</summary>
    public static Comparison RelativeScalar(string name, double actual, double expected, double tolerance)
        => new(name, "rel", Ratio(Math.Abs(actual - expected), Math.Abs(expected)), tolerance, At(actual, expected));

    private static Comparison Measure(
        string name, string measure, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double tolerance, bool scaleByMaximum)
    {
        if (actual.Length != expected.Length) return Comparison.OfLengths(name, actual.Length, expected.Length);
        double worst = 0, maximum = 0;
        var where = -1;
        for (var i = 0; i < actual.Length; i++)
        {
            var difference = NotANumberIsInfinite(Math.Abs((double)actual[i] - expected[i]));
            maximum = Math.Max(maximum, Math.Abs(expected[i]));
            if (difference <= worst) continue;
            worst = difference;
            where = i;
        }
        var place = where < 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"at {where}: ") + At(actual[where], expected[where]);
        return new(name, measure, scaleByMaximum ? Ratio(worst, maximum) : worst, tolerance, place);
    }

    private static double Ratio(double error, double reference)
        => error == 0 ? 0 : NotANumberIsInfinite(error / reference);

    private static double NotANumberIsInfinite(double value) => double.IsNaN(value) ? double.PositiveInfinity : value;

    private static string At(double actual, double expected)
        => string.Create(CultureInfo.InvariantCulture, $"got {actual:G9}, expected {expected:G9}");
}

/// <summary>A measured error and what is allowed.</summary>
/// <param name="Name">What was compared.</param>
/// <param name="Measure">How the error is measured.</param>
/// <param name="Error">The error; infinite when a value is not a number.</param>
/// <param name="Tolerance">The largest error allowed.</param>
/// <param name="Place">The worst element, if there is one.</param>
public sealed record Comparison(string Name, string Measure, double Error, double Tolerance, string Place)
{
    /// <summary>Whether the error is within tolerance.</summary>
    public bool Passed => Error <= Tolerance;

    /// <summary>Error in per cent of the tolerance.</summary>
    public double PercentOfTolerance => Error == 0 ? 0 : 100 * Error / Tolerance;

    /// <summary>Throws <see cref="ComparisonException"/> when the error is above tolerance.</summary>
    public Comparison Require() => Passed ? this : throw new ComparisonException(ToString());

    /// <summary>Throws one <see cref="ComparisonException"/> that lists every comparison above tolerance, worst first.</summary>
    public static void RequireAll(IEnumerable<Comparison> comparisons)
    {
        var all = comparisons.ToList();
        var failed = all.Where(comparison => !comparison.Passed).OrderByDescending(comparison => comparison.PercentOfTolerance).ToList();
        if (all.Count == 0) throw new ComparisonException("Nothing was compared.");
        if (failed.Count > 0)
            throw new ComparisonException($"{failed.Count} of {all.Count} are above tolerance:\n{string.Join("\n", failed)}");
    }

    internal static Comparison OfLengths(string name, int actual, int expected)
        => new(name, "length", double.PositiveInfinity, 0, string.Create(CultureInfo.InvariantCulture, $"{actual} elements, expected {expected}"));

    /// <summary>One line: error as per cent of tolerance first.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{PercentOfTolerance,8:F1} % of tolerance  {Name}  ({Measure} {Error:G3}, allowed {Tolerance:G3}) {Place}");
}

/// <summary>Values differ from the reference by more than the tolerance.</summary>
public sealed class ComparisonException(string message) : Exception(message);
