using FocalNet.Cuda.Tests.Support;
using FocalNet.Graph.Launches;
using FocalNet.Graph.Reference;

namespace FocalNet.Cuda.Tests.Emission;

/// <summary>Packed weights by their definition in pack_convolution.cu, in plain C#.</summary>
internal static class PackedReference
{
    /// <summary>The bytes of a packed weight.</summary>
    public static byte[] Of(PackJob job, ReferenceTensor weight, bool narrow, bool warpgroups)
    {
        int ofChunk = narrow ? 8 : 4;
        var bytes = new List<byte>(16 * job.Chunks);
        for (int chunk = 0; chunk < job.Chunks; chunk++)
        {
            for (int i = 0; i < ofChunk; i++)
            {
                float value = (float)Element(job, weight, ofChunk, warpgroups, chunk, i);
                bytes.AddRange(narrow ? BitConverter.GetBytes(Bits.ToBrain(value)) : BitConverter.GetBytes(value));
            }
        }
        return [.. bytes];
    }

    private static double Element(PackJob job, ReferenceTensor weight, int ofChunk, bool warpgroups, int chunk, int index)
    {
        int[] e = weight.Extents;
        int read = job.Transposed ? e[0] : e[1], written = job.Transposed ? e[1] : e[0], blocks = (written + 15) / 16;
        int tapChunks = (read + ofChunk - 1) / ofChunk, phases = job.Transposed ? job.Settings.Stride : 1, step = chunk / (blocks * 32);
        int[] rows = [], columns = [];
        for (int phase = 0; phase < phases * phases; phase++)
        {
            (rows, columns) = (Taps(job, e[2], phase / phases), Taps(job, e[3], phase % phases));
            int steps = ((rows.Length * columns.Length * tapChunks) + 1) / 2;
            if (step < steps)
                break;
            step -= steps;
        }
        int unit = chunk % 32, lane = unit ^ (unit >> 3), register = index / (ofChunk / 4);
        // Groups of four warps take 3×3 of many channels, a step as two rows of chunks of all channels.
        bool groups = warpgroups && ofChunk == 8 && ForWarpgroups(job, read, written);
        int k = groups
            ? (step * 16) + (chunk / (blocks * 16) % 2 * 8) + index
            : (step * 2 * ofChunk) + (lane % 4 * (ofChunk / 4)) + (index % (ofChunk / 4)) + (register % 2 * ofChunk);
        int column = chunk % (blocks * 16), block = groups ? column / 16 : chunk / 32 % blocks, g = groups ? column % 8 : lane / 4;
        int within = ((groups ? column / 8 % 2 : register / 2) * 2) + (g % 2), tap = k / (tapChunks * ofChunk), from = k % (tapChunks * ofChunk);
        int to = (block | 1) < blocks ? (block / 2 * 32) + (g / 2 * 8) + (block % 2 * 4) + within : (block * 16) + (g / 2 * 4) + within;
        if (tap >= rows.Length * columns.Length || from >= read || to >= written)
            return 0;
        int y = rows[tap / columns.Length], x = columns[tap % columns.Length];
        return job.Transposed ? weight[from, to, y, x] : weight[to, from, y, x];
    }

    private static bool ForWarpgroups(PackJob job, int read, int written) =>
        job is { InChain: false, Weight: { H.Value: 3, W.Value: 3 }, Settings: { Stride: 1, Padding: 1, Dilation: 1 } } && read is 64 or 128 or 256 or 512 && written % 64 == 0;

    private static int[] Taps(PackJob job, int kernel, int phase) => [.. Enumerable.Range(0, kernel)
        .Where(k => !job.Transposed || (phase + job.Settings.Padding - (k * job.Settings.Dilation)) % job.Settings.Stride == 0)];
}
