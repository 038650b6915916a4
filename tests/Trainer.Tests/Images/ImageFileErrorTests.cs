using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tests.Images;

public sealed class ImageFileErrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(".png", 0.5)]
    [InlineData(".png", 0.95)]
    [InlineData(".jpg", 0.5)]
    [InlineData(".tif", 0.5)]
    [InlineData(".webp", 0.5)]
    public void A_truncated_picture_fails_instead_of_ending_in_grey(string extension, double fraction)
    {
        var path = _folder.Save("cut" + extension, TestPictures.Noise(64, 64));
        var bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(int)(bytes.Length * fraction)]);
        RequireFailure(ImageFailure.Damaged, path, () => ImageFile.Read(path));
    }

    [Fact]
    public void A_text_file_called_jpg_is_no_picture()
    {
        File.WriteAllText(_folder["note.jpg"], "This is a text.");
        RequireFailure(ImageFailure.NotAPicture, _folder["note.jpg"], () => ImageFile.Read(_folder["note.jpg"]));
        RequireFailure(ImageFailure.NotAPicture, _folder["note.jpg"], () => ImageFile.ReadSize(_folder["note.jpg"]));
    }

    [Fact]
    public void An_empty_file_a_folder_and_a_missing_file_are_told_apart()
    {
        File.WriteAllBytes(_folder["empty.png"], []);
        Directory.CreateDirectory(_folder["folder.png"]);
        RequireFailure(ImageFailure.Empty, _folder["empty.png"], () => ImageFile.Read(_folder["empty.png"]));
        RequireFailure(ImageFailure.IsFolder, _folder["folder.png"], () => ImageFile.Read(_folder["folder.png"]));
        RequireFailure(ImageFailure.NotFound, _folder["missing.png"], () => ImageFile.Read(_folder["missing.png"]));
    }

    [Fact]
    public void A_picture_of_another_kind_is_named()
    {
        // The smallest GIF: one pixel.
        File.WriteAllBytes(_folder["a.png"], Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"));
        var e = RequireFailure(ImageFailure.Unsupported, _folder["a.png"], () => ImageFile.Read(_folder["a.png"]));
        Assert.Contains("(Nsgif)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_extension_is_refused_before_anything_is_written()
    {
        RequireFailure(ImageFailure.Unsupported, _folder["a.bmp"], () => ImageFileWriter.Write(TestPictures.Noise(2, 2), _folder["a.bmp"]));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void An_existing_file_needs_permission_and_an_input_is_never_overwritten()
    {
        var path = _folder.Save("a.png", TestPictures.Noise(4, 4));
        var before = File.ReadAllBytes(path);
        var picture = ImageFile.Read(path);
        var allow = new ImageWriteOptions { Overwrite = true };
        var changed = TestPictures.Noise(4, 4, seed: 2);

        RequireFailure(ImageFailure.WouldOverwrite, path, () => ImageFileWriter.Write(changed, path));
        RequireFailure(ImageFailure.WouldOverwrite, path, () => ImageFileWriter.Write(picture, path, allow));
        RequireFailure(ImageFailure.WouldOverwrite, path, () => ImageFileWriter.Write(changed, path, allow with { Inputs = [path] }));
        var detour = Path.Combine(_folder.Path, "..", Path.GetFileName(_folder.Path), "a.png");
        RequireFailure(ImageFailure.WouldOverwrite, detour, () => ImageFileWriter.Write(picture, detour, allow));
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void An_input_is_recognised_through_a_linked_folder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making links needs a privilege on Windows.");
        var path = _folder.Save("real/a.png", TestPictures.Noise(4, 4));
        var link = _folder["link"];
        Directory.CreateSymbolicLink(link, _folder["real"]);
        var through = Path.Combine(link, "a.png");
        RequireFailure(ImageFailure.WouldOverwrite, through,
            () => ImageFileWriter.Write(ImageFile.Read(path), through, new ImageWriteOptions { Overwrite = true }));
    }

    [Fact]
    public void A_write_that_fails_half_way_leaves_the_old_file_and_no_rubbish()
    {
        File.WriteAllText(_folder["kept.txt"], "old");
        Assert.Throws<IOException>(() => AtomicFile.Write(_folder["kept.txt"], stream =>
        {
            stream.Write("half of the new"u8);
            throw new IOException("No space left on device");
        }));
        Assert.Equal("old", File.ReadAllText(_folder["kept.txt"]));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_target_that_cannot_be_written_is_a_typed_error()
    {
        File.WriteAllText(_folder["file"], "not a folder");
        var path = Path.Combine(_folder["file"], "a.png");
        RequireFailure(ImageFailure.WriteFailed, path, () => ImageFileWriter.Write(TestPictures.Noise(2, 2), path));
    }

    private static ImageException RequireFailure(ImageFailure failure, string path, Action action)
    {
        var e = Assert.Throws<ImageException>(action);
        Assert.Equal(failure, e.Failure);
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        Assert.NotEmpty(e.WayOut);
        return e;
    }
}
