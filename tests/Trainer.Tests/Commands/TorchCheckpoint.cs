using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using FocalNet.Tests.Shared;

namespace FocalNet.Trainer.Tests.Commands;

/// <summary>
/// Writes what torch.save writes of {"epoch": 3, "model": {"module.…": tensor}, "optimizer": {"state": {0: {"exp_avg": tensor}}}}: a zip
/// of a pickle of protocol 2 and one storage a tensor.
/// </summary>
internal sealed class TorchCheckpoint
{
    private readonly MemoryStream _pickle = new();
    private readonly List<float[]> _storages = [];

    public static string Save(string path, IEnumerable<GoldenTensor> parameters)
    {
        var checkpoint = new TorchCheckpoint();
        checkpoint.Write(parameters.ToList());
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        Add(archive, "model/data.pkl", checkpoint._pickle.ToArray());
        foreach (var (i, storage) in checkpoint._storages.Index())
        {
            Add(archive, FormattableString.Invariant($"model/data/{i}"), MemoryMarshal.AsBytes<float>(storage));
        }

        return path;
    }

    private static void Add(ZipArchive archive, string name, ReadOnlySpan<byte> content)
    {
        using var stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
        stream.Write(content);
    }

    private void Write(List<GoldenTensor> parameters)
    {
        Raw(0x80, 2);
        Op("}(");
        Text("epoch");
        Integer(3);
        Text("model");
        Op("}(");
        foreach (var parameter in parameters)
        {
            Text("module." + parameter.Name);
            Tensor(parameter);
        }

        Op("u");
        Text("optimizer");
        Op("}");
        Text("state");
        Op("}");
        Integer(0);
        Op("}");
        Text("exp_avg");
        Tensor(parameters[0]);
        Op("sssu.");
    }

    private void Tensor(GoldenTensor tensor)
    {
        Op("ctorch._utils\n_rebuild_tensor_v2\n((");
        Text("storage");
        Op("ctorch\nFloatStorage\n");
        Text(_storages.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Text("cuda:0");
        Integer(tensor.Values.Length);
        Op("tQ");
        Integer(0);
        Op("(");
        foreach (var extent in tensor.Shape)
        {
            Integer(extent);
        }

        Op("t(");
        for (var i = 0; i < tensor.Shape.Length; i++)
        {
            Integer(tensor.Shape.Skip(i + 1).Aggregate(1, (product, extent) => product * extent));
        }

        Op("t");
        Raw(0x89);
        Op("}tR");
        _storages.Add(tensor.Values);
    }

    private void Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        Op("X");
        Raw(length);
        Raw(utf8);
    }

    private void Integer(int value)
    {
        var little = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(little, value);
        Op("J");
        Raw(little);
    }

    private void Op(string opcodes) => Raw(Encoding.Latin1.GetBytes(opcodes));

    private void Raw(params ReadOnlySpan<byte> bytes) => _pickle.Write(bytes);
}
