using FocalNet.Graph.Ir;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Ops;
using FocalNet.Graph.Planning;
using FocalNet.Graph.Reference;

namespace FocalNet.Cuda.Tests.Emission;

/// <content>Convolutions one after another, moments, inputs that are made as they are read, and sums that their reader adds.</content>
internal sealed partial class KernelOracle
{
    private void CheckMoments(FinishMomentsTask task)
    {
        float[] partial = _before[task.Operands[0].Place.Buffer];
        int[] extents = task.Mean.Shape.At(_size);
        ReferenceTensor mean = new(extents), variance = new(extents);
        mean.ForEach((i, n, c, _, _) => (mean.Data[i], variance.Data[i], _) = Together(partial, n, c, task.Parts, task.Elements));
        Compare("mean", Gather(task.Operands[1], task.Mean.Shape, now: true, memoryOrder: false), mean.Data, 1);
        CheckKernel(task.Epilogue, new() { [task.Variance] = variance });
    }

    private static (double Mean, double Variance, double Count) Together(float[] partial, int picture, int channel, int parts, int elements)
    {
        double[][] part = [.. Enumerable.Range(0, parts).Select(p => Enumerable.Range(0, 3).Select(m => (double)partial[((((picture * parts) + p) * 3) + m) * elements + channel]).ToArray())];
        double count = part.Sum(p => p[0]), mean = part.Sum(p => p[0] * p[1]) / count;
        return (mean, part.Sum(p => p[2] + (p[0] * (p[1] - mean) * (p[1] - mean))) / count, count);
    }

    // What is between two convolutions is computed by the first's nodes; what else the next one reads stands behind it.
    private void CheckChain(ConvolutionChainTask chain)
    {
        var values = new Dictionary<Node, ReferenceTensor>();
        for (int i = 0; i < chain.Links.Count; i++)
        {
            KernelTask task = chain.Links[i].Task;
            CheckKernel(task, values);
            if (i + 1 == chain.Links.Count)
                break;
            KernelTask following = chain.Links[i + 1].Task;
            Node input = following.Group.Anchor!.Inputs[0], between = input;
            while (between.Op is ConcatOp)
                between = between.Inputs[0];
            ReferenceTensor value = AsRead(Evaluate(between, values), task.Precision);
            // The last one may add what the first one reads, as that was made in the kernel.
            Node first = chain.Links[0].Task.Body.Operands[0];
            values = new() { [first] = values[first], [input] = following.Pieces is null ? value : SideBySide(input.Shape, [value, .. following.Pieces.Select(p => Read(following, p))]) };
        }
        _slack = 0;
        if (chain.Parts > 0)
            CheckPartialMoments(chain, values);
    }

    private void CheckPooled(PooledConvolutionTask task)
    {
        var values = new Dictionary<Node, ReferenceTensor>();
        CheckKernel(task.Pools, values);
        Node maps = task.Convolution.Body.Operands[0];
        CheckKernel(task.Convolution, new() { [maps] = Evaluate(maps, values) });
    }

    private void CheckSummed(SummedMapTask task)
    {
        double[] sum = Added(task.Sum);
        if (task.Operands[1].IsWritten)
            Compare("sum", Gather(task.Operands[1], task.Sum.Result.Shape, now: true, memoryOrder: true), sum, Math.Sqrt(task.Sum.Chunks));
        CheckKernel(task.Map, new() { [task.Sum.Result] = new ReferenceTensor(task.Sum.Result.Shape.At(_size), sum) });
    }

    private void CheckPartialMoments(ConvolutionChainTask chain, Dictionary<Node, ReferenceTensor> values)
    {
        KernelTask last = chain.Links[^1].Task;
        ReferenceTensor features = Evaluate(last.Body.Operands[last.Body.Stores.First(s => s.Value == chain.Links[^1].Value).Operand], values);
        float[] partial = Contents(chain.Operands[^1], now: true);
        int channels = chain.Domain.C, pixels = features.Extents[2] * features.Extents[3];
        // What bf16 rounds between the convolutions changes a mean little and a deviation by a share.
        double allowed = last.Precision == ElementType.BFloat16 ? 1e-2 : 1e-5, size = Math.Sqrt(features.Data.Average(v => v * v));
        for (int n = 0; n < features.Extents[0]; n++)
        {
            for (int c = 0; c < channels; c++)
            {
                double[] of = features.Data[(((n * channels) + c) * pixels)..(((n * channels) + c + 1) * pixels)];
                double mean = of.Average(), variance = of.Sum(v => (v - mean) * (v - mean)) / pixels;
                (double Mean, double Variance, double Count) = Together(partial, n, c, chain.Parts, channels);
                Assert.True(Count == pixels && Math.Abs(Mean - mean) <= allowed * size && Math.Abs(Variance - variance) <= allowed * size * size,
                    $"{_case}, {_size}, channel {c} of picture {n}: {Count} values, mean {Mean}, variance {Variance} instead of {pixels}, {mean}, {variance}.");
            }
        }
        Counts = (Counts.Compared + (3 * features.Extents[0] * channels), Counts.NotANumber);
    }

    private ReferenceTensor Read(KernelTask task, InputPiece piece)
    {
        TaskOperand operand = task.Operands[piece.Operand];
        if (piece is PlainPiece)
            return Read(operand, operand.Shape, now: false);
        var values = new Dictionary<Node, ReferenceTensor>();
        Node result;
        if (piece is ComputedPiece { Map: { } map })
        {
            result = map.Body.Operands[map.Body.Stores[0].Operand];
            foreach ((Node node, int i) in map.Body.Operands.Select((n, i) => (n, i)).Where(p => p.n != result))
                values[node] = Read(task.Operands[piece.Operand + i], node.Shape, now: false);
        }
        else
        {
            result = ((UpsampledPiece)piece).Result;
            values[result.Inputs[0]] = Read(operand, result.Inputs[0].Shape, now: false);
        }
        return AsRead(Evaluate(result, values), task.Precision);
    }

    // In bf16 what a kernel computes and multiplies is rounded, and where it lies between two numbers the kernel may take the other one: two
    // such of the some hundred that a sum is made of, by weights up to 1, are allowed for.
    private ReferenceTensor AsRead(ReferenceTensor value, ElementType precision)
    {
        if (precision != ElementType.BFloat16)
            return value;
        _slack += 2 * value.Data.Max(Math.Abs) / 128;
        return Rounded(value);
    }

    private ReferenceTensor SideBySide(Shape shape, IReadOnlyList<ReferenceTensor> parts)
    {
        var whole = new ReferenceTensor(shape.At(_size));
        int start = 0;
        foreach (ReferenceTensor part in parts)
        {
            part.ForEach((_, n, c, y, x) => whole[n, start + c, y, x] = part[n, c, y, x]);
            start += part.Extents[1];
        }
        Assert.Equal(shape.C, start);
        return whole;
    }
}
