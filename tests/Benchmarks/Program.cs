using FocalNet.Benchmarks;

// dotnet run -c Release --project tests/Benchmarks -- [forward] [gradient] [accuracy], all of them if none is named; or
// dotnet run -c Release --project tests/Benchmarks -- onnxruntime [large].
string[] kernels = ["forward", "gradient", "accuracy"], known = [.. kernels, "onnxruntime", "large"];
if (args.Except(known).FirstOrDefault() is { } unknown)
{
    Console.Error.WriteLine($"There is no benchmark '{unknown}', only {string.Join(", ", known)}.");
    return 2;
}

string[] wanted = args.Length == 0 ? kernels : args;
if (wanted.Contains("forward"))
{
    ConvolutionBenchmark.Forward(16, 16, 256, 256, gelu: true);
    ConvolutionBenchmark.Forward(16, 16, 128, 128, gelu: true);
    ConvolutionBenchmark.Forward(64, 64, 128, 128, gelu: true);
    ConvolutionBenchmark.Forward(128, 128, 64, 64, gelu: true);
    ConvolutionBenchmark.Forward(128, 64, 128, 128, gelu: false);
    ConvolutionBenchmark.Forward(256, 128, 64, 64, gelu: false);
    ConvolutionBenchmark.Forward(32, 32, 256, 256, gelu: false);
}

if (wanted.Contains("gradient"))
{
    ConvolutionBenchmark.WeightGradient(16, 16, 256, 256);
    ConvolutionBenchmark.WeightGradient(64, 64, 128, 128);
    ConvolutionBenchmark.WeightGradient(128, 128, 64, 64);
    ConvolutionBenchmark.WeightGradient(32, 32, 256, 256);
}

if (wanted.Contains("accuracy"))
{
    foreach (int channels in new[] { 16, 64, 256 })
        ConvolutionBenchmark.Accuracy(channels);
}

if (wanted.Contains("onnxruntime"))
    OnnxRuntimeBenchmark.Run(secondsPerCase: 3, large: wanted.Contains("large"));

return 0;
