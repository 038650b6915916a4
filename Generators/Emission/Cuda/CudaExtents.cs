using FocalNet.Graph;
using FocalNet.Graph.Ir;

namespace FocalNet.Generators.Emission.Cuda;

/// <summary>
/// How many blocks a task has: exactly, in CUDA C over the run's <c>images</c>, <c>height</c> and <c>width</c>, by which a kernel
/// finds the task of a block; and for the plan as a sum of products that is at least as large.
/// </summary>
/// <param name="Exact">CUDA C.</param>
/// <param name="Grid">As in the plan's text, such as <c>P/2:64*2</c>.</param>
internal sealed record BlockCount(string Exact, string Grid);

/// <summary>Extents and counts in CUDA C and in the plan's text.</summary>
internal static class CudaExtents
{
    /// <summary>An extent over the run's three.</summary>
    public static string Of(Extent extent)
    {
        if (extent.IsConstant)
            return Text.Of(extent.Value);
        string run = extent.Symbol switch { Symbol.N => "images", Symbol.H => "height", _ => "width" };
        return extent.Value == 1 ? run : $"({run} / {Text.Of(extent.Value)})";
    }

    /// <summary>The three extents of a shape that are not channels, as arguments.</summary>
    public static string Arguments(Shape shape) => $"{Of(shape.N)}, {Of(shape.H)}, {Of(shape.W)}";

    /// <summary>Pixels of a shape.</summary>
    public static string Pixels(Shape shape) => $"{Of(shape.N)} * {Of(shape.H)} * {Of(shape.W)}";

    /// <summary>A fixed number of blocks for each picture.</summary>
    public static BlockCount ByPicture(Shape shape, int blocks) => shape.N.IsConstant
        ? Fixed(checked(shape.N.Value * blocks))
        : new BlockCount($"{Of(shape.N)} * {Text.Of(blocks)}", $"N*{Text.Of(blocks)}");

    /// <summary>A number of blocks that no run changes.</summary>
    public static BlockCount Fixed(int blocks) => new(Text.Of(blocks), Text.Of(blocks));

    /// <summary>Blocks of so many pixels each, times a factor.</summary>
    public static BlockCount OfPixels(Shape shape, int tile, int times = 1)
    {
        string factor = times == 1 ? "" : $" * {Text.Of(times)}", gridFactor = times == 1 ? "" : $"*{Text.Of(times)}";
        return new BlockCount($"({Pixels(shape)} + {Text.Of(tile - 1)}) / {Text.Of(tile)}{factor}", Grid(shape, tile) + gridFactor);
    }

    // One symbolic extent takes the tile, which rounds up for each value of the others.
    private static string Grid(Shape shape, int tile)
    {
        if (shape.IsConstant)
            return Text.Of((shape.N.Value * shape.H.Value * shape.W.Value + tile - 1) / tile);
        if (!shape.N.IsConstant && !shape.H.IsConstant && !shape.W.IsConstant && shape.H.Value == shape.W.Value)
            return $"P/{Text.Of(shape.H.Value)}:{Text.Of(tile)}";
        Extent? tiled = !shape.W.IsConstant ? shape.W : !shape.H.IsConstant ? shape.H : null;
        int constant = 1;
        var factors = new List<string>();
        foreach (Extent extent in (Extent[])[shape.N, shape.H, shape.W])
        {
            if (extent.IsConstant)
                constant *= extent.Value;
            else if (extent.Symbol == Symbol.N)
                factors.Add("N");
            else
                factors.Add($"{extent.Symbol}/{Text.Of(extent.Value)}:{Text.Of(extent == tiled ? tile : 1)}");
        }
        factors.Add(Text.Of(tiled is null ? (constant + tile - 1) / tile : constant));
        return string.Join("*", factors);
    }

    /// <summary>The first where it comes to so many blocks at least, else the second.</summary>
    public static BlockCount Either(BlockCount many, int from, BlockCount few) => new(
        $"{many.Exact} >= {Text.Of(from)} ? {many.Exact} : {few.Exact}", $"{many.Grid}>={Text.Of(from)}|{few.Grid}");

    /// <summary>The calls that go with <see cref="Either"/>.</summary>
    public static IEnumerable<string> Calls(BlockCount many, int from, string callOfMany, string callOfFew) =>
        [$"if ({many.Exact} >= {Text.Of(from)})", "    " + callOfMany, "else", "    " + callOfFew];

    /// <summary>Tiles along one axis, times tiles of the lines across it.</summary>
    public static BlockCount OfLines(Shape shape, bool alongHeight, int tile, int lines)
    {
        Extent length = alongHeight ? shape.H : shape.W, across = alongHeight ? shape.W : shape.H;
        string t = Text.Of(tile), rest = Text.Of(tile - 1);
        string exact = $"(({Of(length)} + {rest}) / {t}) * (({Of(shape.N)} * {Of(across)} * {Text.Of(shape.C)} + {Text.Of(lines - 1)}) / {Text.Of(lines)})";
        return new BlockCount(exact, string.Join("*", GridOf(length, tile), GridOf(shape.N, 1), GridOf(across, lines), Text.Of(shape.C)));
    }

    /// <summary>Tiles of each picture, times a factor.</summary>
    public static BlockCount OfTiles(Shape shape, int height, int width, int times = 1)
    {
        string factor = times == 1 ? "" : $" * {Text.Of(times)}", gridFactor = times == 1 ? "" : $"*{Text.Of(times)}";
        return new BlockCount(
            $"{Of(shape.N)} * (({Of(shape.H)} + {Text.Of(height - 1)}) / {Text.Of(height)}) * (({Of(shape.W)} + {Text.Of(width - 1)}) / {Text.Of(width)}){factor}",
            string.Join("*", GridOf(shape.N, 1), GridOf(shape.H, height), GridOf(shape.W, width)) + gridFactor);
    }

    private static string GridOf(Extent extent, int tile) =>
        extent.IsConstant ? Text.Of((extent.Value + tile - 1) / tile) : extent.Symbol == Symbol.N ? "N" : $"{extent.Symbol}/{Text.Of(extent.Value)}:{Text.Of(tile)}";
}
