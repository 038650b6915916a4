using System.Globalization;
using System.Text.Json;
using FocalNet.Trainer.Commands;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Evaluating;
using FocalNet.Trainer.Images;
using FocalNet.Trainer.Metrics;

namespace FocalNet.Trainer.Tests.Commands;

public sealed class EvaluateCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("paper")]
    [InlineData("standard")]
    public void Every_line_of_scores_names_its_preset_and_so_does_every_line_of_the_csv(string preset)
    {
        using var culture = new CommaCulture();
        var data = _folder.SavePairs("data ö, 1", 3);
        var csv = _folder["tulokset ä/scores, all.csv"];
        var outcome = Evaluate(data, "--preset", preset, "--csv", csv);
        outcome.RequireSuccess();
        var scores = outcome.Output.Split('\n').Where(line => line.Contains("PSNR", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, scores.Count);
        Assert.All(scores, line => Assert.StartsWith(preset + ": PSNR", line, StringComparison.Ordinal));
        Assert.Contains("average of 3 of 3 pictures", scores[^1], StringComparison.Ordinal);

        var rows = Csv(csv);
        Assert.Equal(["picture", "preset", "psnr", "ssim", "mae", "psnr_input", "ssim_input", "mae_input", "error"], rows[0]);
        Assert.Equal(["input/p0.png", "input/p1.png", "input/p2.png"], rows.Skip(1).Select(row => row[0]));
        var pairs = PairedFolder.Open(data, DataSplit.Test);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(preset, rows[i + 1][1]);
            var pair = pairs.Load(i, new SeededRandom(i));
            var expected = PictureMetrics.Compare(pair.Input, pair.Target, Enum.Parse<MetricPreset>(preset, ignoreCase: true));
            double[] numbers = [.. rows[i + 1].Skip(5).Take(3).Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
            Assert.Equal([expected.Psnr, expected.Ssim, expected.MeanAbsoluteError], numbers);
        }

        // What is printed is what is in the file.
        Assert.Contains(double.Parse(rows[1][2], CultureInfo.InvariantCulture).ToString("F4", CultureInfo.InvariantCulture), scores[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_pairs_are_named_and_the_rest_goes_on()
    {
        var data = _folder.SavePairs("data", 5);
        File.WriteAllText(_folder["data/input/p1.png"], "no picture");
        File.Delete(_folder["data/target/p2.png"]);
        _folder.Save("data/target/p3.jpg", TestPictures.Noise(20, 16));
        File.Delete(_folder["data/target/p4.png"]);
        _folder.Save("data/target/p4.png", TestPictures.Noise(9, 9));
        var outcome = Evaluate(data, "--csv", _folder["scores.csv"]);
        outcome.RequireFailure(ExitCodes.Failure, "p1.png': the content is not a picture", "p2.png': it has no target", "p3.png': its target could be", "p4.png': the picture is 20×16", "4 of 5 pairs failed");
        Assert.Contains("average of 1 of 5 pictures", outcome.Output, StringComparison.Ordinal);
        var rows = Csv(_folder["scores.csv"]);
        Assert.Equal(6, rows.Count);
        Assert.Equal(["input/p0.png", "input/p2.png", "input/p3.png", "input/p1.png", "input/p4.png"], rows.Skip(1).Select(row => row[0]));
        Assert.All(rows.Skip(2), row => Assert.True(row[2].Length == 0 && row[8].Length > 0));
    }

    [Fact]
    public void Json_is_one_document_and_nothing_else_is_printed()
    {
        using var culture = new CommaCulture();
        var data = _folder.SavePairs("data", 2);
        File.Delete(_folder["data/target/p1.png"]);
        var outcome = Evaluate(data, "--json", "--preset", "standard");
        Assert.Equal(ExitCodes.Failure, outcome.ExitCode);
        var root = JsonDocument.Parse(outcome.Output).RootElement;
        Assert.Equal(("standard", "Tiny"), (root.GetProperty("preset").GetString(), root.GetProperty("network").GetString()));
        var picture = Assert.Single(root.GetProperty("pictures").EnumerateArray());
        Assert.Equal("input/p0.png", picture.GetProperty("name").GetString());
        Assert.Equal(picture.GetProperty("psnr").GetDouble(), root.GetProperty("average").GetProperty("psnr").GetDouble());
        Assert.Equal("input/p1.png", Assert.Single(root.GetProperty("failed").EnumerateArray()).GetProperty("name").GetString());
    }

    [Fact]
    public void Names_with_commas_quotes_and_line_breaks_survive_the_csv_and_the_file_is_written_whole()
    {
        var scores = new PictureScores(double.PositiveInfinity, 1, 0);
        var report = new EvaluationReport(MetricPreset.Paper, [new PairScores("a, \"b\".png", scores, scores)], [new FailedPair("c\nd.png", "it is 3,5 \"wide\"")]);
        File.WriteAllText(_folder["scores.csv"], "from earlier");
        report.WriteCsv(_folder["scores.csv"]);
        var rows = Csv(_folder["scores.csv"]);
        Assert.Equal(["a, \"b\".png", "paper", "Infinity", "1", "0", "Infinity", "1", "0", ""], rows[1]);
        Assert.Equal(["c\nd.png", "paper", "", "", "", "", "", "", "it is 3,5 \"wide\""], rows[2]);
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
        Assert.Contains("Infinity", report.ToJson("n", "d", "x"), StringComparison.Ordinal);
        Assert.Throws<ImageException>(() => report.WriteCsv(_folder.Path));
    }

    [Fact]
    public void An_unknown_preset_is_a_usage_error() =>
        Evaluate("data", "--preset", "best").RequireFailure(ExitCodes.Usage, "best", "paper");

    private CommandOutcome Evaluate(string data, params string[] options) =>
        Shell.Run(["evaluate", "dehaze", "--data", data, "--weights", _folder.SaveTinyWeights("w/tiny.safetensors"), "--threads", "1", .. options]);

    /// <summary>A reader of RFC 4180 of its own.</summary>
    private static List<List<string>> Csv(string path)
    {
        var (text, rows, row, field, isQuoted) = (File.ReadAllText(path), new List<List<string>>(), new List<string>(), "", false);
        for (var i = 0; i < text.Length; i++)
        {
            if (isQuoted)
            {
                if (text[i] == '"' && i + 1 < text.Length && text[i + 1] == '"')
                {
                    (field, i) = (field + '"', i + 1);
                }
                else if (text[i] == '"')
                {
                    isQuoted = false;
                }
                else
                {
                    field += text[i];
                }
            }
            else if (text[i] == '"')
            {
                isQuoted = true;
            }
            else if (text[i] == ',')
            {
                row.Add(field);
                field = "";
            }
            else if (text[i] == '\r' && text[i + 1] == '\n')
            {
                row.Add(field);
                rows.Add(row);
                (row, field, i) = ([], "", i + 1);
            }
            else
            {
                field += text[i];
            }
        }

        Assert.Equal("", field);
        return rows;
    }
}
