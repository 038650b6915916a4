using System.Runtime.InteropServices;
using System.Text;

namespace FocalNet.Tests.Cuda;

/// <summary>Turns the runtime's error record into a sentence.</summary>
internal static unsafe class ErrorMessages
{
    private const int Shared = 1, Buffer = 2;

    internal static EmulatorException Describe(
        in NativeError error, KernelLaunch launch, IReadOnlyList<CudaBuffer> buffers, IReadOnlyList<SharedVariable> variables, string path, string text)
    {
        var kind = (EmulatorErrorKind)error.Kind;
        var line = error.Line != 0 ? error.Line : LineOf(path, error.Pc);
        string detail;
        fixed (byte* bytes = error.Detail) detail = Marshal.PtrToStringUTF8((nint)bytes) ?? "";
        var message = new StringBuilder($"kernel '{launch.Kernel}', block ({error.Block[0]}, {error.Block[1]}, {error.Block[2]}), ");
        message.Append($"thread {Thread(error.Thread, launch.Block)}: {kind}");
        if (error.Address != 0)
        {
            message.Append(error.IsWrite != 0 ? ", writing " : ", reading ");
            if (error.Size != 0) message.Append($"{error.Size} bytes ");
            message.Append($"at {Place(error, launch, buffers, variables)}");
        }
        if (detail.Length > 0) message.Append($": {detail}");
        if (error.Other >= 0) message.Append($" (other thread: {Thread(error.Other, launch.Block)})");
        message.Append($"; seed {launch.Seed}");
        var lines = text.Split('\n');
        if (line > 0) message.Append($"\n    kernels.cu:{line}" + (line <= lines.Length ? $" | {lines[line - 1].Trim()}" : ""));
        return new(kind, message.ToString(), line);
    }

    private static string Thread(int linear, Dim3 block)
        => linear < 0 ? "(none)" : $"({linear % block.X}, {linear / block.X % block.Y}, {linear / (block.X * block.Y)})";

    private static string Place(
        in NativeError error, KernelLaunch launch, IReadOnlyList<CudaBuffer> buffers, IReadOnlyList<SharedVariable> variables)
    {
        var offset = (long)error.Offset;
        if (error.Region == Buffer) return $"'{buffers[(int)error.Index].Name}' + {offset} (of {buffers[(int)error.Index].Bytes} bytes)";
        if (error.Region != Shared) return $"0x{error.Address:x}, no memory of this launch";
        var variable = variables.LastOrDefault(candidate => candidate.Offset <= offset);
        if (variable is null) return $"shared memory + {offset}";
        var bytes = variable.Name == KernelText.DynamicShared ? launch.SharedBytes : variable.Bytes;
        return $"shared '{variable.Name}' + {offset - variable.Offset} (of {bytes} bytes)";
    }

    // addr2line is part of binutils, without which there is no g++. The innermost frame may be a wrapper of the emulator's header.
    private static int LineOf(string path, ulong pc)
    {
        if (pc == 0) return 0;
        var output = ToolProcess.Run("addr2line", ["-i", "-e", path, $"0x{pc:x}"]).Output;
        foreach (var frame in output.Split('\n'))
        {
            const string mark = "kernels.cu:";
            var at = frame.IndexOf(mark, StringComparison.Ordinal);
            if (at < 0) continue;
            if (int.TryParse(new string([.. frame[(at + mark.Length)..].TakeWhile(char.IsAsciiDigit)]), out var line)) return line;
        }
        return 0;
    }
}
