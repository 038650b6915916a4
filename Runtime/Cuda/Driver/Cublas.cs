using System.Runtime.InteropServices;

namespace FocalNet.Runtime.Cuda.Driver;

/// <summary>The slice of cuBLAS that the runtime uses, 11 to 13. Every function gives a cublasStatus_t.</summary>
internal static unsafe partial class Cublas
{
    /// <summary>The name under which <see cref="CudaLibraries"/> resolves cuBLAS.</summary>
    public const string Library = "cublas";

    public const int Success = 0, NotTransposed = 0, Transposed = 1;

    [LibraryImport(Library, EntryPoint = "cublasCreate_v2")]
    public static partial int Create(out nint handle);

    [LibraryImport(Library, EntryPoint = "cublasDestroy_v2")]
    public static partial int Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "cublasGetVersion_v2")]
    public static partial int GetVersion(nint handle, out int version);

    // cublasGetProperty answers without a handle, and so without a device: 0, 1, 2 are major, minor and patch.
    [LibraryImport(Library, EntryPoint = "cublasGetProperty")]
    public static partial int GetProperty(int property, out int value);

    [LibraryImport(Library, EntryPoint = "cublasSetStream_v2")]
    public static partial int SetStream(nint handle, nint stream);

    [LibraryImport(Library, EntryPoint = "cublasSetWorkspace_v2")]
    public static partial int SetWorkspace(nint handle, nint workspace, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cublasSgemmStridedBatched")]
    public static partial int GemmStridedBatched(
        nint handle, int transposeA, int transposeB, int m, int n, int k, float* alpha, nint a, int leadingA, long strideA,
        nint b, int leadingB, long strideB, float* beta, nint c, int leadingC, long strideC, int batch);

    /// <summary>The name of a status.</summary>
    public static string Describe(int status) => status switch
    {
        1 => "CUBLAS_STATUS_NOT_INITIALIZED",
        3 => "CUBLAS_STATUS_ALLOC_FAILED",
        7 => "CUBLAS_STATUS_INVALID_VALUE",
        8 => "CUBLAS_STATUS_ARCH_MISMATCH",
        11 => "CUBLAS_STATUS_MAPPING_ERROR",
        13 => "CUBLAS_STATUS_EXECUTION_FAILED",
        14 => "CUBLAS_STATUS_INTERNAL_ERROR",
        15 => "CUBLAS_STATUS_NOT_SUPPORTED",
        _ => FormattableString.Invariant($"cuBLAS status {status}"),
    };
}
