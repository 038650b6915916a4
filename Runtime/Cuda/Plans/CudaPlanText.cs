using System.Globalization;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda.Plans;

/// <summary>Reads a CUDA plan from the text that the generator emits, one item a line.</summary>
/// <remarks>
/// Lines for memory and names are those of <see cref="PlanText"/>, but that a buffer says the type of its elements. Steps are:
/// <code>
/// buffer 1 0 [N,32,H,W] bf16 conv                              arena, offset in arena units of 4 bytes, shape, float|bf16, what it is
/// kernel Convolution_1a2b3c4d 256 49152                        name, threads a block, bytes of dynamic shared memory
/// kernel Large_5e6f 256 98304 or Small_7a8b 256 49152          the first that fits the device; all have the same grid
/// prepare 0 1:0;2:0 grid=36,1,1 name                           kernel by number of its line, views buffer:channel, blocks
/// step 0 4:0;2:0;5:16 grid=H/2:16*W/2:32,N,1 name
/// step 1 4:0 grid=P:256&lt;=1024,1,1 name
/// gemm f32 NT 1:0;2:0;3:0 m=W n=64 k=W lda=W ldb=64 ldc=W sa=0 sb=W*64 sc=W*64 batch=N*H alpha=1 beta=0 name
/// </code>
/// A number of blocks is a sum of products (<c>P/2:64*2+36</c>) of factors: a constant; N; H/d:t, which is ⌈(H/d)/t⌉; W/d:t; P/d:t, which is
/// ⌈N·(H/d)·(W/d)/t⌉; /1 and :1 may be left out. An upper limit may follow. The extents of a gemm are written so, too; cuBLAS takes
/// them as column-major.
/// </remarks>
public static class CudaPlanText
{
    /// <summary>Parses a plan.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="sources">Gives the source of a kernel by its name; null where there is none.</param>
    /// <exception cref="FormatException">A line makes no sense: the text was not made by this version's generator.</exception>
    public static CudaPlan Parse(ReadOnlySpan<byte> utf8, Func<string, CudaSource?> sources)
    {
        var reader = new Reader(sources);
        reader.ReadAll(utf8);
        return new CudaPlan(reader.Layout(), [.. reader.Kernels], [.. reader.Prepare], [.. reader.Steps]);
    }

    /// <summary>Parses a number of blocks, such as <c>H/2:16*4+N&lt;=1024</c>, or <c>H/2:16>=200|H/2:8</c>, which is the second where the first is below 200.</summary>
    /// <exception cref="FormatException">It makes no sense.</exception>
    public static LaunchExtent ParseExtent(string text)
    {
        int cap = text.IndexOf("<=", StringComparison.Ordinal);
        long limit = cap < 0 ? long.MaxValue : long.Parse(text.AsSpan(cap + 2), NumberStyles.None, CultureInfo.InvariantCulture);
        if (limit < 1)
            throw new FormatException($"The limit of '{text}' must be positive.");
        return new LaunchExtent([.. (cap < 0 ? text : text[..cap]).Split('+').Select(Term)], limit);
    }

    // Such as H/2:16*N>=200|H/2:8*N: what is behind the bar where what is before it comes to less than 200.
    private static LaunchTerm Term(string text)
    {
        int bar = text.IndexOf('|'), from = text.IndexOf(">=", StringComparison.Ordinal);
        if (bar < 0 != from < 0 || from > bar)
            throw new FormatException($"'{text}' is no choice: write A>=n|B.");
        string product = from < 0 ? text : text[..from];
        var factors = product.Split('*').Select(Factor).ToArray();
        return bar < 0 ? new LaunchTerm(factors) : new LaunchTerm(factors, Number(text[(from + 2)..bar], 1), Term(text[(bar + 1)..]));
    }

    private static LaunchFactor Factor(string text)
    {
        LaunchSymbol symbol = text.Length == 0 ? LaunchSymbol.None : text[0] switch
        {
            'N' => LaunchSymbol.Images,
            'H' => LaunchSymbol.Height,
            'W' => LaunchSymbol.Width,
            'P' => LaunchSymbol.Pixels,
            _ => LaunchSymbol.None,
        };
        if (symbol == LaunchSymbol.None)
            return new LaunchFactor(symbol, Number(text, 0), 1);
        string rest = text[1..];
        int colon = rest.IndexOf(':');
        string divisor = colon < 0 ? rest : rest[..colon];
        if (divisor.Length > 0 && divisor[0] != '/')
            throw new FormatException($"'{text}' is no factor: write {text[0]}/d:t.");
        return new LaunchFactor(symbol, divisor.Length == 0 ? 1 : Number(divisor[1..], 1), colon < 0 ? 1 : Number(rest[(colon + 1)..], 1));
    }

    private static int Number(string text, int minimum) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= minimum
            ? value
            : throw new FormatException($"'{text}' is no whole number from {minimum} on.");

    private sealed class Reader(Func<string, CudaSource?> sources) : PlanTextReader
    {
        // Two plans may share a kernel, and within one an alternative may be a kernel of its own.
        private readonly Dictionary<string, CudaSource> _sources = [];

        public List<CudaKernel> Kernels { get; } = [];

        public List<CudaStep> Prepare { get; } = [];

        public List<CudaStep> Steps { get; } = [];

        protected override bool HasElementTypes => true;

        protected override void ReadStep(string item, string line)
        {
            switch (item)
            {
                case "kernel":
                    Kernels.Add(Kernel(line.Split(' ').AsSpan(1)));
                    break;
                case "prepare":
                    Prepare.Add(Launch(line.Split(' ', 5)));
                    break;
                case "step":
                    Steps.Add(Launch(line.Split(' ', 5)));
                    break;
                case "gemm":
                    Steps.Add(Gemm(line));
                    break;
                default:
                    throw new FormatException($"There is no item '{item}'.");
            }
        }

        private CudaKernel Kernel(ReadOnlySpan<string> parts)
        {
            if (parts.Length != 3 && !(parts.Length > 4 && parts[3] == "or"))
                throw new FormatException("A kernel is a name, threads and bytes, and another after 'or'.");
            return new CudaKernel(
                parts[0], Number(parts[1], 1), Number(parts[2], 0), Source(parts[0]), parts.Length == 3 ? null : Kernel(parts[4..]));
        }

        private CudaSource Source(string name)
        {
            if (!_sources.TryGetValue(name, out CudaSource? source))
                _sources.Add(name, source = sources(name) ?? throw new FormatException($"There is no source of a kernel '{name}'."));
            return source;
        }

        private CudaLaunchStep Launch(string[] parts)
        {
            const string Prefix = "grid=";
            if (!parts[3].StartsWith(Prefix, StringComparison.Ordinal) || parts[3].Split(',') is not [var x, var y, var z])
                throw new FormatException("A launch has grid=x,y,z.");
            return new CudaLaunchStep(
                Kernels[Int(parts[1])], Views(parts[2]), new LaunchGrid(ParseExtent(x[Prefix.Length..]), ParseExtent(y), ParseExtent(z)), parts[4]);
        }

        private static CudaGemmStep Gemm(string line)
        {
            string[] names = ["m", "n", "k", "lda", "ldb", "ldc", "sa", "sb", "sc", "batch"];
            string[] parts = line.Split(' ', 7 + names.Length);
            if (parts[1] != "f32" || parts[2].Length != 2 || parts[2].AsSpan().ContainsAnyExcept('N', 'T'))
                throw new FormatException("A gemm begins with f32 and NN, NT, TN or TT.");
            ViewSpec[] views = Views(parts[3]);
            if (views.Length != 3)
                throw new FormatException("A gemm has the views A, B and C.");
            LaunchExtent[] extents = [.. names.Select((name, i) => ParseExtent(Value(parts[4 + i], name)))];
            int after = 4 + names.Length;
            return new CudaGemmStep(
                views, parts[2][0] == 'T', parts[2][1] == 'T', extents[0], extents[1], extents[2], extents[3], extents[4], extents[5],
                extents[6], extents[7], extents[8], extents[9],
                (float)Double(Value(parts[after], "alpha")), (float)Double(Value(parts[after + 1], "beta")), parts[after + 2]);
        }

        private static string Value(string part, string name) => part.StartsWith(name + "=", StringComparison.Ordinal)
            ? part[(name.Length + 1)..]
            : throw new FormatException($"'{name}=' is expected where '{part}' stands.");
    }
}
