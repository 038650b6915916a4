using System.Globalization;
using System.Text.Json;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Tests.Training;

public sealed class TrainingLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_step_is_a_whole_line_at_once_in_any_culture()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };
        try
        {
            using var log = new TrainingLog(_folder["run/log.jsonl"]);
            log.Write(Step(1, 0.125));
            // Read while it is still open: what was written is there.
            using var reader = new StreamReader(new FileStream(_folder["run/log.jsonl"], FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            Assert.Equal("{\"step\":1,\"epoch\":2,\"loss\":{\"total\":0.125,\"l1\":0.0625},\"gradientNorm\":3.5,\"learningRate\":0.0008}\n", reader.ReadToEnd());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "Infinity")]
    [InlineData(double.NegativeInfinity, "-Infinity")]
    public void Losses_that_are_no_numbers_stay_valid_json(double loss, string expected)
    {
        using (var log = new TrainingLog(_folder["log.jsonl"]))
        {
            log.Write(Step(1, loss));
        }

        using var document = JsonDocument.Parse(File.ReadAllText(_folder["log.jsonl"]));
        Assert.Equal(expected, document.RootElement.GetProperty("loss").GetProperty("total").GetString());
    }

    [Fact]
    public void A_resumed_log_drops_half_a_line_and_the_steps_that_will_be_run_again()
    {
        var path = _folder["log.jsonl"];
        using (var log = new TrainingLog(path))
        {
            for (var step = 1; step <= 4; step++)
            {
                log.Write(Step(step, 1.0));
            }
        }

        File.AppendAllText(path, "{\"step\":5,\"ep");
        using (new TrainingLog(path))
        {
        }

        Assert.Equal(4, File.ReadAllLines(path).Length);
        using (var log = new TrainingLog(path, lastStep: 2))
        {
            log.Write(Step(3, 2.0));
        }

        var lines = File.ReadAllLines(path);
        Assert.Equal(3, lines.Length);
        Assert.Contains("\"total\":2", lines[2], StringComparison.Ordinal);
    }

    private static TrainingStep Step(long step, double loss) => new(step, 2, [new("total", loss), new("l1", 0.0625)], 3.5, 8e-4);
}
