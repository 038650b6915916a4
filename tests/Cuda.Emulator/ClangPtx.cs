namespace FocalNet.Tests.Cuda;

/// <summary>Compiles CUDA texts to PTX with clang, without a CUDA installation. What stands inside <c>asm</c> is not checked.</summary>
public static class ClangPtx
{
    private const string Clang = "clang-19";

    /// <summary>The architectures that every text must compile for; 90 is sm_90a, as for the runtime.</summary>
    public static IReadOnlyList<int> Architectures { get; } = [75, 80, 90];

    /// <summary>Compiles a text, with <see cref="DeviceFunctions.Text"/> in it if it uses the PTX table.</summary>
    /// <exception cref="CudaCompileException">clang refuses it.</exception>
    public static PtxReport Compile(string text, int architecture)
    {
        if (CudaTools.ClangSkipReason is { } reason) throw new PlatformNotSupportedException(reason);
        var source = $"#line 1 \"kernels.cu\"\n{text}\n";
        string[] flags =
        [
            "-x", "cuda", "--cuda-device-only", $"--cuda-gpu-arch=sm_{architecture}{(architecture == 90 ? "a" : "")}", "--cuda-feature=+ptx80", "-nocudainc", "-nocudalib",
            // As NVRTC: a constexpr function without __device__ is the host's, and not for a kernel.
            "-Xclang", "-fno-cuda-host-device-constexpr",
            "-std=c++17", "-O3", "-fdeclspec", "-include", Path.Combine(DeviceFunctions.Folder, "clang_prelude.h"), "-S",
        ];
        return PtxReport.Read(Run("cu", source, text, flags), architecture);
    }

    /// <summary>Compiles LLVM's intermediate language: its intrinsics print the reference spelling of a PTX instruction.</summary>
    public static string CompileIntrinsics(string llvm, int architecture)
        => Run("ll", llvm, llvm, ["-x", "ir", "--target=nvptx64-nvidia-cuda", $"-march=sm_{architecture}", "-Xclang", "-target-feature", "-Xclang", "+ptx80", "-O1", "-S"]);

    private static string Run(string extension, string source, string text, string[] flags)
    {
        var hash = CompileCache.Hash(source, string.Join(' ', flags), File.ReadAllText(Path.Combine(DeviceFunctions.Folder, "clang_prelude.h")));
        return File.ReadAllText(CompileCache.GetOrMake(hash + ".ptx", target =>
        {
            var file = $"{target}.{extension}";
            File.WriteAllText(file, source);
            try
            {
                var result = ToolProcess.Run(Clang, [.. flags, file, "-o", target]);
                if (result.ExitCode != 0) throw CudaCompileException.From(Clang, text, result.Error + result.Output);
            }
            finally
            {
                File.Delete(file);
            }
        }));
    }
}
