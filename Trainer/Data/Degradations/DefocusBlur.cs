using System.Numerics;
using FocalNet.Trainer.Data.Scenes;

namespace FocalNet.Trainer.Data.Degradations;

/// <summary>
/// What a lens makes of a scene with depth. The scene is cut into layers of nearly equal blur; each pixel belongs to the two
/// nearest in shares, so that no cut shows. A layer's light and coverage are spread by the image of the opening, and the layers
/// laid over each other from back to front. What is hidden behind an edge is not known; dividing by the coverage at the end leaves
/// it to what is known beside it, so that an edge gets no dark or bright seam.
/// </summary>
internal static class DefocusBlur
{
    private const float SmallestSpacing = 0.5f;
    private const int MostLayersASide = 14;

    // Below this the work is not worth other threads, which training has use for.
    private const int PixelsForThreads = 1 << 20;

    /// <summary>The blurred picture, planar RGB.</summary>
    public static float[] Apply(Scene scene, Lens lens)
    {
        var radii = Array.ConvertAll(scene.Depth, lens.RadiusAt);
        var largest = radii.Max(MathF.Abs);
        var spacing = MathF.Max(SmallestSpacing, largest / MostLayersASide);
        var last = (int)MathF.Ceiling(largest / spacing);
        // Layer i has the radius (i − last)·spacing.
        var kernels = Enumerable.Range(-last, 2 * last + 1).Select(i => ApertureKernel.Of(lens, i * spacing)).ToArray();
        var pixels = new Vector4[scene.Depth.Length];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = new Vector4(
                LinearLight.Decode(scene.Colours[i]), LinearLight.Decode(scene.Colours[pixels.Length + i]), LinearLight.Decode(scene.Colours[2 * pixels.Length + i]), 1f);
        }

        var result = new float[scene.Colours.Length];
        var work = new Work(scene.Width, scene.Height, pixels, Array.ConvertAll(radii, radius => radius / spacing + last), kernels, result);
        if (pixels.Length < PixelsForThreads)
        {
            work.Stripe(0, scene.Height);
            return result;
        }

        const int RowsAtOnce = 64;
        Parallel.For(0, (scene.Height + RowsAtOnce - 1) / RowsAtOnce, i => work.Stripe(i * RowsAtOnce, Math.Min((i + 1) * RowsAtOnce, scene.Height)));
        return result;
    }

    /// <param name="Width">Columns.</param>
    /// <param name="Height">Rows.</param>
    /// <param name="Pixels">Linear light and coverage 1.</param>
    /// <param name="Layers">The layer of each pixel, with its fraction: 2.25 is for three quarters in layer 2.</param>
    /// <param name="Kernels">Of each layer, the nearest first.</param>
    /// <param name="Result">Planar RGB.</param>
    private sealed record Work(int Width, int Height, Vector4[] Pixels, float[] Layers, ApertureKernel[] Kernels, float[] Result)
    {
        /// <summary>Makes some rows of the result. Each of them adds up in the same order wherever stripes begin and end.</summary>
        public void Stripe(int top, int bottom)
        {
            var composite = new Vector4[(bottom - top) * Width];
            var layer = new Vector4[composite.Length];
            // The largest radius is that of what is farthest.
            for (var i = Kernels.Length - 1; i >= 0; i--)
            {
                if (!Spread(i, top, bottom, layer))
                {
                    continue;
                }

                for (var at = 0; at < layer.Length; at++)
                {
                    composite[at] = composite[at] * (1f - layer[at].W) + layer[at];
                }

                Array.Clear(layer);
            }

            Store(composite, top);
        }

        /// <summary>Spreads what a layer holds over the rows of a stripe; false if it holds nothing that reaches them.</summary>
        private bool Spread(int index, int top, int bottom, Vector4[] layer)
        {
            var kernel = Kernels[index];
            var holdsAny = false;
            for (var y = Math.Max(0, top - kernel.Reach); y < Math.Min(Height, bottom + kernel.Reach); y++)
            {
                for (var x = 0; x < Width; x++)
                {
                    var share = 1f - MathF.Abs(Layers[y * Width + x] - index);
                    if (share <= 0f)
                    {
                        continue;
                    }

                    holdsAny = true;
                    Spread(kernel, Pixels[y * Width + x] * share, x, y, top, bottom, layer);
                }
            }

            return holdsAny;
        }

        private void Spread(ApertureKernel kernel, Vector4 light, int x, int y, int top, int bottom, Vector4[] layer)
        {
            foreach (var row in kernel.Rows)
            {
                var to = y + row.Y;
                if (to < top || to >= bottom)
                {
                    continue;
                }

                var first = x + row.FirstX;
                var skipped = Math.Max(0, -first);
                var count = Math.Min(row.Weights.Length, Width - first) - skipped;
                if (count <= 0)
                {
                    continue;
                }

                var weights = row.Weights.AsSpan(skipped, count);
                var target = layer.AsSpan((to - top) * Width + first + skipped, count);
                for (var i = 0; i < target.Length; i++)
                {
                    target[i] += light * weights[i];
                }
            }
        }

        private void Store(Vector4[] composite, int top)
        {
            var plane = Width * Height;
            for (var i = 0; i < composite.Length; i++)
            {
                var at = top * Width + i;
                // Never without coverage: every pixel's own figure covers its middle.
                var colour = composite[i] / composite[i].W;
                Result[at] = LinearLight.Encode(colour.X);
                Result[plane + at] = LinearLight.Encode(colour.Y);
                Result[2 * plane + at] = LinearLight.Encode(colour.Z);
            }
        }
    }
}
