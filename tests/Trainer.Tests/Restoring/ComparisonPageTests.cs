using FocalNet.Trainer.Images;
using FocalNet.Trainer.Tests.Commands;

namespace FocalNet.Trainer.Tests.Restoring;

/// <summary>The page of <c>restore --compare</c>: all that it shows is in it.</summary>
public sealed class ComparisonPageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _weights;

    public ComparisonPageTests() => _weights = _folder.SaveTinyWeights();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_picture_has_a_slider_and_stands_side_by_side_with_its_result()
    {
        _folder.Save("in/a [1] & <b>.png", TestPictures.Noise(40, 30));
        _folder.Save("in/sub/grey.tif", TestPictures.Noise(20, 30, format: new PictureFormat { BitDepth = 16, IsGrey = true, Alpha = new ushort[600] }));
        Restore("--compare").RequireSuccess();
        var page = Page();
        Assert.Equal(2, Count(page, "<figure>"));
        Assert.Equal(2, Count(page, "type=\"range\""));
        Assert.Equal(4, Count(page, "src=\"data:image/jpeg;base64,"));
        Assert.Contains("a [1] &amp; &lt;b&gt;.png", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        var both = ImageFile.Read(Path.Combine(_folder["out/_compare"], "a [1] & <b>.png.jpg"));
        Assert.Equal((40 + 4 + 40, 30), (both.Width, both.Height));
        Assert.True(File.Exists(_folder["out/_compare/sub/grey.tif.jpg"]));
    }

    [Fact]
    public void What_an_earlier_run_restored_is_on_the_page_too()
    {
        _folder.Save("in/a.png", TestPictures.Noise(20, 30));
        Restore().RequireSuccess();
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "out/_compare")));
        _folder.Save("in/b.png", TestPictures.Noise(20, 30));
        Restore("--compare").RequireSuccess();
        Assert.Equal(2, Count(Page(), "<figure>"));
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private string Page() => File.ReadAllText(Path.Combine(_folder.Path, "out/_compare/index.html"));

    private CommandOutcome Restore(params string[] options) =>
        Shell.Run(["restore", "dehaze", _folder["in"], "--out", Path.Combine(_folder.Path, "out"), "--weights", _weights, "--threads", "2", .. options]);
}
