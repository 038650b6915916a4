using System.CommandLine;
using FocalNet.Model;
using FocalNet.Trainer.Commands;

namespace FocalNet.Trainer.Tests.Commands;

public sealed class PrecisionTests
{
    [Fact]
    public void The_option_of_training_reaches_the_device()
    {
        Assert.False(IsStrict());
        Assert.False(IsStrict("--precision", "default"));
        Assert.True(IsStrict("--precision", "strict"));
    }

    [Fact]
    public void The_option_of_evaluate_and_restore_reaches_the_device()
    {
        using var folder = new TemporaryFolder();
        var (weights, data) = (folder.SaveTinyWeights(), folder.SavePairs("data", 1));
        string[] evaluate = ["evaluate", "dehaze", "--data", data, "--weights", weights];
        string[] restore = ["restore", "dehaze", Path.Combine(data, "input"), "--out", folder["out"], "--overwrite", "--weights", weights];
        foreach (var command in new[] { evaluate, restore })
        {
            Assert.DoesNotContain(", strict", Shell.Run(command).Output, StringComparison.Ordinal);
            var strict = Shell.Run([.. command, "--precision", "strict"]);
            strict.RequireSuccess();
            Assert.Contains(", strict", strict.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Strict_results_differ_in_the_last_digits_alone()
    {
        var layout = new PixelLayout(40, 32);
        var picture = new float[3 * 40 * 32];
        var random = new Random(3);
        foreach (ref var value in picture.AsSpan())
        {
            value = random.NextSingle();
        }

        var (fast, strict) = (Restore(picture, layout, Precision.Default), Restore(picture, layout, Precision.Strict));
        Assert.InRange(fast.Zip(strict, (a, b) => Math.Abs(a - b)).Max(), 1e-9f, 1e-4f);
    }

    [Fact]
    public void Another_precision_is_a_usage_error() =>
        Shell.Run("dehaze", "--precision", "double").RequireFailure(ExitCodes.Usage, "--precision", "'double'", "strict");

    private static bool IsStrict(params string[] arguments)
    {
        var options = new TrainOptionSet(TinyNetwork.Dehaze);
        var command = new Command("dehaze");
        options.AddTo(command);
        using var device = Devices.Open("auto", 1, command.Parse(arguments).GetValue(options.Precision));
        return device.Description.EndsWith(", strict", StringComparison.Ordinal);
    }

    private static float[] Restore(float[] picture, PixelLayout layout, Precision precision)
    {
        using var device = Devices.Open("cpu", 1, precision);
        using var restorer = Restorer.Create(TinyNetwork.Entry, NetworkWeights.Initial(TinyNetwork.Entry, 5), device);
        var restored = new float[picture.Length];
        restorer.Restore(picture, restored, layout);
        return restored;
    }
}
