using CsCheck;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tests.Data;

public sealed class BatchTests
{
    [Fact]
    public void Input_and_target_are_cut_at_the_same_place_and_flipped_together()
    {
        var assembler = new BatchAssembler(new CountingSource(12, 20, 16), new BatchOptions { BatchSize = 4, Crop = 8 }, seed: 3);
        var flips = 0;
        foreach (var step in (int[])[0, 1, 2])
        {
            using var batch = assembler.Assemble(new SamplerPosition(1, step));
            Assert.Equal((4, 8, 8), (batch.Count, batch.Height, batch.Width));
            for (var item = 0; item < 4; item++)
            {
                var place = item * 3 * 64;
                // The source holds column + 100·row + 10000·channel; the target is its negative.
                var stepRight = batch.Input[place + 1] - batch.Input[place];
                flips += stepRight < 0 ? 1 : 0;
                Assert.Equal(1f, MathF.Abs(stepRight));
                Assert.Equal(100f, batch.Input[place + 8] - batch.Input[place]);
                Assert.Equal(10000f, batch.Input[place + 64] - batch.Input[place]);
                Assert.All(Enumerable.Range(place, 3 * 64), i => Assert.Equal(batch.Input[i], -batch.Target[i]));
            }
        }

        Assert.InRange(flips, 1, 11);
    }

    [Theory]
    [InlineData(0.0, 1f)]
    [InlineData(1.0, -1f)]
    public void The_flip_probability_is_obeyed(double probability, float expected)
    {
        var assembler = new BatchAssembler(new CountingSource(8, 9, 9), new BatchOptions { BatchSize = 8, Crop = 4, FlipProbability = probability }, 1);
        using var batch = assembler.Assemble(SamplerPosition.Start);
        Assert.All(Enumerable.Range(0, 8), item => Assert.Equal(expected, batch.Input[item * 48 + 1] - batch.Input[item * 48]));
    }

    [Fact]
    public void Every_place_is_cut_sometime_the_edges_included()
    {
        var assembler = new BatchAssembler(new CountingSource(64, 7, 4), new BatchOptions { BatchSize = 64, Crop = 4, FlipProbability = 0 }, 1);
        using var batch = assembler.Assemble(SamplerPosition.Start);
        Assert.Equal([0f, 1f, 2f, 3f], Enumerable.Range(0, 64).Select(item => batch.Input[item * 48]).Distinct().Order());
    }

    /// <summary>The same pair is cut and mirrored anew each time it comes, by epoch, step and seed.</summary>
    [Fact]
    public void Each_time_that_a_pair_comes_it_is_cut_anew()
    {
        (float Place, bool IsFlipped) Cut(long seed, int epoch)
        {
            var assembler = new BatchAssembler(new CountingSource(1, 100, 100), new BatchOptions { BatchSize = 1, Crop = 4 }, seed);
            using var batch = assembler.Assemble(new SamplerPosition(epoch, 0));
            return (batch.Input[0], batch.Input[1] < batch.Input[0]);
        }

        Assert.InRange(Enumerable.Range(1, 20).Select(epoch => Cut(1, epoch).Place).Distinct().Count(), 15, 20);
        Assert.Equal(2, Enumerable.Range(1, 20).Select(epoch => Cut(1, epoch).IsFlipped).Distinct().Count());
        Assert.NotEqual(Enumerable.Range(1, 5).Select(epoch => Cut(1, epoch)), Enumerable.Range(1, 5).Select(epoch => Cut(2, epoch)));
    }

    [Fact]
    public void Small_and_whole_pictures_are_continued_by_reflection()
    {
        var small = new BatchAssembler(new CountingSource(1, 3, 1), new BatchOptions { BatchSize = 1, Crop = 8, FlipProbability = 0 }, 1);
        using var grown = small.Assemble(SamplerPosition.Start);
        Assert.Equal([0f, 1f, 2f, 1f, 0f, 1f, 2f, 1f], grown.Input[..8]);
        Assert.Equal(grown.Input[..8], grown.Input[8..16]);

        var whole = new BatchAssembler(new CountingSource(1, 6, 5), new BatchOptions { BatchSize = 1, Crop = 0, FlipProbability = 0 }, 1);
        using var padded = whole.Assemble(SamplerPosition.Start);
        Assert.Equal((8, 8), (padded.Height, padded.Width));
        Assert.Equal([0f, 1f, 2f, 3f, 4f, 5f, 4f, 3f], padded.Input[..8]);
        Assert.Equal([400f, 300f, 200f, 100f], Enumerable.Range(4, 4).Select(row => padded.Input[row * 8]));
    }

    [Fact]
    public void Whole_pictures_of_different_sizes_cannot_share_a_batch()
    {
        var source = new CountingSource(4, 8, 8) { GrowsWithIndex = true };
        var assembler = new BatchAssembler(source, new BatchOptions { BatchSize = 4, Crop = 0 }, 1);
        var e = Assert.Throws<DataSetException>(() => assembler.Assemble(SamplerPosition.Start));
        Assert.Contains("crop", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_crop_that_the_network_cannot_take_names_one_that_it_can()
    {
        var e = Assert.Throws<ArgumentException>(() => new BatchAssembler(new CountingSource(1, 8, 8), new BatchOptions { BatchSize = 1, Crop = 30 }, 1));
        Assert.Contains("Take 32", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_epoch_shows_every_pair_once_and_each_epoch_in_another_order() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 9], Gen.Long).Sample((count, batchSize, seed) =>
        {
            var sampler = new EpochSampler(count, batchSize, seed);
            var shown = Enumerable.Range(0, sampler.StepsPerEpoch).SelectMany(step => sampler.IndicesOf(new SamplerPosition(2, step))).ToArray();
            Assert.Equal(sampler.StepsPerEpoch * batchSize, shown.Length);
            Assert.All(shown, index => Assert.InRange(index, 0, count - 1));
            Assert.Equal(Math.Min(count, shown.Length), shown.Distinct().Count());
            Assert.Equal(shown[..batchSize], new EpochSampler(count, batchSize, seed).IndicesOf(new SamplerPosition(2, 0)));
        });

    [Fact]
    public void Orders_depend_on_epoch_and_seed()
    {
        int[] Order(long seed, int epoch) => new EpochSampler(50, 50, seed).IndicesOf(new SamplerPosition(epoch, 0));
        Assert.NotEqual(Order(1, 1), Order(1, 2));
        Assert.NotEqual(Order(1, 1), Order(2, 1));
    }

    [Fact]
    public void Positions_run_through_epochs()
    {
        var sampler = new EpochSampler(10, 4, 1);
        Assert.Equal(2, sampler.StepsPerEpoch);
        Assert.Equal(new SamplerPosition(1, 1), sampler.After(SamplerPosition.Start));
        Assert.Equal(new SamplerPosition(2, 0), sampler.After(new SamplerPosition(1, 1)));
    }

    [Fact]
    public void Prefetched_batches_are_those_made_one_by_one_whatever_the_threads_do()
    {
        var options = new BatchOptions { BatchSize = 3, Crop = 8 };
        var source = new CountingSource(10, 20, 16) { Delays = new Random(5) };
        using var prefetcher = new BatchPrefetcher(new BatchAssembler(source, options, 3), SamplerPosition.Start, ahead: 4);
        var plain = new BatchAssembler(new CountingSource(10, 20, 16), options, 3);
        var position = SamplerPosition.Start;
        for (var i = 0; i < 20; i++)
        {
            using var batch = prefetcher.Next();
            using var expected = plain.Assemble(position);
            Assert.Equal(position, batch.Position);
            Assert.Equal(expected.Names, batch.Names);
            Assert.Equal(expected.Input, batch.Input);
            Assert.Equal(expected.Target, batch.Target);
            position = batch.Next;
        }
    }

    [Fact]
    public void A_resumed_run_goes_on_with_the_very_next_batch()
    {
        var options = new BatchOptions { BatchSize = 3, Crop = 8 };
        BatchAssembler NewAssembler() => new(new CountingSource(10, 20, 16), options, 3);
        var whole = new List<float[]>();
        var saved = SamplerPosition.Start;
        using (var prefetcher = new BatchPrefetcher(NewAssembler(), SamplerPosition.Start, ahead: 3))
        {
            for (var i = 0; i < 9; i++)
            {
                using var batch = prefetcher.Next();
                whole.Add([.. batch.Input]);
                saved = i == 4 ? batch.Next : saved;
            }
        }

        using var resumed = new BatchPrefetcher(NewAssembler(), saved, ahead: 2);
        for (var i = 5; i < 9; i++)
        {
            using var batch = resumed.Next();
            Assert.Equal(whole[i], batch.Input);
        }
    }

    [Fact]
    public void The_prefetcher_runs_only_as_far_ahead_as_told()
    {
        var source = new CountingSource(100, 8, 8);
        using var prefetcher = new BatchPrefetcher(new BatchAssembler(source, new BatchOptions { BatchSize = 1, Crop = 8 }, 1), SamplerPosition.Start, ahead: 3);
        prefetcher.Next().Dispose();
        Thread.Sleep(100);
        Assert.InRange(source.Loads, 1, 4);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Decoders_share_the_pairs_of_a_batch(int decoders)
    {
        var source = new CountingSource(40, 8, 8) { Delays = new Random(2), MaximumDelay = 6 };
        using var prefetcher = new BatchPrefetcher(new BatchAssembler(source, new BatchOptions { BatchSize = 10, Crop = 8 }, 1), SamplerPosition.Start, ahead: 1, decoders);
        for (var i = 0; i < 4; i++)
        {
            prefetcher.Next().Dispose();
        }

        Assert.InRange(source.MostAtOnce, 1, decoders);
        Assert.True(decoders == 1 || source.MostAtOnce > 1);
    }

    [Fact]
    public void Of_several_errors_in_a_batch_the_first_is_thrown_whatever_the_threads_do()
    {
        for (var run = 0; run < 5; run++)
        {
            var source = new CountingSource(8, 8, 8) { FailsFrom = 3, Delays = new Random(run) };
            var assembler = new BatchAssembler(source, new BatchOptions { BatchSize = 8, Crop = 8 }, 1);
            var expected = assembler.Sampler.IndicesOf(SamplerPosition.Start).First(index => index >= 3);
            using var prefetcher = new BatchPrefetcher(assembler, SamplerPosition.Start, ahead: 1, decoders: 4);
            Assert.Contains(FormattableString.Invariant($"pair {expected}'"), Assert.Throws<DataSetException>(() => prefetcher.Next()).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_waiting_consumer_is_freed_by_cancelling()
    {
        using var stop = new CancellationTokenSource();
        using var prefetcher = new BatchPrefetcher(new BatchAssembler(new CountingSource(4, 8, 8) { Delays = new Random(1), MaximumDelay = 2000 },
            new BatchOptions { BatchSize = 4, Crop = 8 }, 1), SamplerPosition.Start, ahead: 1, decoders: 1);
        stop.CancelAfter(20);
        Assert.ThrowsAny<OperationCanceledException>(() => prefetcher.Next(stop.Token));
    }

    [Fact]
    public void What_goes_wrong_in_the_background_is_thrown_to_the_consumer()
    {
        var source = new CountingSource(4, 8, 8) { Fails = true };
        using var prefetcher = new BatchPrefetcher(new BatchAssembler(source, new BatchOptions { BatchSize = 1, Crop = 8 }, 1), SamplerPosition.Start, ahead: 2);
        Assert.Throws<DataSetException>(() => prefetcher.Next());
    }

    [Fact]
    public void Waiting_can_be_cancelled_and_a_disposed_prefetcher_says_so()
    {
        var prefetcher = new BatchPrefetcher(new BatchAssembler(new CountingSource(4, 8, 8) { Delays = new Random(1), MaximumDelay = 300 },
            new BatchOptions { BatchSize = 1, Crop = 8 }, 1), SamplerPosition.Start, ahead: 2);
        Assert.Throws<OperationCanceledException>(() => prefetcher.Next(new CancellationToken(canceled: true)));
        prefetcher.Dispose();
        Assert.Throws<ObjectDisposedException>(() => prefetcher.Next());
    }

    /// <summary>Pixels that tell where they come from: column + 100·row + 10000·channel; targets are negative.</summary>
    private sealed class CountingSource(int count, int width, int height) : IPairSource
    {
        private int _loads, _atOnce;

        public bool GrowsWithIndex { get; init; }

        public bool Fails { get; init; }

        public int FailsFrom { get; init; } = int.MaxValue;

        public int MostAtOnce { get; private set; }

        public Random? Delays { get; init; }

        public int MaximumDelay { get; init; } = 4;

        public int Loads => _loads;

        public int Count => count;

        public string Description => "counting";

        public PicturePair Load(int index, SeededRandom random)
        {
            Interlocked.Increment(ref _loads);
            if (Fails || index >= FailsFrom)
            {
                throw new DataSetException($"pair {index}", "it fails.", "Never mind.");
            }

            if (Delays is not null)
            {
                int delay;
                lock (Delays)
                {
                    delay = Delays.Next(MaximumDelay);
                    MostAtOnce = Math.Max(MostAtOnce, ++_atOnce);
                }

                Thread.Sleep(delay);
                lock (Delays)
                {
                    _atOnce--;
                }
            }

            var columns = width + (GrowsWithIndex ? 4 * index : 0);
            var input = new Picture(columns, height);
            var target = new Picture(columns, height);
            for (var i = 0; i < input.Pixels.Length; i++)
            {
                var (channel, place) = (i / (columns * height), i % (columns * height));
                input.Pixels[i] = place % columns + 100 * (place / columns) + 10000 * channel;
                target.Pixels[i] = -input.Pixels[i];
            }

            return new PicturePair($"pair {index}", input, target);
        }
    }
}
