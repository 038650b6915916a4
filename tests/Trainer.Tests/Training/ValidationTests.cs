using FocalNet.Model;
using FocalNet.Runtime.Cpu;
using FocalNet.Trainer.Data;
using FocalNet.Trainer.Data.Degradations;
using FocalNet.Trainer.Metrics;
using FocalNet.Trainer.Restoring;
using FocalNet.Trainer.Tests.Commands;
using FocalNet.Trainer.Training;

namespace FocalNet.Trainer.Tests.Training;

/// <summary>What a validation says of restored pictures, and of clean ones.</summary>
public sealed class ValidationTests
{
    [Fact]
    public void Clean_pictures_are_restored_and_compared_with_themselves()
    {
        using var device = new CpuDevice(1);
        var parameters = NetworkWeights.Initial(TinyNetwork.Entry, 3);
        var source = new ProceduralSource(ProceduralOptions.ForValidation(DrawnDegradations.Haze, 2, 32));
        using var validation = new Validation(TinyNetwork.Entry, device, source, 2, CancellationToken.None);
        var result = validation.Score(parameters, CancellationToken.None);

        using var restorer = Restorer.Create(TinyNetwork.Entry, parameters, device);
        var expected = Enumerable.Range(0, 2).Select(i => source.Load(i, new SeededRandom(i)).Target)
            .Select(clean => PictureMetrics.Compare(PictureRestoration.Restore(restorer, clean, null, CancellationToken.None), clean, MetricPreset.Standard)).ToList();
        Assert.Equal(PictureScores.Average(expected), result.Clean);
        Assert.NotEqual(result.Scores, result.Clean);
    }

    /// <summary>A run that an earlier version began has validations without scores of clean pictures, and goes on.</summary>
    [Fact]
    public void Validations_of_earlier_versions_are_read()
    {
        var scores = new PictureScores(20, 0.8, 0.05);
        var report = new ValidationReport(7, scores, scores with { Psnr = 23 }, scores with { Psnr = double.PositiveInfinity }, IsBest: true);
        var json = RunRecord.Validations([report]);
        Assert.Equal([report], RunRecord.Validations(json.ToJsonString()));
        foreach (var key in new[] { "psnrClean", "ssimClean", "maeClean" })
        {
            Assert.True(json[0]!.AsObject().Remove(key));
        }

        Assert.Equal([report with { Clean = null }], RunRecord.Validations(json.ToJsonString()));
    }
}
