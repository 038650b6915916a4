using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tests.Images;

public sealed class ImageFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lists_pictures_only_in_ordinal_order()
    {
        foreach (var name in (string[])["b.PNG", "a.jpg", "B.webp", "notes.txt", ".hidden.png", "sub/0.tif", "sub/deep/1.jpeg"])
        {
            File.WriteAllText(_folder[name], "x");
        }

        Assert.Equal(["B.webp", "a.jpg", "b.PNG"], Names(recursive: false));
        Assert.Equal(["B.webp", "a.jpg", "b.PNG", "sub/0.tif", "sub/deep/1.jpeg"], Names(recursive: true));
    }

    [Fact]
    public void An_empty_and_a_missing_folder_are_clear_errors()
    {
        File.WriteAllText(_folder["sub/a.png"], "x");
        var empty = Assert.Throws<ImageException>(() => ImageFolder.List(_folder.Path));
        Assert.Equal(ImageFailure.NoPictures, empty.Failure);
        Assert.Contains("recursively", empty.Message, StringComparison.Ordinal);
        Assert.Equal(ImageFailure.NotFound, Assert.Throws<ImageException>(() => ImageFolder.List(_folder["none"])).Failure);
        Assert.Contains("not a folder", Assert.Throws<ImageException>(() => ImageFolder.List(_folder["sub/a.png"])).Message, StringComparison.Ordinal);
    }

    private IEnumerable<string> Names(bool recursive) =>
        ImageFolder.List(_folder.Path, recursive).Select(path => Path.GetRelativePath(_folder.Path, path).Replace('\\', '/'));
}
