using FocalNet.Trainer.Images;
using FocalNet.Trainer.Restoring;

namespace FocalNet.Trainer.Tests.Restoring;

/// <summary>What files, folders and patterns stand for, and where their results go.</summary>
public sealed class RestorePlanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_keeps_its_tree()
    {
        Touch("in/a.png", "in/sub/a.png", "in/sub/deep er/ö.JPG", "in/notes.txt", "in/.hidden.png");
        Assert.Equal(["a.png", "sub/a.png", "sub/deep er/ö.JPG"], Outputs(_folder["in"]));
    }

    [Theory]
    [InlineData("in/*.png", "a.png b.png")]
    [InlineData("in/**/*.png", "a.png b.png sub/a.png")]
    [InlineData("in/s*/*", "sub/a.png sub/c.jpg")]
    [InlineData("**/c.*", "in/sub/c.jpg")]
    [InlineData("in/?.png", "a.png b.png")]
    [InlineData("in/**/?.?p?", "sub/c.jpg")]
    [InlineData("in/s?b/*", "sub/a.png sub/c.jpg")]
    [InlineData("?n/**/?.png", "in/a.png in/b.png in/sub/a.png")]
    public void A_pattern_keeps_the_tree_from_its_first_star_on(string pattern, string expected)
    {
        Touch("in/a.png", "in/b.png", "in/sub/a.png", "in/sub/c.jpg", "in/sub/notes.txt");
        Assert.Equal(expected.Split(' '), Outputs(Path.Combine(_folder.Path, pattern)));
    }

    /// <summary>A question mark is one letter, of whatever alphabet and plane, and never a slash or none.</summary>
    [Fact]
    public void A_question_mark_is_one_character()
    {
        Touch("in/kesä1.png", "in/kesä12.png", "in/kesä.png", "in/写1.png", "in/🌫1.png", "in/x/1.png", "in/(.png");
        Assert.Equal(["kesä1.png"], Outputs(_folder["in"] + "/kes?1.png"));
        Assert.Equal(["kesä12.png"], Outputs(_folder["in"] + "/kesä??.png"));
        Assert.Equal(["写1.png", "🌫1.png"], Outputs(_folder["in"] + "/?1.png"));
        Assert.Equal(["(.png"], Outputs(_folder["in"] + "/(?png"));
        Touch("in/what?.png");
        Assert.Equal(["what?.png"], Outputs(_folder["in"] + "/what?.png"));
    }

    [Fact]
    public void A_pattern_without_a_match_says_so() =>
        Assert.Contains("matches", Assert.Throws<ImageException>(() => Outputs(Path.Combine(_folder.Path, "none/*.png"))).Message, StringComparison.Ordinal);

    /// <summary>A second run must not restore the results of the first.</summary>
    [Fact]
    public void Results_below_the_inputs_are_no_inputs()
    {
        Touch("in/a.png", "in/restored/a.png", "in/restored/sub/b.png");
        var expected = new[] { Path.Combine(_folder["in"], "a.png") };
        Assert.Equal(expected, RestorePlan.Make([_folder["in"]], _folder["in/restored"]).Select(i => i.Input));
        Assert.Equal(expected, RestorePlan.Make([_folder["in"] + "/**/*.png"], _folder["in/restored"]).Select(i => i.Input));
    }

    [Fact]
    public void Another_format_changes_the_extension_and_may_make_names_collide()
    {
        Touch("in/a.png", "in/sub/b.tif");
        Assert.Equal(["a.webp", "sub/b.webp"], Outputs(_folder["in"], ".webp"));
        Touch("in/a.jpg");
        Assert.Contains("different folders", Assert.Throws<RestorePlanException>(() => Outputs(_folder["in"], ".webp")).Message, StringComparison.Ordinal);
    }

    private IEnumerable<string> Outputs(string input, string? extension = null) =>
        RestorePlan.Make([input], _folder["out"], extension).Select(i => Path.GetRelativePath(_folder["out"], i.Output).Replace('\\', '/'));

    private void Touch(params string[] names)
    {
        foreach (var name in names)
        {
            File.WriteAllText(_folder[name], "");
        }
    }
}
