using FocalNet.Trainer.Images;
using FocalNet.Trainer.Reports;

namespace FocalNet.Trainer.Tests.Reports;

public sealed class ComparisonSheetTests
{
    [Fact]
    public void Pictures_stand_side_by_side_under_their_labels()
    {
        var sheet = ComparisonSheet.BeforeAfterTruth(TestPictures.Flat(40, 20, 0.25f), TestPictures.Flat(40, 20, 0.5f), TestPictures.Flat(40, 20, 0.75f));
        Assert.Equal((3 * 40 + 4 * 4, 20 + 13 + 2 * 4), (sheet.Width, sheet.Height));
        var row = sheet.Channel(0).Slice(25 * sheet.Width, sheet.Width).ToArray();
        Assert.Equal((0.25f, 0.5f, 0.75f), (row[4], row[48], row[92]));
        Assert.Equal(row[0], row[44]);
        // Each label leaves white dots above its picture.
        foreach (var left in (int[])[4, 48, 92])
        {
            var head = Enumerable.Range(4, 13).SelectMany(y => Enumerable.Range(left, 40).Select(x => sheet.Pixels[y * sheet.Width + x]));
            Assert.Contains(1f, head);
        }
    }

    [Fact]
    public void Rows_of_different_sizes_do_not_overlap()
    {
        var sheet = ComparisonSheet.Compose(
        [
            [new LabelledPicture("a", TestPictures.Flat(10, 5, 0.2f)), new LabelledPicture("b", TestPictures.Flat(4, 8, 0.4f))],
            [new LabelledPicture("c", TestPictures.Flat(12, 3, 0.6f))],
        ]);
        Assert.Equal((12 + 4 + 3 * 4, 8 + 3 + 2 * 17 + 4), (sheet.Width, sheet.Height));
        int Count(float value) => sheet.Channel(1).ToArray().Count(pixel => pixel == value);
        Assert.Equal((50, 32, 36), (Count(0.2f), Count(0.4f), Count(0.6f)));
    }

    [Fact]
    public void Letters_have_their_shape()
    {
        var picture = new Picture(12, 7);
        BitmapFont.Draw(picture, 0, 0, "t1");
        var rows = Enumerable.Range(0, 7).Select(y => string.Concat(Enumerable.Range(0, 12).Select(x => picture.Pixels[y * 12 + x] == 1f ? '#' : '.')));
        Assert.Equal(
        [
            "#####...#...",
            "..#....##...",
            "..#.....#...",
            "..#.....#...",
            "..#.....#...",
            "..#.....#...",
            "..#....###..",
        ], rows);
    }

    [Fact]
    public void Labels_may_be_anything_and_pictures_tiny()
    {
        var sheet = ComparisonSheet.Compose([[new LabelledPicture("köln/霧 (psnr 21.5 dB)", TestPictures.Flat(1, 1, 0.5f))]]);
        Assert.Equal(9, sheet.Width);
        Assert.Throws<ArgumentException>(() => ComparisonSheet.Compose([]));
    }
}
