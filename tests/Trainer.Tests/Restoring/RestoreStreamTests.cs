using System.Runtime.InteropServices;
using FocalNet.Model;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Restoring;
using FocalNet.Trainer.Tests.Commands;

namespace FocalNet.Trainer.Tests.Restoring;

/// <summary>From standard input to standard output, by the program itself: picture files, and raw video frames.</summary>
public sealed class RestoreStreamTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _weights;

    public RestoreStreamTests() => _weights = _folder.SaveTinyWeights();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_picture_keeps_its_format_or_takes_another()
    {
        var format = new PictureFormat { BitDepth = 16, Alpha = [.. Enumerable.Range(0, 35).Select(i => (ushort)(i * 1000))] };
        var input = File.ReadAllBytes(_folder.Save("a.png", TestPictures.Noise(7, 5, format: format)));
        using var restorer = Restorer.Load(null, _weights);
        var expected = PictureRestoration.Restore(restorer, ImageFile.Decode(input, "a"), null, CancellationToken.None);

        var (code, output, error) = await Run(input, "-");
        Assert.True(code == 0, error);
        Assert.Equal(".png", ImageFile.ExtensionOf(output, "out"));
        var restored = ImageFile.Decode(output, "out");
        Assert.Equal(16, restored.Format.BitDepth);
        Assert.Equal(format.Alpha, restored.Format.Alpha);
        Assert.All(expected.Pixels.Zip(restored.Pixels), p => Assert.Equal(Math.Clamp(p.First, 0f, 1f), p.Second, 1e-5f));
        (code, output, error) = await Run(input, "-", "--format", "tiff");
        Assert.True(code == 0, error);
        Assert.Equal(".tif", ImageFile.ExtensionOf(output, "out"));
    }

    [Fact]
    public async Task A_broken_picture_or_none_gives_no_output()
    {
        var (code, output, error) = await Run("no picture"u8.ToArray(), "-");
        Assert.Equal((ExitCodes.Failure, 0), (code, output.Length));
        Assert.Contains("standard input", error, StringComparison.Ordinal);
        (code, output, error) = await Run([], "-");
        Assert.Equal((ExitCodes.Failure, 0), (code, output.Length));
    }

    [Theory]
    [InlineData("rgb24", 3, 1)]
    [InlineData("rgb48le", 3, 2)]
    [InlineData("gray", 1, 1)]
    [InlineData("gray16le", 1, 2)]
    [InlineData("rgba", 4, 1)]
    public void Frames_are_restored_one_by_one(string name, int channels, int bytes)
    {
        const int Width = 10, Height = 6, Count = 3;
        var format = RawFormat.Parse($"{Width}x{Height}:{name}")!;
        var frames = new byte[Count * format.FrameBytes];
        new Random(1).NextBytes(frames);
        Assert.Equal(Width * Height * channels * bytes, format.FrameBytes);
        using var restorer = Restorer.Load(null, _weights);
        using var output = new MemoryStream();
        var seen = new List<long>();
        Assert.Equal(Count, RawFrames.Restore(restorer, format, new MemoryStream(frames), output, seen.Add, CancellationToken.None));
        Assert.Equal([1, 2, 3], seen);
        for (var i = 0; i < Count; i++)
        {
            var frame = frames.AsSpan(i * (int)format.FrameBytes, (int)format.FrameBytes).ToArray();
            if (bytes == 1)
            {
                restorer.Restore(frame, frame, format.Layout);
            }
            else
            {
                var samples = MemoryMarshal.Cast<byte, ushort>(frame.AsSpan());
                restorer.Restore(samples, samples, format.Layout);
            }

            Assert.Equal(frame, output.ToArray().AsSpan(i * frame.Length, frame.Length).ToArray());
        }
    }

    [Fact]
    public async Task A_partial_last_frame_is_an_error_after_the_whole_ones()
    {
        const int FrameBytes = 8 * 4 * 3;
        var (code, output, error) = await Run(new byte[2 * FrameBytes + 5], "-", "--raw", "8x4");
        Assert.Equal((ExitCodes.Failure, 2 * FrameBytes), (code, output.Length));
        Assert.Contains("frame 3 ends after 5 of 96 bytes", error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_makes_no_sense_with_a_stream_is_a_usage_error()
    {
        Shell.Run("restore", "dehaze", "-", "--raw", "8x4:yuv420p", "--weights", _weights).RequireFailure(ExitCodes.Usage, "yuv420p", "rgb48le");
        Shell.Run("restore", "dehaze", "a.png", "--raw", "8x4", "--weights", _weights).RequireFailure(ExitCodes.Usage, "--raw");
        Shell.Run("restore", "dehaze", "-", "--out", "x", "--weights", _weights).RequireFailure(ExitCodes.Usage, "standard output");
        Shell.Run("restore", "dehaze", "-", "a.png", "--out", "x", "--weights", _weights).RequireFailure(ExitCodes.Usage, "'-'");
        Shell.Run("restore", "dehaze", "a.png", "--weights", _weights).RequireFailure(ExitCodes.Usage, "--out");
        Shell.Run("restore", "dehaze", "a.png", "--out", "x", "--format", "gif", "--weights", _weights).RequireFailure(ExitCodes.Usage, "png", "'gif'");
        Shell.Run("restore", "dehaze", "a.png", "--out", "x", "--quality", "101", "--weights", _weights).RequireFailure(ExitCodes.Usage, "101");
    }

    private async Task<(int Code, byte[] Output, string Error)> Run(byte[] input, params string[] options)
    {
        var file = _folder["input.bin"];
        await File.WriteAllBytesAsync(file, input, TestContext.Current.CancellationToken);
        using var process = Shell.Start("exec \"$@\" < input.bin", _folder.Path, ["restore", "dehaze", .. options, "--weights", _weights, "--threads", "1"]);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output, TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output.ToArray(), await error);
    }
}
