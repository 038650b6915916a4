using System.Globalization;
using FocalNet.Graph.Ir;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>Reads the grid of a plan's step as the contract says, apart from the reader that ships.</summary>
internal static class GridText
{
    public static int Blocks(string grid, RunExtents run)
    {
        string[] dimensions = grid.Split(',');
        Assert.Equal(["1", "1"], dimensions[1..]);
        return dimensions[0].Split('+').Sum(term => Term(term, run));
    }

    private static int Term(string term, RunExtents run)
    {
        if (term.Split(">=", 2) is [var many, var rest] && rest.Split('|', 2) is [var from, var few])
            return Term(many, run) is var blocks && blocks >= int.Parse(from, CultureInfo.InvariantCulture) ? blocks : Term(few, run);
        return term.Split('*').Aggregate(1, (product, factor) => checked(product * Factor(factor, run)));
    }

    private static int Factor(string factor, RunExtents run)
    {
        if (factor == "N")
            return run.N;
        if (char.IsAsciiDigit(factor[0]))
            return int.Parse(factor, CultureInfo.InvariantCulture);
        int[] numbers = [.. factor[2..].Split(':').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
        int h = run.H / numbers[0], w = run.W / numbers[0];
        int extent = factor[0] switch { 'H' => h, 'W' => w, 'P' => run.N * h * w, _ => throw new FormatException(factor) };
        return (extent + numbers[1] - 1) / numbers[1];
    }
}
