namespace FocalNet.Graph.Reference;

/// <summary>The error function in float64, which netstandard2.0 lacks.</summary>
public static class ErrorFunction
{
    /// <summary>
    /// erf(x) to about 1e-15: the Maclaurin series near zero (all terms of one sign in Kummer's form), the continued
    /// fraction of erfc elsewhere (Abramowitz and Stegun 7.1.6 and 7.1.14).
    /// </summary>
    public static double Erf(double x)
    {
        double a = Math.Abs(x);
        if (double.IsNaN(x))
            return x;
        if (a > 6)
            return Math.Sign(x);
        double value = a < 2.5 ? Series(a) : 1 - ComplementByFraction(a);
        return x < 0 ? -value : value;
    }

    // erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1))
    private static double Series(double x)
    {
        double term = x, sum = x;
        for (int n = 1; term > sum * 1e-17; n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    // √π · e^(x²) · erfc(x) = 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …))))
    private static double ComplementByFraction(double x)
    {
        double fraction = x;
        for (int n = 120; n >= 1; n--)
            fraction = x + 0.5 * n / fraction;
        return Math.Exp(-x * x) / (Math.Sqrt(Math.PI) * fraction);
    }
}
