using FocalNet.Graph.Ir;

namespace FocalNet.Graph.Fusion;

/// <summary>Which kernels wait for which: the questions that fusion and scheduling both ask.</summary>
internal static class KernelOrder
{
    /// <summary>The kernels that compute a value; those of its parts for a view, none for a leaf.</summary>
    /// <param name="node">The value.</param>
    /// <param name="homeOf">The kernel that computes a node; null for views and leaves.</param>
    public static IEnumerable<KernelGroup> SourcesOf(Node node, Func<Node, KernelGroup?> homeOf)
    {
        if (homeOf(node) is { } home)
            return [home];
        return KernelGroup.IsView(node) ? node.Inputs.SelectMany(i => SourcesOf(i, homeOf)) : [];
    }

    /// <summary>Whether a kernel waits for another, directly or through others.</summary>
    /// <param name="group">The one that waits.</param>
    /// <param name="target">The one that is waited for.</param>
    /// <param name="before">The kernels that one waits for directly.</param>
    public static bool DependsOn(KernelGroup group, KernelGroup target, Func<KernelGroup, IEnumerable<KernelGroup>> before)
    {
        var seen = new HashSet<KernelGroup>();
        var pending = new Stack<KernelGroup>([group]);
        while (pending.Count > 0)
        {
            foreach (KernelGroup earlier in before(pending.Pop()))
            {
                if (earlier == target)
                    return true;
                if (seen.Add(earlier))
                    pending.Push(earlier);
            }
        }
        return false;
    }
}
