namespace FocalNet.Tests.Cuda;

/// <summary>How a module is built: fast, or with every memory access checked (8 to 20 times slower).</summary>
public enum EmulatorBuild
{
    /// <summary>No race checker: values, sentinels, poison, barriers and collectives only.</summary>
    Fast,

    /// <summary>Every shared and global access is checked for races, bounds, alignment and initialisation.</summary>
    Checked,
}

/// <summary>Compiles CUDA C, unchanged, for the host.</summary>
public static class CudaEmulator
{
    private static readonly string[] CommonFlags =
    [
        "-std=c++17", "-O2", "-march=native", "-fPIC", "-fno-strict-aliasing", "-fno-extern-tls-init",
        "-fvisibility=hidden", "-fno-gnu-unique", "-fno-exceptions", "-fno-math-errno", "-w",
    ];

    // An access the text does not make must not be checked, and one it makes must not vanish into a library call:
    // no vectors, no memset out of loops, no loads moved out of branches, no loop that ends early because its next round would leave an array.
    private static readonly string[] CheckedFlags =
    [
        "-fsanitize=thread", "-fsanitize=bounds,alignment,integer-divide-by-zero", "--param=tsan-instrument-func-entry-exit=0", "-g1",
        "-fno-tree-vectorize", "-fno-tree-slp-vectorize", "-fno-tree-loop-distribute-patterns", "-fno-tree-loop-im",
        "-fno-aggressive-loop-optimizations", "-fno-hoist-adjacent-loads", "-fno-tree-pre", "-fno-code-hoisting", "-fno-gcse",
        // A local that nobody has written is −1.7e38 in float, and not the zero of a fresh stack; nor, where values of branches meet, that of the other branch,
        // which is what -ftree-fre makes of it.
        "-ftrivial-auto-var-init=pattern", "-fno-tree-fre",
    ];

    private static readonly Lock RuntimeLock = new();
    private static readonly Lazy<string> Machine = new(DescribeMachine);
    private static readonly Lazy<string> NativeHash = new(HashOfNativeSources);

    private static string NativeFolder => Path.Combine(AppContext.BaseDirectory, "Cuda.Emulator", "Native");

    /// <summary>Compiles a text and loads it. The result is cached on disk by the hash of everything that matters.</summary>
    /// <param name="text">CUDA C as NVRTC takes it: no includes, kernels as <c>extern "C" __global__ void</c>.</param>
    /// <param name="build">Fast, or with every access checked.</param>
    /// <param name="architecture">The <c>__CUDA_ARCH__</c> that the text sees, as in sm_75, sm_80 or sm_90a.</param>
    /// <exception cref="CudaCompileException">g++ refuses the text, or it breaks a rule of the contract.</exception>
    /// <exception cref="PlatformNotSupportedException">There is no emulator here: see <see cref="CudaTools.EmulatorSkipReason"/>.</exception>
    public static CudaModule Compile(string text, EmulatorBuild build, int architecture = 90)
    {
        if (CudaTools.EmulatorSkipReason is { } reason) throw new PlatformNotSupportedException(reason);
        KernelText.Check(text);
        var kernels = KernelText.Kernels(text);
        string[] flags = [.. CommonFlags, .. build == EmulatorBuild.Checked ? CheckedFlags : [], $"-D__CUDA_ARCH__={architecture}0"];
        // What the runtime compiles for there is sm_90a.
        if (architecture == 90) flags = [.. flags, "-D__CUDA_ARCH_FEAT_SM90_ALL=1"];
        var hash = CompileCache.Hash(text, string.Join(' ', flags), Machine.Value, NativeHash.Value);
        var path = CompileCache.GetOrMake(hash + ".so", target => Build(text, kernels, flags, target));
        return new CudaModule(path, text, kernels, build);
    }

    private static void Build(string text, IReadOnlyList<KernelDeclaration> kernels, string[] flags, string target)
    {
        var runtime = Runtime();
        var source = Path.ChangeExtension(target, ".cpp");
        var entries = string.Concat(kernels.Select(kernel => $"EMU_KERNEL({kernel.Name})\n"));
        File.WriteAllText(source, $"#include \"cuda_emulator.h\"\n#line 1 \"kernels.cu\"\n{text}\n#line 1 \"kernel_entries\"\n{entries}");
        try
        {
            // -x none: the runtime behind it is an object file again. Sanitizers are for compiling only: their runtimes stay out.
            var compiled = target + ".o";
            Run(text, [.. flags, "-I", NativeFolder, "-c", source, "-o", compiled]);
            Run(text, ["-shared", "-Wl,-z,defs", compiled, runtime, "-lm", "-o", target]);
            File.Delete(compiled);
        }
        finally
        {
            File.Delete(source);
        }
    }

    private static void Run(string text, string[] arguments)
    {
        var result = ToolProcess.Run(CudaTools.Compiler, arguments);
        if (result.ExitCode != 0) throw CudaCompileException.From("g++", text, result.Error + result.Output);
    }

    // Scheduler, checker and tensor cores: compiled once, never instrumented, and with vectors (-O3).
    private static string Runtime()
    {
        lock (RuntimeLock)
        {
            return CompileCache.GetOrMake($"runtime-{CompileCache.Hash(NativeHash.Value, Machine.Value, string.Join(' ', CommonFlags))}.o", target
                => Run("", [.. CommonFlags, "-O3", "-c", Path.Combine(NativeFolder, "emulator_runtime.cpp"), "-o", target]));
        }
    }

    private static string HashOfNativeSources()
        => CompileCache.Hash([.. Directory.GetFiles(NativeFolder).Order(StringComparer.Ordinal).Select(File.ReadAllText)]);

    // -march=native: what was built for one processor may not run on another that shares the folder.
    private static string DescribeMachine()
    {
        var version = ToolProcess.Run(CudaTools.Compiler, ["--version"]).Output;
        var flags = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) ?? ""
            : "";
        return version + flags;
    }
}
