using System.Diagnostics;
using System.Globalization;
using FocalNet.Model;
using FocalNet.Runtime.Plans;
using FocalNet.Runtime.Weights;

namespace FocalNet.Benchmarks;

/// <summary>Who restores the picture whose memory is measured.</summary>
internal enum MemorySide
{
    Ours,
    OnnxRuntime,
    OnnxRuntimeWithoutArena,
}

/// <summary>
/// Peak resident set of a process that loads a network from a file and restores a picture twice, for each side in a process of
/// its own. The picture, its restored copy and .NET itself are in all of them.
/// </summary>
internal static class MemoryBenchmark
{
    /// <summary>The command that a child process is started with.</summary>
    public const string SideCommand = "memory-side";

    public static void Run(IReadOnlyList<NetworkCase> rows, ResultTable table)
    {
        string folder = Directory.CreateTempSubdirectory("focalnet-memory-").FullName;
        try
        {
            foreach (NetworkCase row in rows)
            {
                string weights = Path.Combine(folder, row.Network.Name + ".safetensors"), onnx = Path.Combine(folder, row.Network.Name + ".onnx");
                NetworkWeights.Save(weights, row.Network, NetworkCase.Weights(row.Network));
                OnnxExport.Write(onnx, row.Network, NetworkCase.Weights(row.Network));
                long ours = Peak(row, MemorySide.Ours, weights), theirs = Peak(row, MemorySide.OnnxRuntime, onnx), without = Peak(row, MemorySide.OnnxRuntimeWithoutArena, onnx);
                table.Add(
                    Figure.Of("network", row.Network.Name), Figure.Of("size", OnnxRuntimeBenchmark.SizeText(row)), Figure.Of("threads", row.Threads),
                    Figure.Megabytes("FocalNet.Compiler", "ours", ours), Figure.Megabytes("ONNX Runtime", "onnxRuntime", theirs), Figure.Ratio("ratio", (double)theirs / ours),
                    Figure.Megabytes("ONNX Runtime without its arena", "onnxRuntimeWithoutArena", without), Figure.Ratio("ratio without", (double)without / ours));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What the child process does; prints bytes.</summary>
    public static void RunSide(NetworkCase row, MemorySide side, string path)
    {
        if (side == MemorySide.Ours)
        {
            using var network = new OwnNetwork(row, NetworkWeights.Flatten(WeightFile.Read(path), row.Network));
            network.Run();
            network.Run();
        }
        else
        {
            using OnnxRuntimeNetwork network = OnnxRuntimeNetwork.Load(row, path, arena: side == MemorySide.OnnxRuntime);
            network.Run();
            network.Run();
        }

        using Process self = Process.GetCurrentProcess();
        Console.WriteLine(self.PeakWorkingSet64.ToString(CultureInfo.InvariantCulture));
    }

    private static long Peak(NetworkCase row, MemorySide side, string path) => long.Parse(
        ChildProcess.Run(
            SideCommand, side.ToString(), path, "--network", row.Network.Name, "--size", Text(row.Size), "--threads", row.Threads.ToString(CultureInfo.InvariantCulture)),
        CultureInfo.InvariantCulture);

    private static string Text(RunSize size) => string.Create(CultureInfo.InvariantCulture, $"{size.Height}x{size.Width}");
}
