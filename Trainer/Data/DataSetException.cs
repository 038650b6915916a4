namespace FocalNet.Trainer.Data;

/// <summary>A data set that cannot be used. The message names the folder or files, the reason and a way out.</summary>
internal sealed class DataSetException(string path, string reason, string wayOut) : Exception($"'{path}': {reason} {wayOut}")
{
    public string DataPath { get; } = path;
}
