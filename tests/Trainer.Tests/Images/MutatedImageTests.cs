using System.Globalization;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tests.Images;

/// <summary>
/// Damaged picture files: flipped bits, cut ends, bytes put in, taken out or overwritten. Each gives a picture or one clear error.
/// FOCALNET_FUZZ is the number of files (80 if not set), FOCALNET_FUZZ_SEED tries one alone.
/// </summary>
public sealed class MutatedImageTests
{
    // None takes more than a few milliseconds; a machine may be busy.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly ImageFailure[] Clear = [ImageFailure.Damaged, ImageFailure.NotAPicture, ImageFailure.Unsupported, ImageFailure.Empty];

    [Fact]
    public async Task Each_gives_a_picture_or_a_clear_error()
    {
        var files = Originals();
        var (pictures, errors) = (0, 0);
        var seeds = Environment.GetEnvironmentVariable("FOCALNET_FUZZ_SEED") is { } one
            ? [int.Parse(one, CultureInfo.InvariantCulture)]
            : Enumerable.Range(0, Environment.GetEnvironmentVariable("FOCALNET_FUZZ") is { } count ? int.Parse(count, CultureInfo.InvariantCulture) : 80);
        foreach (var seed in seeds)
        {
            var random = new Random(seed);
            var (extension, original) = files[random.Next(files.Count)];
            var bytes = Mutate(original, random);
            var work = Task.Run(() => Outcome(bytes, $"mutated{extension}"), TestContext.Current.CancellationToken);
            if (await Task.WhenAny(work, Task.Delay(Limit, TestContext.Current.CancellationToken)) != work)
            {
                Assert.Fail($"FOCALNET_FUZZ_SEED={seed}: no result after {Limit.TotalSeconds} seconds.");
            }

            var problem = await work;
            Assert.True(problem is null or "", $"FOCALNET_FUZZ_SEED={seed} ({extension}): {problem}");
            pictures += problem is null ? 1 : 0;
            errors += problem is null ? 0 : 1;
        }

        TestContext.Current.SendDiagnosticMessage($"{pictures} pictures, {errors} clear errors");
        Assert.True(seeds.Count() < 80 || (pictures > 0 && errors > 0));
    }

    // Null for a picture, "" for a clear error, else what is wrong.
    private static string? Outcome(byte[] bytes, string name)
    {
        try
        {
            var picture = ImageFile.Decode(bytes, name);
            return picture.Pixels.All(v => v is >= 0f and <= 1f) ? null : "the picture has values beyond 0 to 1";
        }
        catch (ImageException e)
        {
            return Clear.Contains(e.Failure) && e.Message.Contains(name, StringComparison.Ordinal) && e.WayOut.Length > 0 ? "" : $"{e.Failure}: {e.Message}";
        }
        catch (Exception e)
        {
            return e.ToString();
        }
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var changes = 1 + random.Next(4); changes > 0 && bytes.Count > 0; changes--)
        {
            // Heads have the sizes and tables, and are short.
            var at = random.Next(3) == 0 ? random.Next(Math.Min(64, bytes.Count)) : random.Next(bytes.Count);
            var length = Math.Min(1 + random.Next(16), bytes.Count - at);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 2:
                    bytes.InsertRange(at, Noise(length));
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                default:
                    bytes.RemoveRange(at, length);
                    bytes.InsertRange(at, Noise(length));
                    break;
            }
        }

        return [.. bytes];

        byte[] Noise(int count)
        {
            var noise = new byte[count];
            random.NextBytes(noise);
            return noise;
        }
    }

    private static List<(string Extension, byte[] Bytes)> Originals()
    {
        var alpha = Enumerable.Range(0, 31 * 22).Select(i => (ushort)(i % 256)).ToArray();
        var metadata = new[] { new MetadataField(MetadataField.Xmp, null, "<x:xmpmeta/>"u8.ToArray()) };
        var formats = new[]
        {
            new PictureFormat { Metadata = metadata }, new PictureFormat { IsGrey = true }, new PictureFormat { BitDepth = 16 }, new PictureFormat { Alpha = alpha },
        };
        return [.. ImageFile.Extensions.Where(e => e is not (".jpeg" or ".tiff"))
            .SelectMany(e => formats.Where(f => f.Alpha is null || e != ".jpg").Select(f => (e, ImageFileWriter.Encode(TestPictures.Noise(31, 22, format: f), "a" + e))))];
    }
}
