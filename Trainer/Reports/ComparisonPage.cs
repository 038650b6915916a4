using System.Globalization;
using System.Net;
using System.Text;
using FocalNet.Runtime.Weights;
using FocalNet.Trainer.Restoring;
using NetVips;

namespace FocalNet.Trainer.Reports;

/// <summary>
/// Pictures before and after: each pair side by side as a JPEG, and all of them on one page with a slider that moves the border
/// between both. The page is one file with everything in it: it can be mailed, and asks nothing of a network.
/// </summary>
/// <param name="folder">Where page and pictures go.</param>
/// <param name="outputFolder">Folder of the results, whose tree the names follow.</param>
internal sealed class ComparisonPage(string folder, string outputFolder)
{
    /// <summary>Pictures are shrunk to this many pixels a side.</summary>
    public const int LargestSide = 1280;

    /// <summary>The page holds so many pairs; all have their picture side by side.</summary>
    public const int LargestCount = 200;

    private const int Quality = 88;
    private const int Gap = 4;

    private readonly List<(string Name, int Width, int Height, byte[] Before, byte[] After)> _pairs = [];
    private int _leftOut;

    public string PagePath => Path.Combine(folder, "index.html");

    /// <summary>Adds a picture whose result is on the disk; writes it side by side with its input.</summary>
    /// <exception cref="IOException">A file can't be read or written.</exception>
    public void Add(RestoreItem item)
    {
        using var before = Shrink(item.Input);
        using var after = Shrink(item.Output);
        var name = Path.GetRelativePath(outputFolder, item.Output);
        using var both = before.Join(after, Enums.Direction.Horizontal, expand: true, shim: Gap, background: [255, 255, 255]);
        var path = Path.Combine(folder, name + ".jpg");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var bytes = both.JpegsaveBuffer(q: Quality, keep: Enums.ForeignKeep.Icc);
        AtomicFile.Write(path, stream => stream.Write(bytes));
        if (_pairs.Count < LargestCount)
        {
            _pairs.Add((name, after.Width, after.Height, Encode(before), Encode(after)));
        }
        else
        {
            _leftOut++;
        }
    }

    /// <summary>Writes the page.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Write()
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(PagePath, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
            writer.Write(Head);
            if (_leftOut > 0)
            {
                writer.WriteLine(FormattableString.Invariant($"<p>{_leftOut} more pictures are beside this page only.</p>"));
            }

            foreach (var pair in _pairs)
            {
                WritePair(writer, pair);
            }

            writer.Write(Tail);
        });
    }

    private static void WritePair(StreamWriter writer, (string Name, int Width, int Height, byte[] Before, byte[] After) pair)
    {
        var name = WebUtility.HtmlEncode(pair.Name.Replace('\\', '/'));
        var size = string.Create(CultureInfo.InvariantCulture, $"width=\"{pair.Width}\" height=\"{pair.Height}\"");
        writer.WriteLine($"<figure><figcaption>{name}</figcaption><div class=\"pair\">");
        writer.WriteLine($"<img {size} alt=\"{name} before\" src=\"data:image/jpeg;base64,{Convert.ToBase64String(pair.Before)}\">");
        writer.WriteLine($"<img {size} class=\"after\" alt=\"{name} restored\" src=\"data:image/jpeg;base64,{Convert.ToBase64String(pair.After)}\">");
        writer.WriteLine($"<span class=\"line\"></span></div><input type=\"range\" min=\"0\" max=\"100\" value=\"50\" step=\"1\" aria-label=\"Border between before and restored in {name}\"></figure>");
    }

    // From bytes: libvips reads options out of brackets in a file's name.
    private static Image Shrink(string path)
    {
        using var shrunk = Image.ThumbnailBuffer(File.ReadAllBytes(path), LargestSide, height: LargestSide, size: Enums.Size.Down);
        using var flat = shrunk.HasAlpha() ? shrunk.Flatten(background: [255, 255, 255]) : shrunk.Copy();
        return flat.Colourspace(Enums.Interpretation.Srgb).CopyMemory();
    }

    private static byte[] Encode(Image image) => image.JpegsaveBuffer(q: Quality, keep: Enums.ForeignKeep.Icc);

    private const string Head = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
        <title>Before and after</title>
        <style>
        body { margin: 0 auto; padding: 1rem; max-width: 1312px; font: 1rem/1.4 system-ui, sans-serif; background: #1b1b1b; color: #ddd; }
        figure { margin: 0 0 2.5rem; width: fit-content; max-width: 100%; }
        figcaption { margin-bottom: .4rem; overflow-wrap: anywhere; }
        .pair { position: relative; --x: 50%; width: fit-content; max-width: 100%; }
        .pair img { display: block; max-width: 100%; height: auto; }
        .pair .after { position: absolute; inset: 0; clip-path: inset(0 0 0 var(--x)); }
        .pair .line { position: absolute; top: 0; bottom: 0; left: var(--x); width: 2px; margin-left: -1px; background: #fff; }
        input { width: 100%; margin: .4rem 0 0; }
        </style>
        </head>
        <body>
        <h1>Before and after</h1>
        <p>Left of the line before, right of it restored. Drag in a picture or on its slider; with the keyboard: Tab to a slider, then arrow keys, Home, End.</p>

        """;

    private const string Tail = """
        <script>
        for (const figure of document.querySelectorAll('figure')) {
            const pair = figure.querySelector('.pair'), range = figure.querySelector('input');
            const show = () => pair.style.setProperty('--x', range.value + '%');
            const drag = e => {
                if (!e.buttons) return;
                const box = pair.getBoundingClientRect();
                range.value = 100 * (e.clientX - box.left) / box.width;
                show();
            };
            range.addEventListener('input', show);
            pair.addEventListener('pointerdown', drag);
            pair.addEventListener('pointermove', drag);
            pair.addEventListener('dragstart', e => e.preventDefault());
            show();
        }
        </script>
        </body>
        </html>

        """;
}
