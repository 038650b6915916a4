using FocalNet.Model;
using FocalNet.Trainer.Images;

namespace FocalNet.Trainer.Restoring;

/// <summary>One picture from a stream to a stream.</summary>
internal static class StreamRestoration
{
    private const string InputName = "standard input";

    /// <summary>Restores the picture file that a stream holds. The output receives nothing unless all went well.</summary>
    /// <param name="restorer">Restores it.</param>
    /// <param name="input">The bytes of a picture file.</param>
    /// <param name="output">Receives those of the result.</param>
    /// <param name="extension">Kind of the result; null keeps that of the input.</param>
    /// <param name="settings">Quality, metadata and memory.</param>
    /// <param name="cancellation">Stops between kernels.</param>
    /// <exception cref="ImageException">The input is no picture, or the result can't hold it.</exception>
    public static void Restore(Restorer restorer, Stream input, Stream output, string? extension, RestoreSettings settings, CancellationToken cancellation)
    {
        using var buffer = new MemoryStream();
        input.CopyTo(buffer);
        var bytes = buffer.ToArray();
        var picture = ImageFile.Decode(bytes, InputName);
        var name = "standard output" + (extension ?? ImageFile.ExtensionOf(bytes, InputName));
        if (settings.StripMetadata)
        {
            picture = picture.WithFormat(picture.Format.WithoutMetadata());
        }

        ImageFileWriter.RequireFormat(picture, name);
        restorer.MemoryBudget = RestoreMemory.BudgetFor(settings.Memory, picture, name);
        PictureRestoration.RestoreInPlace(restorer, picture, null, cancellation);
        output.Write(ImageFileWriter.Encode(picture, name, settings.Quality));
        output.Flush();
    }
}
