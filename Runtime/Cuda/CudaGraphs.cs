using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Runtime.Plans;

namespace FocalNet.Runtime.Cuda;

/// <summary>
/// Captured runs, one for each run size: replaying one costs a single call in place of one for each kernel. The first run of a size is
/// launched kernel by kernel, which also loads each of them, for that must not happen while a run is captured. Only the most recently
/// used are kept. The context must be entered.
/// </summary>
/// <param name="limit">How many are kept; 0 never captures.</param>
internal sealed class CudaGraphs(int limit)
{
    private readonly LinkedList<Entry> entries = [];
    private bool unusable;

    /// <summary>Number of captured runs.</summary>
    public int Count => entries.Count(e => e.Executable != 0);

    /// <summary>Replays the run of a size, or captures it if it has been launched before.</summary>
    /// <param name="size">The size.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="launchAll">Puts all steps into the stream.</param>
    /// <returns>The driver's result, or null if the steps are to be launched one by one.</returns>
    public int? TryReplay(RunSize size, nint stream, Action launchAll)
    {
        if (limit == 0 || unusable)
            return null;
        Entry? entry = Use(size);
        if (entry is null)
        {
            Add(size);
            return null;
        }
        if (entry.Executable == 0 && !Capture(entry, stream, launchAll))
            return null;
        return DriverApi.GraphLaunch(entry.Executable, stream);
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

    private void Add(RunSize size)
    {
        entries.AddFirst(new Entry(size));
        if (entries.Count <= limit)
            return;
        entries.Last!.Value.Destroy();
        entries.RemoveLast();
    }

    // What can't be captured, by an old driver or library, still runs kernel by kernel.
    private bool Capture(Entry entry, nint stream, Action launchAll)
    {
        if (DriverApi.StreamBeginCapture(stream, DriverApi.CaptureThreadLocal) != DriverApi.Success)
        {
            unusable = true;
            return false;
        }
        bool launched = false;
        nint graph = 0;
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
        unusable = unusable || !entry.Instantiate(graph);
        if (graph != 0)
            _ = DriverApi.GraphDestroy(graph);
        return !unusable;
    }

    private sealed class Entry(RunSize size)
    {
        public RunSize Size { get; } = size;

        public nint Executable { get; private set; }

        public bool Instantiate(nint graph)
        {
            try
            {
                if (DriverApi.GraphInstantiate(out nint executable, graph, 0) != DriverApi.Success)
                    return false;
                Executable = executable;
                return true;
            }
            catch (EntryPointNotFoundException)
            {
                // Drivers before CUDA 11.4.
                return false;
            }
        }

        public void Destroy()
        {
            if (Executable != 0)
                _ = DriverApi.GraphExecutableDestroy(Executable);
            Executable = 0;
        }
    }
}
