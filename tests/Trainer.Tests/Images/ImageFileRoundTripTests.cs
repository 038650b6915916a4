using FocalNet.Trainer.Images;
using NetVips;

namespace FocalNet.Trainer.Tests.Images;

public sealed class ImageFileRoundTripTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(".png", 8, false, false)]
    [InlineData(".png", 8, true, false)]
    [InlineData(".png", 8, false, true)]
    [InlineData(".png", 8, true, true)]
    [InlineData(".png", 16, false, false)]
    [InlineData(".png", 16, true, false)]
    [InlineData(".png", 16, false, true)]
    [InlineData(".png", 16, true, true)]
    [InlineData(".tif", 8, false, false)]
    [InlineData(".tiff", 8, true, true)]
    [InlineData(".tif", 16, false, true)]
    [InlineData(".tif", 16, true, false)]
    [InlineData(".webp", 8, false, false)]
    [InlineData(".webp", 8, false, true)]
    public void Lossless_formats_keep_depth_grey_alpha_and_every_sample(string extension, int depth, bool isGrey, bool hasAlpha)
    {
        var format = new PictureFormat { BitDepth = depth, IsGrey = isGrey, Alpha = hasAlpha ? Alpha(17 * 9, depth) : null };
        var written = TestPictures.Noise(17, 9, format: format);

        var read = ImageFile.Read(_folder.Save("a" + extension, written));

        Assert.Equal((17, 9, depth, isGrey), (read.Width, read.Height, read.Format.BitDepth, read.Format.IsGrey));
        Assert.Equal(written.Pixels, read.Pixels);
        Assert.Equal(format.Alpha, read.Format.Alpha);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(30000, 10)]
    [InlineData(2, 5000)]
    public void Extreme_sizes_work_in_every_format(int width, int height)
    {
        foreach (var extension in ImageFile.Extensions.Where(e => e != ".webp" || width < 16384))
        {
            var path = _folder.Save("size" + extension, TestPictures.Noise(width, height));
            var read = ImageFile.Read(path);
            Assert.Equal((width, height), (read.Width, read.Height));
            Assert.Equal((width, height), ImageFile.ReadSize(path));
        }
    }

    [Fact]
    public void A_picture_too_wide_for_its_format_says_so()
    {
        var e = Assert.Throws<ImageException>(() => _folder.Save("wide.webp", TestPictures.Noise(30000, 10)));
        Assert.Equal(ImageFailure.Unsupported, e.Failure);
        Assert.Contains("30000×10", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Jpeg_stays_close_and_keeps_grey(bool isGrey)
    {
        var picture = TestPictures.Flat(32, 32, 0.5f).WithFormat(new PictureFormat { IsGrey = isGrey });
        var read = ImageFile.Read(_folder.Save("a.jpg", picture));
        Assert.Equal(isGrey, read.Format.IsGrey);
        Assert.All(read.Pixels, value => Assert.Equal(0.5f, value, 0.01f));
    }

    [Fact]
    public void Jpeg_refuses_alpha_instead_of_losing_it()
    {
        var picture = TestPictures.Noise(4, 4, format: new PictureFormat { Alpha = Alpha(16, 8) });
        var e = Assert.Throws<ImageException>(() => _folder.Save("a.jpg", picture));
        Assert.Contains("alpha", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".jpg")]
    [InlineData(".png")]
    [InlineData(".webp")]
    [InlineData(".tif")]
    public void Metadata_comes_back(string extension)
    {
        var icc = Profile();
        using (var image = Image.Black(8, 6, bands: 3).Copy(interpretation: Enums.Interpretation.Srgb).Mutate(m =>
        {
            m.Set(GValue.GStrType, "exif-ifd0-Artist", "A. Person (A. Person, ASCII, 10 components, 10 bytes)");
            m.Set(GValue.GStrType, "exif-ifd2-ISOSpeedRatings", "400 (400, Short, 1 components, 2 bytes)");
            m.Set(GValue.BlobType, "icc-profile-data", icc);
            m.Set(GValue.BlobType, "xmp-data", "<x:xmpmeta/>"u8.ToArray());
        }))
        {
            image.Jpegsave(_folder["in.jpg"]);
        }

        var original = ImageFile.Read(_folder["in.jpg"]);
        var read = ImageFile.Read(_folder.Save("out" + extension, original));

        Assert.Equal(icc, Field(read, MetadataField.IccProfile)!.Bytes);
        Assert.Contains("<x:xmpmeta", System.Text.Encoding.UTF8.GetString(Field(read, MetadataField.Xmp)!.Bytes!), StringComparison.Ordinal);
        if (extension != ".tif")
        {
            Assert.StartsWith("A. Person", Field(read, "exif-ifd0-Artist")!.Text, StringComparison.Ordinal);
            Assert.StartsWith("400", Field(read, "exif-ifd2-ISOSpeedRatings")!.Text, StringComparison.Ordinal);
        }

        var stripped = original.WithFormat(original.Format.WithoutMetadata());
        var bare = ImageFile.Read(_folder.Save("bare" + extension, stripped));
        Assert.Null(Field(bare, "exif-ifd0-Artist"));
        Assert.Null(Field(bare, MetadataField.Xmp));
        Assert.NotNull(Field(bare, MetadataField.IccProfile));
    }

    [Fact]
    public void Exif_orientation_is_applied_once()
    {
        using (var image = Image.Black(8, 6).Copy(interpretation: Enums.Interpretation.Bw).Mutate(m =>
        {
            m.DrawRect([255], 0, 0, 4, 6, fill: true);
            m.Set(GValue.GIntType, "orientation", 6);
        }))
        {
            image.Jpegsave(_folder["turned.jpg"], q: 100);
        }

        Assert.Equal((6, 8), ImageFile.ReadSize(_folder["turned.jpg"]));
        var read = ImageFile.Read(_folder["turned.jpg"]);
        Assert.Equal((6, 8), (read.Width, read.Height));
        // Orientation 6 is turned clockwise for display: what was left is now on top.
        Assert.True(read.Pixels[0] > 0.95f && read.Pixels[7 * 6] < 0.05f);

        var again = ImageFile.Read(_folder.Save("again.jpg", read));
        Assert.Equal((6, 8), (again.Width, again.Height));
    }

    [Fact]
    public void Palette_becomes_rgb_and_cmyk_is_converted()
    {
        using (var red = Red())
        {
            red.Pngsave(_folder["palette.png"], palette: true);
            red.Colourspace(Enums.Interpretation.Cmyk).Jpegsave(_folder["cmyk.jpg"]);
        }

        foreach (var name in (string[])["palette.png", "cmyk.jpg"])
        {
            var read = ImageFile.Read(_folder[name]);
            Assert.False(read.Format.IsGrey);
            Assert.True(read.Channel(0)[0] > 0.7f && read.Channel(1)[0] < 0.3f && read.Channel(2)[0] < 0.3f, name);
        }
    }

    [Fact]
    public void The_extension_does_not_decide_what_a_file_is()
    {
        var picture = TestPictures.Noise(5, 4);
        File.Move(_folder.Save("real.png", picture), _folder["called.jpg"]);
        Assert.Equal(picture.Pixels, ImageFile.Read(_folder["called.jpg"]).Pixels);
    }

    [Fact]
    public void Names_with_brackets_and_other_scripts_are_only_names()
    {
        var picture = TestPictures.Noise(5, 4);
        Assert.Equal(picture.Pixels, ImageFile.Read(_folder.Save("photo [1], köln 霧.png", picture)).Pixels);
    }

    [Fact]
    public void A_rewritten_file_is_read_anew()
    {
        var first = TestPictures.Noise(5, 4, seed: 1);
        var second = TestPictures.Noise(5, 4, seed: 2);
        var path = _folder.Save("a.png", first);
        ImageFile.Read(path);
        ImageFileWriter.Write(second, path, new ImageWriteOptions { Overwrite = true });
        Assert.Equal(second.Pixels, ImageFile.Read(path).Pixels);
    }

    private static Image Red() => (Image.Black(8, 8, bands: 3) + new double[] { 230, 10, 10 }).Cast(Enums.BandFormat.Uchar).Copy(interpretation: Enums.Interpretation.Srgb);

    private static byte[] Profile()
    {
        using var image = Image.Black(1, 1, bands: 3).Copy(interpretation: Enums.Interpretation.Srgb).IccTransform("srgb", inputProfile: "srgb");
        return (byte[])image.Get("icc-profile-data");
    }

    private static MetadataField? Field(Picture picture, string name) => picture.Format.Metadata.SingleOrDefault(f => f.Name == name);

    private static ushort[] Alpha(int count, int depth) =>
        [.. Enumerable.Range(0, count).Select(i => (ushort)(i * 7919 % (depth == 16 ? 65536 : 256)))];
}
