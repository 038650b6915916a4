using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using FocalNet.Runtime.Weights;
using FocalNet.Tests.Shared;

namespace FocalNet.Runtime.Tests.Weights;

/// <summary>
/// Seeded damage to every form of checkpoint: bits flipped, bytes overwritten, stretches cut out, cut off, inserted and repeated. Each file
/// is read, or refused by a <see cref="WeightFormatException"/> that names it, within seconds and within memory in proportion to the file.
/// FOCALNET_MUTATIONS=1000 tries a thousand of each form; FOCALNET_MUTATIONS_SEED=7 others.
/// </summary>
public sealed class MutatedCheckpointTests(ITestOutputHelper report)
{
    private const string Name = "mutated.pth";
    private static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(10);

    // A tensor that many names share is given to each, and may be decoded from two bytes to four; beyond that, what a reader needs.
    private const long BytesPerByte = 256, BytesOfReader = 64 << 20;

    public static TheoryData<string> Forms() => ["zip_cpu", "zip_cuda0", "zip_archive_prefix", "zip_full_checkpoint", "zip_strided_dtypes", "legacy_cuda0", "expected", "training"];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Mutated_checkpoints_are_read_or_refused(string form)
    {
        var file = Content(form);
        WeightFile.Read(new MemoryStream(file), Name, WeightSelection.Everything);
        var (count, seed) = (Setting("FOCALNET_MUTATIONS", 100), Setting("FOCALNET_MUTATIONS_SEED", 1));
        var (read, refused, slowest, most) = (0, 0, TimeSpan.Zero, 0L);
        for (var i = 0; i < count; i++)
        {
            var random = new Random(HashCode(form, seed, i));
            // A change to an archive mostly fails its checksum: in every second one the pickle changes before the archive is made.
            var mutated = form.StartsWith("zip", StringComparison.Ordinal) && i % 2 == 1 ? WithinZip(file, random) : Mutate(file, random);
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.StartNew();
            try
            {
                WeightFile.Read(new MemoryStream(mutated), Name, i % 4 < 2 ? WeightSelection.Model : WeightSelection.Everything);
                read++;
            }
            catch (WeightFormatException e)
            {
                Assert.StartsWith(Name, e.Message, StringComparison.Ordinal);
                refused++;
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.True(watch.Elapsed < LongestTime, $"{form}, mutation {i}: {watch.Elapsed}");
            Assert.True(allocated < BytesOfReader + BytesPerByte * mutated.Length, $"{form}, mutation {i}: {allocated} bytes for a file of {mutated.Length}");
            (slowest, most) = (watch.Elapsed > slowest ? watch.Elapsed : slowest, Math.Max(most, allocated));
        }

        report.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{form}: {read} read, {refused} refused, at most {slowest.TotalMilliseconds:F0} ms and {most / 1e6:F1} MB for a file of {file.Length / 1e6:F2} MB"));
        Assert.True(refused > count / 10, $"Only {refused} of {count} were refused: the damage does not reach what is read.");
    }

    private static byte[] Content(string form)
    {
        if (form != "training")
        {
            return File.ReadAllBytes(GoldenData.PathOf(form == "expected" ? "pkl_variants/expected.safetensors" : $"pkl_variants/{form}.pkl"));
        }

        // As training writes it: weights, the optimizer's state, notes.
        var stream = new MemoryStream();
        SafeTensors.Write(
            stream, [new("conv.weight", [4, 3, 3, 3], new float[108]), new("conv.bias", [4], new float[4]), new("optimizer.adam.m", [112], new float[112]), new("optimizer.adam.c1", [1], [0.5f])],
            new Dictionary<string, string> { ["network"] = "Tiny", ["step"] = "7", ["validations"] = "[]" });
        return stream.ToArray();
    }

    private static byte[] Mutate(byte[] file, Random random)
    {
        var bytes = file.ToList();
        // Headers and directories are what a reader believes: half of the damage goes to the first and last hundred bytes.
        for (var edits = random.Next(1, 5); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(4) switch
            {
                0 => random.Next(Math.Min(100, bytes.Count)),
                1 => bytes.Count - 1 - random.Next(Math.Min(100, bytes.Count)),
                _ => random.Next(bytes.Count),
            };
            var length = Math.Min(random.Next(1, 40), bytes.Count - at);
            switch (random.Next(7))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(at, length); break;
                case 3: bytes.InsertRange(at, Enumerable.Range(0, length).Select(_ => (byte)random.Next(256))); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                // Sizes: as large as they go.
                case 5:
                    for (var i = 0; i < Math.Min(length, 8); i++) bytes[at + i] = 0xff;
                    break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }

        return [.. bytes];
    }

    private static byte[] WithinZip(byte[] file, Random random)
    {
        var result = new MemoryStream();
        using (var source = new ZipArchive(new MemoryStream(file)))
        using (var target = new ZipArchive(result, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in source.Entries)
            {
                using var content = new MemoryStream();
                using (var stream = entry.Open()) stream.CopyTo(content);
                using var written = target.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
                written.Write(entry.Name == "data.pkl" ? Mutate(content.ToArray(), random) : content.ToArray());
            }
        }

        return result.ToArray();
    }

    private static int HashCode(string form, int seed, int i) => form.Aggregate(unchecked(seed * 1_000_003 + i), (hash, letter) => unchecked(hash * 31 + letter));

    private static int Setting(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
