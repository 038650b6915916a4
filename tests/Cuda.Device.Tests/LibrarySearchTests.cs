using FocalNet.Runtime.Cuda.Driver;

namespace FocalNet.Cuda.Device.Tests;

/// <summary>Names and places of libraries, without loading any.</summary>
public sealed class LibrarySearchTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("focalnet-search-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Names_are_those_of_CUDA_11_to_13_the_newest_that_the_driver_takes_first()
    {
        LibrarySearch linux = Search(), windows = new(_ => null, isWindows: true);
        Assert.Equal(["libcuda.so.1"], linux.Names(CudaLibrary.Driver, 0));
        Assert.Equal(["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"], linux.Names(CudaLibrary.Nvrtc, 13));
        Assert.Equal(["libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so.13"], linux.Names(CudaLibrary.Nvrtc, 12));
        Assert.Equal(["libcublas.so.11", "libcublas.so.13", "libcublas.so.12"], linux.Names(CudaLibrary.Cublas, 11));
        Assert.Equal(["nvcuda.dll"], windows.Names(CudaLibrary.Driver, 0));
        Assert.Equal(["nvrtc64_130_0.dll", "nvrtc64_120_0.dll", "nvrtc64_112_0.dll"], windows.Names(CudaLibrary.Nvrtc, 0));
        Assert.Equal(["cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll"], windows.Names(CudaLibrary.Cublas, 14));
    }

    [Fact]
    public void The_only_folders_are_those_of_the_variable_if_it_is_set()
    {
        LibrarySearch search = Search(("FOCALNET_CUDA_PATH", "/a:/b"), ("CUDA_HOME", root));
        Assert.Equal(["/a/libcuda.so.1", "/b/libcuda.so.1"], search.Candidates(CudaLibrary.Driver, 0));
        Assert.Equal(["/a/libcublas.so.13", "/b/libcublas.so.13", "/a/libcublas.so.12"], search.Candidates(CudaLibrary.Cublas, 13).Take(3));
    }

    [Fact]
    public void The_system_the_toolkits_and_Python_s_packages_are_searched()
    {
        string environment = Path.Combine(root, "venv"), home = Path.Combine(root, "home"), toolkit = Path.Combine(root, "cuda-12.8");
        Directory.CreateDirectory(Path.Combine(environment, "lib", "python3.9", "site-packages"));
        Directory.CreateDirectory(Path.Combine(environment, "lib", "python3.12", "site-packages"));
        Directory.CreateDirectory(Path.Combine(home, ".local", "lib", "python3.11"));
        LibrarySearch search = Search(("CUDA_PATH", toolkit), ("VIRTUAL_ENV", environment), ("HOME", home));

        string[] tried = [.. search.Candidates(CudaLibrary.Nvrtc, 12)];

        Assert.Equal("libnvrtc.so.12", tried[0]);
        string[] expected =
        [
            Path.Combine(toolkit, "lib64"), Path.Combine(toolkit, "lib"),
            Path.Combine(environment, "lib", "python3.12", "site-packages", "nvidia", "cu13", "lib"),
            Path.Combine(environment, "lib", "python3.12", "site-packages", "nvidia", "cuda_nvrtc", "lib"),
            Path.Combine(environment, "lib", "python3.9", "site-packages", "nvidia", "cuda_nvrtc", "lib"),
            Path.Combine(home, ".local", "lib", "python3.11", "site-packages", "nvidia", "cuda_nvrtc", "lib"),
        ];
        int[] places = [.. expected.Select(folder => Array.IndexOf(tried, Path.Combine(folder, "libnvrtc.so.12")))];
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
        Assert.Contains(Path.Combine(environment, "lib", "python3.12", "site-packages", "nvidia", "cublas", "lib", "libcublas.so.12"), search.Candidates(CudaLibrary.Cublas, 12));
    }

    [Fact]
    public void What_a_library_opens_itself_lies_beside_it()
    {
        foreach (string name in (string[])["libnvrtc.so.12", "libnvrtc-builtins.so.12.8", "libcublas.so.12", "libcublasLt.so.12"])
            File.WriteAllText(Path.Combine(root, name), "");
        LibrarySearch search = Search();
        Assert.Equal(["libnvrtc-builtins.so.12.8"], search.Companions(CudaLibrary.Nvrtc, Path.Combine(root, "libnvrtc.so.12")).Select(Path.GetFileName));
        Assert.Equal(["libcublasLt.so.12"], search.Companions(CudaLibrary.Cublas, Path.Combine(root, "libcublas.so.12")).Select(Path.GetFileName));
        Assert.Empty(search.Companions(CudaLibrary.Nvrtc, "libnvrtc.so.12"));
    }

    private static LibrarySearch Search(params (string Name, string Value)[] variables) =>
        new(name => variables.FirstOrDefault(v => v.Name == name).Value, isWindows: false);
}
