using System.Buffers.Binary;
using System.Text;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Tests.Commands;
using FocalNet.Trainer.Training.TensorBoard;

namespace FocalNet.Trainer.Tests.Training;

/// <summary>TensorBoard's event files, read back by a reader that shares no code with the writer.</summary>
public sealed class EventFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The check value of CRC-32C (RFC 3720, appendix B.4, and every catalogue of checksums), masked by hand.</summary>
    [Fact]
    public void The_framing_is_that_of_tensorflow()
    {
        var stream = new MemoryStream();
        RecordWriter.Write(stream, "123456789"u8);
        var bytes = stream.ToArray();
        Assert.Equal(8 + 4 + 9 + 4, bytes.Length);
        Assert.Equal(9ul, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        const uint Crc = 0xE3069283;
        Assert.Equal(unchecked((Crc >> 15 | Crc << 17) + 0xA282EAD8), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(21)));
        Assert.Equal(Crc, TestReader.Crc32C("123456789"u8));
    }

    [Fact]
    public void Scalars_pictures_and_the_start_of_a_resumed_session_are_read_back()
    {
        using (var events = new EventFile(_folder.Path, resumedAt: 41, TimeProvider.System))
        {
            events.Scalars(42, [("training/loss", 0.5), ("größe", double.NaN)]);
            events.Picture(43, "picture", 3, 2, [1, 2, 3]);
        }

        var read = TestReader.Read(Assert.Single(Directory.GetFiles(_folder.Path, "events.out.tfevents.*")));
        Assert.Equal("brain.Event:2", read[0].Text(3));
        Assert.Equal((42, 1), (read[1].Integer(2), read[1].Message(7).Integer(1)));
        var values = read[2].Message(5).Messages(1);
        Assert.Equal(["training/loss", "größe"], values.Select(value => value.Text(1)));
        Assert.Equal([0.5f, float.NaN], values.Select(value => value.Single(2)));
        var picture = read[3].Message(5).Message(1).Message(4);
        Assert.Equal((2L, 3L, 3L), (picture.Integer(1), picture.Integer(2), picture.Integer(3)));
        Assert.Equal([1, 2, 3], picture.Bytes(4));
        Assert.InRange(read[3].Double(1), 1e9, 1e11);
    }

    [Fact]
    public void A_run_writes_curves_and_pictures_from_its_beginning()
    {
        TinyNetwork.Train(TinyNetwork.ShortRun(_folder["run"]));
        var read = TestReader.Read(Assert.Single(Directory.GetFiles(_folder["run"], "events.out.tfevents.*")));
        var values = read.Where(e => e.Has(5)).SelectMany(e => e.Message(5).Messages(1).Select(value => (Tag: value.Text(1), Step: e.Integer(2), Value: value))).ToList();
        Assert.Equal([1, 2, 3, 4], values.Where(v => v.Tag == "training/loss").Select(v => v.Step));
        Assert.Equal([0, 2, 4], values.Where(v => v.Tag == "validation/psnr").Select(v => v.Step));
        Assert.Superset(
            new HashSet<string> { "training/loss/l1.full", "training/learning_rate", "training/gradient_norm", "training/psnr", "validation/ssim", "validation/mae", "validation/psnr_clean" },
            values.Select(v => v.Tag).ToHashSet());
        var pictures = values.Where(v => v.Tag == "validation/before-after-truth").ToList();
        Assert.Equal([0, 2, 4], pictures.Select(v => v.Step));
        File.WriteAllBytes(_folder["sheet.png"], pictures[0].Value.Message(4).Bytes(4));
        var sheet = ImageFile.Read(_folder["sheet.png"]);
        Assert.Equal((pictures[0].Value.Message(4).Integer(2), pictures[0].Value.Message(4).Integer(1)), (sheet.Width, sheet.Height));
        // The log has the same loss, with all digits.
        Assert.Contains($"\"total\":{System.Text.Json.JsonSerializer.Serialize((double)values.First(v => v.Tag == "training/loss").Value.Single(2))}", File.ReadLines(_folder["run/steps.jsonl"]).First(), StringComparison.Ordinal);
    }

    /// <summary>Fields of a protocol buffer by number.</summary>
    private sealed class TestMessage(ReadOnlyMemory<byte> bytes)
    {
        private readonly ILookup<int, (ulong Number, ReadOnlyMemory<byte> Bytes)> _fields = Parse(bytes).ToLookup(field => field.Number, field => (field.Value, field.Bytes));

        public bool Has(int field) => _fields.Contains(field);

        public long Integer(int field) => (long)_fields[field].Single().Number;

        public double Double(int field) => BitConverter.UInt64BitsToDouble(_fields[field].Single().Number);

        public float Single(int field) => BitConverter.UInt32BitsToSingle((uint)_fields[field].Single().Number);

        public byte[] Bytes(int field) => _fields[field].Single().Bytes.ToArray();

        public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

        public TestMessage Message(int field) => Messages(field).Single();

        public IReadOnlyList<TestMessage> Messages(int field) => [.. _fields[field].Select(item => new TestMessage(item.Bytes))];

        private static IEnumerable<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> Parse(ReadOnlyMemory<byte> bytes)
        {
            for (var at = 0; at < bytes.Length;)
            {
                var tag = Varint(bytes.Span, ref at);
                var (number, kind) = ((int)(tag >> 3), (int)(tag & 7));
                switch (kind)
                {
                    case 0:
                        yield return (number, Varint(bytes.Span, ref at), default);
                        break;
                    case 1:
                        yield return (number, BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[at..]), default);
                        at += 8;
                        break;
                    case 5:
                        yield return (number, BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[at..]), default);
                        at += 4;
                        break;
                    default:
                        Assert.Equal(2, kind);
                        var length = (int)Varint(bytes.Span, ref at);
                        yield return (number, 0, bytes.Slice(at, length));
                        at += length;
                        break;
                }
            }
        }

        private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
        {
            var value = 0ul;
            for (var shift = 0; ; shift += 7)
            {
                value |= (ulong)(bytes[at] & 0x7F) << shift;
                if (bytes[at++] < 0x80)
                {
                    return value;
                }
            }
        }
    }

    private static class TestReader
    {
        public static List<TestMessage> Read(string path)
        {
            var bytes = File.ReadAllBytes(path);
            var messages = new List<TestMessage>();
            for (var at = 0; at < bytes.Length;)
            {
                var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
                RequireChecksum(bytes.AsSpan(at, 8), bytes.AsSpan(at + 8));
                RequireChecksum(bytes.AsSpan(at + 12, length), bytes.AsSpan(at + 12 + length));
                messages.Add(new TestMessage(bytes.AsMemory(at + 12, length)));
                at += 12 + length + 4;
            }

            return messages;
        }

        /// <summary>Bit by bit, as Castagnoli's polynomial is defined.</summary>
        public static uint Crc32C(ReadOnlySpan<byte> data)
        {
            var crc = uint.MaxValue;
            foreach (var value in data)
            {
                crc ^= value;
                for (var bit = 0; bit < 8; bit++)
                {
                    crc = (crc & 1) == 0 ? crc >> 1 : crc >> 1 ^ 0x82F63B78;
                }
            }

            return ~crc;
        }

        private static void RequireChecksum(ReadOnlySpan<byte> data, ReadOnlySpan<byte> stored)
        {
            var unmasked = unchecked(BinaryPrimitives.ReadUInt32LittleEndian(stored) - 0xA282EAD8);
            Assert.Equal(Crc32C(data), unmasked >> 17 | unmasked << 15);
        }
    }
}
