using FocalNet.Benchmarks;
using FocalNet.Model;
using FocalNet.Runtime;

// dotnet run -c Release --project tests/Benchmarks -- --help
try
{
    return BenchmarkCommands.Root().Parse(args).Invoke(new() { EnableDefaultExceptionHandler = false });
}
catch (Exception error) when (error is UnknownNetworkException or ArgumentException or DeviceException or IOException or InvalidOperationException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
