namespace FocalNet.Trainer.Images;

/// <summary>Why a picture could not be read or written.</summary>
internal enum ImageFailure
{
    /// <summary>No such file or folder.</summary>
    NotFound,

    /// <summary>A folder where a file was expected.</summary>
    IsFolder,

    /// <summary>A file of zero bytes.</summary>
    Empty,

    /// <summary>The content is not a picture, whatever the extension says.</summary>
    NotAPicture,

    /// <summary>A picture that is cut short or corrupt.</summary>
    Damaged,

    /// <summary>A picture, or an extension, of a kind that is not handled.</summary>
    Unsupported,

    /// <summary>The system refused access.</summary>
    AccessDenied,

    /// <summary>The target exists, or is the input itself.</summary>
    WouldOverwrite,

    /// <summary>Writing failed: most often a full disk.</summary>
    WriteFailed,

    /// <summary>A folder without a single picture.</summary>
    NoPictures,
}

/// <summary>A picture file problem. The message names the file, the reason and a way out.</summary>
internal sealed class ImageException(ImageFailure failure, string path, string reason, string wayOut, Exception? inner = null)
    : Exception($"'{path}': {reason} {wayOut}", inner)
{
    public ImageFailure Failure { get; } = failure;

    /// <summary>The file or folder concerned, as it was given.</summary>
    public string FilePath { get; } = path;

    /// <summary>What is wrong, one sentence.</summary>
    public string Reason { get; } = reason;

    /// <summary>What to do about it, one sentence.</summary>
    public string WayOut { get; } = wayOut;
}
