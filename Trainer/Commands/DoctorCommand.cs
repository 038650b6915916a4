using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FocalNet.Runtime.Cpu;
using FocalNet.Runtime.Cuda;
using FocalNet.Runtime.Cuda.Driver;
using FocalNet.Trainer.Display;

namespace FocalNet.Trainer.Commands;

/// <summary>What this machine can compute with, what is missing, and what to install.</summary>
/// <remarks>A machine without a CUDA device lacks nothing, and one that has a device which can't be used is ill.</remarks>
internal static class DoctorCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document." };
        var command = new Command("doctor", "Shows processor, CUDA driver, devices, libraries with the paths tried, and what to install. Fails if there is a CUDA device that can't be used.") { json };
        command.SetAction(result =>
        {
            var diagnosis = CudaDiagnosis.Collect();
            terminal.Line(result.GetValue(json) ? Json(diagnosis) : Text(diagnosis));
            return IsIll(diagnosis) ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }

    private static bool IsIll(CudaDiagnosis diagnosis) => diagnosis.HasDevice && (!diagnosis.IsComplete || diagnosis.Devices.Any(d => d.Problem is not null));

    private static string Conclusion(CudaDiagnosis diagnosis) => diagnosis.Problem is { } problem
        ? $"The processor will be used. {problem}"
        : $"--device auto takes cuda:0, {diagnosis.Devices[0].Info.Name}.";

    private static string Text(CudaDiagnosis diagnosis)
    {
        var text = new StringBuilder();
        Line(text, "processor", CpuFeatures.Description + FormattableString.Invariant($", {Environment.ProcessorCount} threads"));
        foreach (var library in diagnosis.Libraries)
        {
            Line(text, NameOf(library.Library), library.Path is null ? "not there" : $"{library.Version}  {library.Path}");
            foreach (var attempt in library.Path is null ? library.Attempts : [])
            {
                Line(text, "", $"tried {attempt.Path}: {attempt.Outcome}");
            }
        }

        foreach (var device in diagnosis.Devices)
        {
            var info = device.Info;
            Line(text, FormattableString.Invariant($"cuda:{info.Ordinal}"), FormattableString.Invariant(
                $"{info.Name}, compute capability {info.Major}.{info.Minor}, {Gibibytes(info.TotalBytes)}{(device.FreeBytes is { } free ? $", {Gibibytes(free)} free" : "")}, {info.Multiprocessors} multiprocessors, {info.SharedBytesPerBlock} bytes of shared memory a block"));
            if (device.Problem is { } problem)
            {
                Line(text, "", problem);
            }
        }

        Line(text, "cache", FormattableString.Invariant($"{diagnosis.CacheFolder}: {diagnosis.CacheFiles} kernels, {diagnosis.CacheBytes / 1e6:0.0} MB"));
        text.Append('\n').Append(Conclusion(diagnosis));
        foreach (var advice in diagnosis.Advice.Where(a => diagnosis.Problem?.Contains(a, StringComparison.Ordinal) != true))
        {
            text.Append("\n- ").Append(advice);
        }

        return text.ToString();
    }

    private static string Json(CudaDiagnosis diagnosis)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteBoolean("cuda", diagnosis.Problem is null);
            json.WriteBoolean("healthy", !IsIll(diagnosis));
            json.WriteString("conclusion", Conclusion(diagnosis));
            json.WriteString("processor", CpuFeatures.Description);
            json.WriteNumber("threads", Environment.ProcessorCount);
            WriteLibraries(json, diagnosis.Libraries);
            WriteDevices(json, diagnosis.Devices);
            json.WriteStartObject("cache");
            json.WriteString("folder", diagnosis.CacheFolder);
            json.WriteNumber("files", diagnosis.CacheFiles);
            json.WriteNumber("bytes", diagnosis.CacheBytes);
            json.WriteEndObject();
            json.WriteStartArray("advice");
            foreach (var advice in diagnosis.Advice)
            {
                json.WriteStringValue(advice);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void WriteLibraries(Utf8JsonWriter json, IEnumerable<LibraryReport> libraries)
    {
        json.WriteStartArray("libraries");
        foreach (var library in libraries)
        {
            json.WriteStartObject();
            json.WriteString("name", NameOf(library.Library));
            json.WriteString("path", library.Path);
            json.WriteString("version", library.Version?.ToString());
            json.WriteStartArray("tried");
            foreach (var attempt in library.Attempts)
            {
                json.WriteStartObject();
                json.WriteString("path", attempt.Path);
                json.WriteString("outcome", attempt.Outcome);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteDevices(Utf8JsonWriter json, IEnumerable<CudaDeviceReport> devices)
    {
        json.WriteStartArray("devices");
        foreach (var device in devices)
        {
            json.WriteStartObject();
            json.WriteNumber("ordinal", device.Info.Ordinal);
            json.WriteString("name", device.Info.Name);
            json.WriteString("capability", string.Create(CultureInfo.InvariantCulture, $"{device.Info.Major}.{device.Info.Minor}"));
            json.WriteNumber("bytes", device.Info.TotalBytes);
            if (device.FreeBytes is { } free)
            {
                json.WriteNumber("freeBytes", free);
            }

            json.WriteNumber("multiprocessors", device.Info.Multiprocessors);
            json.WriteNumber("sharedBytes", device.Info.SharedBytesPerBlock);
            json.WriteString("problem", device.Problem);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string NameOf(CudaLibrary library) => library switch { CudaLibrary.Driver => "driver", CudaLibrary.Nvrtc => "NVRTC", _ => "cuBLAS" };

    private static string Gibibytes(long bytes) => FormattableString.Invariant($"{bytes / (double)(1 << 30):0.#} GiB");

    private static void Line(StringBuilder text, string name, string value) => text.Append(name.PadRight(10)).Append(value).Append('\n');
}
