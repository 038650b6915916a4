using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda;

/// <summary>
/// Captured runs of each run size, whole or in parts: replaying one costs a single call in place of one for each kernel. The first time a part
/// is launched kernel by kernel, which also loads each of them, for that must not happen while it is captured. Only the most recently
/// used sizes are kept. The context must be entered.
/// </summary>
/// <param name="limit">How many sizes are kept; 0 never captures.</param>
internal sealed class CudaGraphs(int limit)
{
    private readonly LinkedList<Entry> entries = [];
    private bool unusable;

    /// <summary>Number of sizes of which something is captured.</summary>
    public int Count => entries.Count(e => e.Parts.Values.Any(executable => executable != 0));

    /// <summary>Replays a part of the run of a size, or captures it if it has been launched before.</summary>
    /// <param name="size">The size.</param>
    /// <param name="part">Its first step, and the one behind its last.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="launchAll">Puts the part's steps into the stream.</param>
    /// <returns>The driver's result, or null if the steps are to be launched one by one.</returns>
    public int? TryReplay(RunSize size, (int First, int End) part, nint stream, Action launchAll)
    {
        if (limit == 0 || unusable)
            return null;
        Entry entry = Use(size) ?? Add(size);
        if (!entry.Parts.TryGetValue(part, out nint executable))
        {
            entry.Parts.Add(part, 0);
            return null;
        }
        if (executable == 0)
        {
            executable = Capture(stream, launchAll);
            entry.Parts[part] = executable;
        }
        return executable == 0 ? null : DriverApi.GraphLaunch(executable, stream);
    }

    /// <summary>Forgets all: the memory that they work in has moved, or is about to be freed.</summary>
    public void Clear()
    {
        foreach (Entry entry in entries)
            entry.Destroy();
        entries.Clear();
    }

    private Entry? Use(RunSize size)
    {
        for (LinkedListNode<Entry>? node = entries.First; node is not null; node = node.Next)
        {
            if (node.Value.Size != size)
                continue;
            entries.Remove(node);
            entries.AddFirst(node);
            return node.Value;
        }
        return null;
    }

    private Entry Add(RunSize size)
    {
        var entry = new Entry(size);
        entries.AddFirst(entry);
        if (entries.Count > limit)
        {
            entries.Last!.Value.Destroy();
            entries.RemoveLast();
        }
        return entry;
    }

    // 0 for what can't be captured, by an old driver or library: it still runs kernel by kernel.
    private nint Capture(nint stream, Action launchAll)
    {
        if (DriverApi.StreamBeginCapture(stream, DriverApi.CaptureThreadLocal) != DriverApi.Success)
        {
            unusable = true;
            return 0;
        }
        bool launched = false;
        nint graph = 0, executable = 0;
        try
        {
            launchAll();
            launched = true;
        }
        catch (DeviceException exception) when (exception is not DeviceLostException)
        {
            // Launched one by one, it either works or says better what is wrong.
        }
        finally
        {
            unusable = DriverApi.StreamEndCapture(stream, out graph) != DriverApi.Success || graph == 0 || !launched;
        }
        unusable = unusable || !Instantiate(graph, out executable);
        if (graph != 0)
            _ = DriverApi.GraphDestroy(graph);
        return executable;
    }

    private static bool Instantiate(nint graph, out nint executable)
    {
        executable = 0;
        try
        {
            return DriverApi.GraphInstantiate(out executable, graph, 0) == DriverApi.Success;
        }
        catch (EntryPointNotFoundException)
        {
            // Drivers before CUDA 11.4.
            return false;
        }
    }

    private sealed class Entry(RunSize size)
    {
        public RunSize Size { get; } = size;

        // Parts that were launched, with 0 until they are captured.
        public Dictionary<(int First, int End), nint> Parts { get; } = [];

        public void Destroy()
        {
            foreach (nint executable in Parts.Values.Where(e => e != 0))
                _ = DriverApi.GraphExecutableDestroy(executable);
            Parts.Clear();
        }
    }
}
