using System.Text.Json;
using FocalNet.Cuda.Benchmarks;
using FocalNet.Runtime;

// Cuda.Benchmarks serve            takes commands from the standard input, one a line, and answers each by one line of JSON
// Cuda.Benchmarks run [RUNS]       times every workload, RUNS (200) runs each, and prints one JSON document
// Cuda.Benchmarks quick [RUNS]     likewise small workloads, RUNS (20) runs each: to see that everything works
// A peer in another process times its side in between, so that whatever the device does meanwhile disturbs both alike.
try
{
    switch (args)
    {
        case ["serve"]:
            return Server.Run(Console.In, Console.Out);
        case ["run"]:
            Console.WriteLine(AllWorkloads.Run(200));
            return 0;
        case ["run", var count] when int.TryParse(count, out int runs) && runs > 0:
            Console.WriteLine(AllWorkloads.Run(runs));
            return 0;
        case ["quick"]:
            Console.WriteLine(AllWorkloads.Run(20, quick: true));
            return 0;
        case ["quick", var count] when int.TryParse(count, out int runs) && runs > 0:
            Console.WriteLine(AllWorkloads.Run(runs, quick: true));
            return 0;
        default:
            Console.Error.WriteLine("Use: serve, run [RUNS], or quick [RUNS].");
            return 2;
    }
}
catch (DeviceException exception)
{
    Console.WriteLine(JsonSerializer.Serialize(new { error = exception.Message }));
    return 1;
}
