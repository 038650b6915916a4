using System.Runtime.InteropServices;

namespace FocalNet.Runtime.Cuda.Driver;

/// <summary>The slice of NVRTC, CUDA's runtime compiler, that the runtime uses; 11.2 to 13. Every function gives an nvrtcResult.</summary>
internal static unsafe partial class Nvrtc
{
    /// <summary>The name under which <see cref="CudaLibraries"/> resolves NVRTC.</summary>
    public const string Library = "nvrtc";

    public const int Success = 0, CompilationError = 6;

    [LibraryImport(Library, EntryPoint = "nvrtcVersion")]
    public static partial int Version(out int major, out int minor);

    [LibraryImport(Library, EntryPoint = "nvrtcGetErrorString")]
    public static partial byte* ErrorString(int result);

    [LibraryImport(Library, EntryPoint = "nvrtcGetNumSupportedArchs")]
    public static partial int SupportedCount(out int count);

    [LibraryImport(Library, EntryPoint = "nvrtcGetSupportedArchs")]
    public static partial int Supported(int* architectures);

    [LibraryImport(Library, EntryPoint = "nvrtcCreateProgram", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Create(out nint program, byte* source, string name, int headers, byte** headerTexts, byte** headerNames);

    [LibraryImport(Library, EntryPoint = "nvrtcDestroyProgram")]
    public static partial int Destroy(ref nint program);

    [LibraryImport(Library, EntryPoint = "nvrtcCompileProgram")]
    public static partial int Compile(nint program, int count, byte** options);

    [LibraryImport(Library, EntryPoint = "nvrtcGetProgramLogSize")]
    public static partial int LogSize(nint program, out nuint size);

    [LibraryImport(Library, EntryPoint = "nvrtcGetProgramLog")]
    public static partial int Log(nint program, byte* log);

    [LibraryImport(Library, EntryPoint = "nvrtcGetCUBINSize")]
    public static partial int CubinSize(nint program, out nuint size);

    [LibraryImport(Library, EntryPoint = "nvrtcGetCUBIN")]
    public static partial int Cubin(nint program, byte* image);

    [LibraryImport(Library, EntryPoint = "nvrtcGetPTXSize")]
    public static partial int PtxSize(nint program, out nuint size);

    [LibraryImport(Library, EntryPoint = "nvrtcGetPTX")]
    public static partial int Ptx(nint program, byte* image);

    /// <summary>What a result means.</summary>
    public static string Describe(int result) => Marshal.PtrToStringUTF8((nint)ErrorString(result)) ?? FormattableString.Invariant($"NVRTC error {result}");
}
