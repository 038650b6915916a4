using CsCheck;
using FocalNet.Trainer.Data;

namespace FocalNet.Trainer.Tests.Data;

/// <summary>However a step's pictures are divided over batches and processes, together they are the same pictures, cut and mirrored alike.</summary>
public sealed class BatchDivisionTests
{
    [Fact]
    public void Parts_of_a_step_are_disjoint_and_together_the_whole() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 30]).Sample((count, batch, accumulate, processes, update) =>
        {
            var whole = new EpochSampler(count, batch * accumulate * processes, 7);
            var parts = Enumerable.Range(0, processes).Select(rank => new EpochSampler(count, batch, 7, new BatchDivision(accumulate, processes, rank))).ToList();
            var start = whole.StartOf(update);
            var places = new SortedDictionary<int, int>();
            foreach (var part in parts)
            {
                Assert.Equal(whole.StepsPerEpoch, part.UpdatesPerEpoch);
                var position = part.StartOf(update);
                Assert.Equal(start.Epoch, position.Epoch);
                for (var i = 0; i < accumulate; i++, position = part.After(position))
                {
                    var (within, first) = part.PlaceOf(position);
                    Assert.Equal(start.Step, within);
                    var indices = part.IndicesOf(position);
                    for (var item = 0; item < batch; item++)
                    {
                        places.Add(first + item, indices[item]);
                    }
                }

                Assert.Equal(part.StartOf(update + 1), position);
            }

            Assert.Equal(Enumerable.Range(0, whole.BatchSize), places.Keys);
            Assert.Equal(whole.IndicesOf(start), places.Values);
        });

    [Fact]
    public void Pictures_of_divided_batches_are_those_of_the_whole_one()
    {
        using var folder = new TemporaryFolder();
        var source = PairedFolder.Open(Commands.TinyNetwork.SavePairs(folder, "data", 9), DataSplit.Train);
        var options = new BatchOptions { BatchSize = 4, Crop = 8 };
        using var whole = new BatchAssembler(source, options, 3).Assemble(new SamplerPosition(2, 1));
        foreach (var rank in (int[])[0, 1])
        {
            var part = new BatchAssembler(source, options with { BatchSize = 1, Division = new BatchDivision(2, 2, rank) }, 3);
            foreach (var (micro, position) in new[] { new SamplerPosition(2, 2), new SamplerPosition(2, 3) }.Index())
            {
                using var batch = part.Assemble(position);
                var place = micro * 2 + rank;
                Assert.Equal(whole.Names[place], batch.Names[0]);
                Assert.Equal(whole.Input.AsSpan(place * batch.Input.Length, batch.Input.Length).ToArray(), batch.Input);
            }
        }
    }
}
