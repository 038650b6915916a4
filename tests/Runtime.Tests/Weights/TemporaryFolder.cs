namespace FocalNet.Runtime.Tests.Weights;

/// <summary>An empty folder that is removed with its content.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    internal string Folder { get; } = Directory.CreateTempSubdirectory("focalnet-").FullName;

    internal string PathOf(string file) => Path.Combine(Folder, file);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
