using System.Text.Json;

namespace FocalNet.Cuda.Benchmarks;

/// <summary>
/// Times workloads, ours alone or in turns with PyTorch. Fairness: the same weights, pictures, precision and outputs; random pictures; runs to warm up;
/// times by the device's clock, in turns of a few runs each, so that whatever the device does meanwhile disturbs all alike; the error of every side against float64.
/// </summary>
/// <param name="ours">Our side.</param>
/// <param name="peers">PyTorch's sides: the first of them also computes in float64.</param>
/// <param name="left">How much time is left for all.</param>
internal sealed class Comparison(Side ours, IReadOnlyList<Side> peers, Func<TimeSpan> left)
{
    /// <summary>The name of our side.</summary>
    public const string Ours = "ours";

    private const int Turn = 20;

    // What is kept back of the time that is left while a peer gets ready, so that what is ready then can still be timed.
    private static readonly TimeSpan _reserve = TimeSpan.FromSeconds(60);

    /// <summary>How long a peer may take to get ready; max-autotune tries many kernels.</summary>
    public TimeSpan PeerLimit { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Runs of each side before the timed ones.</summary>
    public required int WarmUps { get; init; }

    /// <summary>Timed runs of each side.</summary>
    public required int Runs { get; init; }

    /// <summary>Times a workload. What goes wrong costs that side of it alone, and is told in the result.</summary>
    public WorkloadResult Measure(Workload workload)
    {
        var result = new WorkloadResult(workload.ToString());
        string folder = Directory.CreateTempSubdirectory("focalnet-benchmark-").FullName;
        try
        {
            // Ours first: what the peer takes of the memory must not be missing.
            Try(result, Ours, () =>
            {
                result.Facts = Times.FromJson<WorkloadFacts>(ours.Ask($"open {workload}", left()));
                ours.Ask($"write {folder}", left());
            });
            if (result.Problems.Count == 0)
                TimeInTurns(result, [ours, .. Ready(result, workload, folder)]);
        }
        finally
        {
            foreach (Side side in (Side[])[ours, .. peers])
                Close(side);
            Directory.Delete(folder, recursive: true);
        }
        return result;
    }

    // The peers that have restored, or made a step, once.
    private List<Side> Ready(WorkloadResult result, Workload workload, string folder)
    {
        var ready = new List<Side>();
        if (peers.Count > 0)
            Try(result, "reference", () => result.Errors[Ours] = Number(peers[0].Ask($"reference {workload} {folder}", ForPeer()), "deviation"));
        foreach (Side peer in peers)
        {
            Try(result, peer.Name, () =>
            {
                JsonElement answer = peer.Ask($"open {workload} {folder}", ForPeer());
                result.FirstRunSeconds[peer.Name] = Number(answer, "seconds");
                if (answer.TryGetProperty("deviation", out _))
                    result.Errors[peer.Name] = Number(answer, "deviation");
                ready.Add(peer);
            });
        }
        return ready;
    }

    // A side that fails keeps what it has measured until then, and the others go on.
    private void TimeInTurns(WorkloadResult result, List<Side> sides)
    {
        var times = sides.ToDictionary(s => s, _ => new List<double>());
        foreach (Side side in sides)
            Try(result, side.Name, () => side.Ask(FormattableString.Invariant($"time {WarmUps}"), left()));
        sides.RemoveAll(side => result.Problems.ContainsKey(side.Name));
        while (sides.Contains(ours) && times[ours].Count < Runs)
        {
            foreach (Side side in sides)
            {
                int runs = Math.Min(Turn, Runs - times[side].Count);
                Try(result, side.Name, () => times[side].AddRange(Times.FromJson<double[]>(
                    side.Ask(FormattableString.Invariant($"time {runs}"), left()).GetProperty("milliseconds"))));
            }
            sides.RemoveAll(side => result.Problems.ContainsKey(side.Name));
        }
        foreach ((Side side, List<double> milliseconds) in times.Where(t => t.Value.Count > 0))
            result.Times[side.Name] = SideTimes.Of(milliseconds);
    }

    private TimeSpan ForPeer()
    {
        TimeSpan most = left() - _reserve;
        return most < PeerLimit ? most : PeerLimit;
    }

    private static void Try(WorkloadResult result, string name, Action action)
    {
        try
        {
            action();
        }
        catch (SideException exception)
        {
            result.Problems[name] = exception.Message;
        }
    }

    private static double Number(JsonElement answer, string name) =>
        answer.TryGetProperty(name, out JsonElement value) ? Times.FromJson<double>(value) : throw new SideException($"The answer has no '{name}'.");

    private static void Close(Side side)
    {
        if (!side.IsRunning)
            return;
        try
        {
            side.Ask("close", TimeSpan.FromSeconds(30));
        }
        catch (SideException)
        {
            // It was ended, which frees the device too.
        }
    }
}
