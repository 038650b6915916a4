using FocalNet.Runtime;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>Times the CUDA device, alone or beside PyTorch, and makes a report of what a machine with a GPU gave.</summary>
internal static class Program
{
    /// <summary>What there is.</summary>
    public const string Usage = """
        Use:
          run [--out FILE] [--quick] [--seconds N] [--runs N] [--workload "NETWORK inference|training strict|fast|bf16 N H W"]…
              [--peer-seconds N] [--peer PROGRAM ARGUMENTS…]
              times every workload within N seconds (1500) and writes FILE (times.json) after each; small ones with --quick. Exit code 1 where something
              was not measured. --peer is the last option: python3 tools/gpu-check/peer.py, which may take --peer-seconds (300) to get ready for a workload.
          check [--quick] [--workload …] --peer PROGRAM ARGUMENTS…
              times nothing, and compares the results of both sides with float64.
          report --doctor FILE --tests FILE --tests-exit CODE --times FILE --times-exit CODE --smi FILE --commit FILE --json FILE --markdown FILE
              puts together what tools/gpu-check/run.sh has gathered.
          serve
              takes commands from the standard input, one a line, and answers each by a line of JSON: how `run` asks.
        """;

    private static int Main(string[] args)
    {
        try
        {
            switch (args)
            {
                case ["serve"]:
                    return Server.Run(Console.In, Console.Out);
                case ["run", .. var rest]:
                    return AllWorkloads.Run(BenchmarkOptions.Parse(rest), Console.Out) ? 0 : 1;
                case ["check", .. var rest]:
                    return PeerCheck.Run(BenchmarkOptions.Parse(rest), Console.Out) ? 0 : 1;
                case ["report", .. var rest]:
                    Report.Write(ReportFiles.Parse(rest));
                    return 0;
                default:
                    Console.Error.WriteLine(Usage);
                    return 2;
            }
        }
        catch (FormatException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return 2;
        }
        catch (Exception exception) when (exception is SideException or DeviceException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(exception.Message);
            return 1;
        }
    }
}
