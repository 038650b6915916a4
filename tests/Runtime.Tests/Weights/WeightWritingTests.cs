using FocalNet.Runtime.Weights;

namespace FocalNet.Runtime.Tests.Weights;

/// <summary>A failed write leaves the previous file and nothing else.</summary>
public sealed class WeightWritingTests
{
    private static readonly TensorData[] Old = [new("w", [2], [1, 2])];
    private static readonly TensorData[] New = [new("w", [100_000], new float[100_000])];

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(300_000)]
    public void A_full_disk_leaves_the_previous_file_and_no_debris(int room)
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("net.safetensors");
        WeightFile.Write(path, Old);
        Assert.Throws<IOException>(() => AtomicFile.Write(path, stream => SafeTensors.Write(new FullDisk(stream, room), New)));
        Assert.Equal([1f, 2f], WeightFile.Read(path).Tensors[0].Values);
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Folder));
    }

    [Fact]
    public void A_full_device_is_an_error()
    {
        if (!File.Exists("/dev/full")) return;
        Assert.Throws<IOException>(() =>
        {
            using var stream = new FileStream("/dev/full", FileMode.Open, FileAccess.Write);
            SafeTensors.Write(stream, New);
            stream.Flush(flushToDisk: true);
        });
    }

    [Fact]
    public void A_missing_folder_is_an_error_that_creates_nothing()
    {
        using var folder = new TemporaryFolder();
        Assert.ThrowsAny<IOException>(() => WeightFile.Write(folder.PathOf("none/net.safetensors"), Old));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Folder));
    }

    [Fact]
    public void A_file_is_replaced_and_a_symbolic_link_followed()
    {
        using var folder = new TemporaryFolder();
        var (file, link) = (folder.PathOf("net.safetensors"), folder.PathOf("best.safetensors"));
        WeightFile.Write(file, New);
        WeightFile.Write(file, Old);
        if (OperatingSystem.IsWindows()) return;
        File.CreateSymbolicLink(link, "net.safetensors");
        WeightFile.Write(link, New);
        Assert.Equal(100_000, WeightFile.Read(file).Tensors[0].Values.Length);
        Assert.NotNull(new FileInfo(link).LinkTarget);
        Assert.Equal(2, Directory.GetFileSystemEntries(folder.Folder).Length);
    }

    /// <summary>Accepts a number of bytes, then fails as a full disk does.</summary>
    private sealed class FullDisk(Stream inner, long room) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position { get => inner.Position; set => throw new NotSupportedException(); }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            room -= count;
            if (room < 0) throw new IOException("No space left on device");
            inner.Write(buffer, offset, count);
        }
    }
}
