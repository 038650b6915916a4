using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Layouts;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Tasks;

namespace FocalNet.Trainer.Tests.Data;

/// <summary>Small trees with the folders and names of the published data sets, as their authors pack them and as the reference code wants them.</summary>
public sealed class PublishedLayoutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reside_indoor_as_the_reference_code_wants_it()
    {
        Touch("train/hazy/1_1_0.90179.png", "train/hazy/1_2_0.97842.png", "train/gt/1.png", "test/hazy/1400_1.png", "test/hazy/1400_10.png", "test/gt/1400.png");
        Require(DataSplit.Train, "train/hazy/1_1_0.90179.png>train/gt/1.png", "train/hazy/1_2_0.97842.png>train/gt/1.png");
        Require(DataSplit.Test, "test/hazy/1400_1.png>test/gt/1400.png", "test/hazy/1400_10.png>test/gt/1400.png");
        Assert.Equal("reside-indoor", Preset("dehaze"));
    }

    [Fact]
    public void Reside_indoor_as_its_authors_pack_it()
    {
        Touch("ITS/train/ITS_haze/1_1_0.9.png", "ITS/train/ITS_clear/1.png", "ITS/train/ITS_trans/1_1.png", "ITS/val/haze/1400_1.png", "ITS/val/clear/1400.png");
        Require(DataSplit.Train, "ITS/train/ITS_haze/1_1_0.9.png>ITS/train/ITS_clear/1.png");
        Require(DataSplit.Test, "ITS/val/haze/1400_1.png>ITS/val/clear/1400.png");
        Touch("SOTS/indoor/hazy/1401_3.png", "SOTS/indoor/gt/1401.png");
        Require(DataSplit.Test, "SOTS/indoor/hazy/1401_3.png>SOTS/indoor/gt/1401.png");
    }

    [Fact]
    public void Reside_outdoor_has_jpeg_targets_and_settings_of_its_own()
    {
        Touch("train/hazy/0005_0.8_0.04.jpg", "train/hazy/0005_0.8_0.06.jpg", "train/gt/0005.jpg", "test/hazy/0001_0.8_0.2.jpg", "test/gt/0001.png");
        Require(DataSplit.Train, "train/hazy/0005_0.8_0.04.jpg>train/gt/0005.jpg", "train/hazy/0005_0.8_0.06.jpg>train/gt/0005.jpg");
        Require(DataSplit.Test, "test/hazy/0001_0.8_0.2.jpg>test/gt/0001.png");
        Assert.Equal("reside-outdoor", Preset("dehaze"));
    }

    [Fact]
    public void Reside_outdoor_as_its_authors_pack_it()
    {
        Touch("OTS_ALPHA/OTS/0005_0.8_0.04.jpg", "OTS_ALPHA/clear_images/0005.jpg", "OTS_ALPHA/depth/0005.mat", "SOTS/outdoor/hazy/0001_0.8_0.2.jpg", "SOTS/outdoor/gt/0001.png");
        Require(DataSplit.Train, "OTS_ALPHA/OTS/0005_0.8_0.04.jpg>OTS_ALPHA/clear_images/0005.jpg");
        Require(DataSplit.Test, "SOTS/outdoor/hazy/0001_0.8_0.2.jpg>SOTS/outdoor/gt/0001.png");
        Assert.Equal("reside-outdoor", Preset("dehaze"));
    }

    [Theory]
    [InlineData("01_hazy.png", "01_GT.png")] // Dense-Haze
    [InlineData("01_outdoor_hazy.jpg", "01_outdoor_GT.jpg")] // O-HAZE
    public void Dense_haze_and_o_haze_replace_a_word(string hazy, string clear)
    {
        Touch($"hazy/{hazy}", $"GT/{clear}");
        Require(DataSplit.Train, $"hazy/{hazy}>GT/{clear}");
        Assert.Equal(PairNaming.Word, PairedFolder.Open(_folder.Path, DataSplit.Train).Naming);
        // JPEG targets alone do not make it RESIDE outdoor.
        Assert.Equal("reside-indoor", Preset("dehaze"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("train/")]
    public void Nh_haze_has_all_in_one_folder(string under)
    {
        Touch($"{under}01_hazy.png", $"{under}01_GT.png", $"{under}02_hazy.png", $"{under}02_GT.png", $"{under}preview.png", $"{under}02_hazy_preview.png", $"{under}02_GT_small.png");
        Require(DataSplit.Train, $"{under}01_hazy.png>{under}01_GT.png", $"{under}02_hazy.png>{under}02_GT.png");
    }

    [Fact]
    public void Nhr_has_equal_names_with_underscores()
    {
        Touch("train/hazy/night_0001.jpg", "train/hazy/night_0002.jpg", "train/gt/night_0001.jpg", "train/gt/night_0002.jpg");
        Require(DataSplit.Train, "train/hazy/night_0001.jpg>train/gt/night_0001.jpg", "train/hazy/night_0002.jpg>train/gt/night_0002.jpg");
        Assert.Equal("reside-indoor", Preset("dehaze"));
    }

    /// <summary>Five hazy pictures of one by lamplight differ in their last number; the daylight pictures beside them belong to none.</summary>
    [Fact]
    public void Nhr_as_its_authors_code_writes_it()
    {
        Touch("nighttimeHazy/0005_NighttimeHazy_1.png", "nighttimeHazy/0005_lowLight_1.png", "nighttimeHazy/0005_NighttimeHazy_2.png", "nighttimeHazy/0005_lowLight_2.png", "clear_images/0005.jpg");
        string[] pairs = ["nighttimeHazy/0005_NighttimeHazy_1.png>nighttimeHazy/0005_lowLight_1.png", "nighttimeHazy/0005_NighttimeHazy_2.png>nighttimeHazy/0005_lowLight_2.png"];
        Require(DataSplit.Train, pairs);
        Require(DataSplit.Test, pairs);
        Assert.Equal(2, PairedFolder.Open(_folder["nighttimeHazy"], DataSplit.Train).Count);
    }

    [Theory]
    [InlineData("gt")]
    [InlineData("gt_new")]
    public void Srrs_as_its_authors_pack_it(string clear)
    {
        Touch("Syn/46.tif", $"{clear}/46.jpg", "Combine Snow/46.jpg", "Big Snow/46.jpg");
        Require(DataSplit.Train, $"Syn/46.tif>{clear}/46.jpg");
        Assert.Equal("desnow", Preset("desnow"));
    }

    [Theory]
    [InlineData("train2500", "test2000", "tif", "tif")] // CSD as the reference code wants it
    [InlineData("Train", "Test", "tif", "tif")] // CSD as its authors pack it
    [InlineData("train2500", "test2000", "tif", "jpg")] // SRRS
    public void Csd_and_srrs_have_equal_names(string train, string test, string snow, string clear)
    {
        Touch($"{train}/Snow/1.{snow}", $"{train}/Gt/1.{clear}", $"{train}/Mask/1.{snow}", $"{test}/Snow/9.{snow}", $"{test}/Gt/9.{clear}");
        Require(DataSplit.Train, $"{train}/Snow/1.{snow}>{train}/Gt/1.{clear}");
        Require(DataSplit.Test, $"{test}/Snow/9.{snow}>{test}/Gt/9.{clear}");
        Assert.Equal("desnow", Preset("desnow"));
    }

    [Fact]
    public void Snow100k_has_synthetic_and_gt()
    {
        Touch("all/synthetic/a_00003.jpg", "all/gt/a_00003.jpg", "all/mask/a_00003.jpg", "test/Snow100K-L/synthetic/b.jpg", "test/Snow100K-L/gt/b.jpg");
        Require(DataSplit.Train, "all/synthetic/a_00003.jpg>all/gt/a_00003.jpg");
        Require(DataSplit.Test, "test/Snow100K-L/synthetic/b.jpg>test/Snow100K-L/gt/b.jpg");
    }

    [Fact]
    public void Dpdd_takes_the_combined_view_and_leaves_those_of_the_halves()
    {
        foreach (var view in (string[])["c", "l", "r"])
        {
            Touch($"train_{view}/source/P1000.png", $"train_{view}/target/P1000.png", $"test_{view}/source/P2000.png", $"test_{view}/target/P2000.png");
        }

        Require(DataSplit.Train, "train_c/source/P1000.png>train_c/target/P1000.png");
        Require(DataSplit.Test, "test_c/source/P2000.png>test_c/target/P2000.png");
        Assert.Equal("dpdd", Preset("deblur"));
    }

    [Fact]
    public void Dpdd_as_others_repack_it()
    {
        Touch("train/inputC/1.png", "train/inputL/1.png", "train/inputR/1.png", "train/target/1.png");
        Require(DataSplit.Train, "train/inputC/1.png>train/target/1.png");
    }

    [Fact]
    public void Pictures_of_16_bits_keep_them()
    {
        var deep = new PictureFormat { BitDepth = 16 };
        var (source, target) = (TestPictures.Noise(12, 8, 1, deep), TestPictures.Noise(12, 8, 2, deep));
        _folder.Save("train_c/source/P1.png", source);
        _folder.Save("train_c/target/P1.png", target);
        var pair = PairedFolder.Open(_folder.Path, DataSplit.Train).Load(0, new SeededRandom(1));
        Assert.Equal(source.Pixels, pair.Input.Pixels);
        Assert.Equal(target.Pixels, pair.Target.Pixels);
        Assert.NotEqual(PixelFormats.QuantizeTo8Bits(source.Pixels), pair.Input.Pixels);
    }

    private string Preset(string task) => RestorationTasks.TryFind(task)!.PresetFor(_folder.Path).Name;

    private void Touch(params string[] names) => Array.ForEach(names, name => File.WriteAllText(_folder[name], "x"));

    private void Require(DataSplit split, params string[] pairs)
    {
        var found = PairedFolder.Open(_folder.Path, split);
        string Within(string path) => Path.GetRelativePath(_folder.Path, path).Replace('\\', '/');
        Assert.Equal(pairs, found.Pairs.Select(pair => $"{Within(pair.Input)}>{Within(pair.Target)}"));
    }
}
