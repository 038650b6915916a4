using FocalNet.Trainer.Data;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Tests.Data;

public sealed class PairedFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "Train")]
    [InlineData("train/", "Train")]
    [InlineData("", "Test")]
    [InlineData("test/", "Test")]
    public void Reside_pairs_many_hazy_pictures_with_one_clear_one(string under, string split)
    {
        Touch($"{under}hazy/1400_2.png", $"{under}hazy/1400_1_0.92.png", $"{under}hazy/7_1.jpg", $"{under}gt/1400.png", $"{under}gt/7.jpg");
        var pairs = PairedFolder.Open(_folder.Path, Enum.Parse<DataSplit>(split));
        Assert.Equal(["1400_1_0.92.png>1400.png", "1400_2.png>1400.png", "7_1.jpg>7.jpg"], Names(pairs));
    }

    [Theory]
    [InlineData("input", "target")]
    [InlineData("Snow", "Gt")]
    [InlineData("INPUT", "Target")]
    [InlineData("source", "target")]
    public void Other_layouts_pair_equal_names_of_any_extension(string input, string target)
    {
        Touch($"{input}/a_1.png", $"{input}/b.png", $"{target}/a_1.jpg", $"{target}/b.tif", $"{target}/unused.png");
        Assert.Equal(["a_1.png>a_1.jpg", "b.png>b.tif"], Names(PairedFolder.Open(_folder.Path, DataSplit.Train)));
    }

    [Fact]
    public void Train_and_test_are_kept_apart()
    {
        Touch("train/input/a.png", "train/target/a.png", "test/input/b.png", "test/target/b.png");
        Assert.Equal(["a.png>a.png"], Names(PairedFolder.Open(_folder.Path, DataSplit.Train)));
        Assert.Equal(["b.png>b.png"], Names(PairedFolder.Open(_folder.Path, DataSplit.Test)));
    }

    [Fact]
    public void Hazy_pictures_without_a_clear_one_are_counted_and_named()
    {
        Touch("hazy/1_1.png", "hazy/2_1.png", "hazy/3_1.png", "gt/2.png");
        var e = Assert.Throws<DataSetException>(() => PairedFolder.Open(_folder.Path, DataSplit.Train));
        Assert.Contains("2 of 3", e.Message, StringComparison.Ordinal);
        Assert.Contains("1_1.png': it has no target", e.Message, StringComparison.Ordinal);
        Assert.Contains("no 1.* or 1_1.*", e.Message, StringComparison.Ordinal);
        Assert.Contains("3_1.png", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("2_1.png", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_clear_pictures_of_one_name_are_refused()
    {
        Touch("hazy/1_1.png", "gt/1.png", "gt/1.jpg");
        var e = Assert.Throws<DataSetException>(() => PairedFolder.Open(_folder.Path, DataSplit.Train));
        Assert.Contains("1.jpg", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_degraded_pictures_of_one_name_are_refused_and_the_other_pairs_found()
    {
        Touch("input/a.jpg", "input/a.png", "input/b.png", "target/a.png", "target/b.png");
        var pairs = PairedFolder.Find(_folder.Path, DataSplit.Train);
        Assert.Equal(["a.jpg>a.png", "b.png>b.png"], Names(pairs));
        Assert.Contains("a.png': 'a.jpg' beside it has the same name", Assert.Single(pairs.Problems).Message, StringComparison.Ordinal);
        Assert.Throws<DataSetException>(() => PairedFolder.Open(_folder.Path, DataSplit.Train));
    }

    [Fact]
    public void A_missing_layout_says_what_was_looked_for()
    {
        Touch("pictures/a.png");
        var e = Assert.Throws<DataSetException>(() => PairedFolder.Open(_folder.Path, DataSplit.Train));
        Assert.Contains("hazy/ with gt/", e.Message, StringComparison.Ordinal);
        Assert.Contains("input/ with target/", e.Message, StringComparison.Ordinal);
        Assert.Contains("train/", e.Message, StringComparison.Ordinal);
        Assert.Throws<DataSetException>(() => PairedFolder.Open(_folder["none"], DataSplit.Train));
    }

    [Fact]
    public void Empty_folders_are_an_error()
    {
        Touch("hazy/readme.txt", "gt/1.png");
        Assert.Equal(ImageFailure.NoPictures, Assert.Throws<ImageException>(() => PairedFolder.Open(_folder.Path, DataSplit.Train)).Failure);
    }

    [Fact]
    public void Different_sizes_are_named_when_loading_and_in_a_dry_run()
    {
        var input = _folder.Save("input/a.png", TestPictures.Noise(8, 6));
        var target = _folder.Save("target/a.png", TestPictures.Noise(8, 7));
        var pairs = PairedFolder.Open(_folder.Path, DataSplit.Train);
        foreach (var action in (Action[])[() => pairs.Load(0, new SeededRandom(1)), () => pairs.RequireEqualSizes()])
        {
            var e = Assert.Throws<DataSetException>(action);
            foreach (var part in (string[])[input, target, "8×6", "8×7"])
            {
                Assert.Contains(part, e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_loaded_pair_is_the_files_content()
    {
        var (input, target) = (TestPictures.Noise(8, 6, 1), TestPictures.Noise(8, 6, 2));
        _folder.Save("test/hazy/9_3.png", input);
        _folder.Save("test/gt/9.png", target);
        var pair = PairedFolder.Open(_folder.Path, DataSplit.Test).Load(0, new SeededRandom(1));
        Assert.Equal("hazy/9_3.png", pair.Name);
        Assert.Equal(input.Pixels, pair.Input.Pixels);
        Assert.Equal(target.Pixels, pair.Target.Pixels);
    }

    private void Touch(params string[] names) => Array.ForEach(names, name => File.WriteAllText(_folder[name], "x"));

    private static IEnumerable<string> Names(PairedFolder folder) =>
        folder.Pairs.Select(pair => $"{Path.GetFileName(pair.Input)}>{Path.GetFileName(pair.Target)}");
}
