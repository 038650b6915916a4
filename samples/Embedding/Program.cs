// Restores a binary PPM picture: Embedding WEIGHTS IN.ppm OUT.ppm
// PPM, because it needs no image library: the pixels are all that the Restorer wants to see.
using FocalNet.Model;
using FocalNet.Samples.Embedding;

if (args.Length != 3)
{
    Console.Error.WriteLine("usage: Embedding WEIGHTS IN.ppm OUT.ppm");
    return 2;
}
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) => (pressed.Cancel, _) = (true, stop.CancelAsync());
CancellationToken cancellation = stop.Token;
(string weights, string input, string output) = (args[0], args[1], args[2]);

// [README]
(int width, int height, byte[] pixels) = PixMap.Read(input);    // RGBRGB…, a byte a sample
using Restorer restorer = Restorer.Load(network: null, weights); // the file says which network it belongs to
var layout = new PixelLayout(width, height);                     // also: planar, grey, alpha, a stride; 16 bits, floats
var progress = new Progress<double>(done => Console.Error.Write($"\r{done:P0} "));
restorer.Restore(pixels, pixels, layout, progress, cancellation); // in place; any size; clamped to 0…255
PixMap.Write(output, width, height, pixels);
// [/README]
return 0;
