// Modules and launches: an image is a shared library that the false NVRTC has made, with a header that says for what.
#include "fake_cuda.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <unistd.h>

#include "runtime.h"

#define ENTER(function) std::lock_guard<std::recursive_mutex> guard(driver().lock); if (const int failed = enter(#function)) return failed

// "FAKECUBIN 90 12345\n", then the library's bytes; "FAKEPTX …" where the driver would compile further.
static int read_header(const char* image, int* architecture, size_t* bytes, const char** library)
{
    char kind[16];
    int length = 0;
    if (sscanf(image, "%15s %d %zu%n", kind, architecture, bytes, &length) != 3) return InvalidImage;
    *library = image + length + 1;
    const int capability = driver().capability;
    if (strcmp(kind, "FAKECUBIN") == 0)
        return *architecture <= capability && *architecture / 10 == capability / 10 ? Success : NoBinaryForGpu;
    if (strcmp(kind, "FAKEPTX") == 0) return *architecture <= capability ? Success : NoBinaryForGpu;
    return InvalidImage;
}

EXPORT int cuModuleLoadData(void** module, const void* image)
{
    ENTER(cuModuleLoadData);
    int architecture;
    size_t bytes;
    const char* library;
    if (const int failed = read_header((const char*)image, &architecture, &bytes, &library)) return failed;
    // Under a name of its own: the loader gives equal names the same library.
    static int number;
    const std::string path = "/tmp/fake-cuda-" + std::to_string(getpid()) + "-" + std::to_string(number++) + ".so";
    FILE* file = fopen(path.c_str(), "wb");
    const bool written = file != nullptr && fwrite(library, 1, bytes, file) == bytes;
    if (file != nullptr) fclose(file);
    void* handle = written ? dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) : nullptr;
    if (handle == nullptr) fprintf(stderr, "fake libcuda: %s\n", dlerror());
    unlink(path.c_str());
    if (handle == nullptr) return InvalidImage;
    *module = new Module { handle, {} };
    driver().modules++;
    return Success;
}

EXPORT int cuModuleUnload(void* handle)
{
    ENTER(cuModuleUnload);
    auto* module = (Module*)handle;
    dlclose(module->library);
    delete module;
    driver().modules--;
    return Success;
}

EXPORT int cuModuleGetFunction(void** function, void* handle, const char* name)
{
    ENTER(cuModuleGetFunction);
    auto* module = (Module*)handle;
    void* kernel = dlsym(module->library, (std::string("emu_kernel_") + name).c_str());
    if (kernel == nullptr) return NotFound;
    Function& entry = module->functions[name];
    entry.module = module;
    entry.kernel = kernel;
    entry.name = name;
    *function = &entry;
    return Success;
}

EXPORT int cuFuncSetAttribute(void* function, int attribute, int value)
{
    ENTER(cuFuncSetAttribute);
    if (attribute != 8 || value > driver().shared_opt_in) return InvalidValue;
    ((Function*)function)->max_dynamic = value;
    return Success;
}

EXPORT int cuFuncGetAttribute(int* value, int, void*)
{
    ENTER(cuFuncGetAttribute);
    // Registers, spills and static shared memory are what no host compiler knows.
    *value = 0;
    return Success;
}

// Arguments as the launch gave them: a captured launch must not see what the caller's memory holds later.
struct KeptArguments
{
    std::unique_ptr<unsigned char[]> bytes;
    std::vector<void*> pointers;

    KeptArguments(const EmuKernel* kernel, void** arguments)
    {
        const size_t count = strlen(kernel->signature);
        size_t total = 0;
        for (size_t i = 0; i < count; i++) total += (kernel->sizes[i] + 15) / 16 * 16;
        bytes.reset(new unsigned char[total + 16]);
        size_t at = 0;
        for (size_t i = 0; i < count; i++)
        {
            memcpy(bytes.get() + at, arguments[i], kernel->sizes[i]);
            pointers.push_back(bytes.get() + at);
            at += (kernel->sizes[i] + 15) / 16 * 16;
        }
    }
};

static int run(const Function* function, const std::shared_ptr<KeptArguments>& arguments, const unsigned (&grid)[3], const unsigned (&block)[3])
{
    EmuLaunch launch = {};
    launch.kernel = (const EmuKernel*)function->kernel;
    launch.arguments = arguments->pointers.data();
    memcpy(launch.grid, grid, sizeof(grid));
    memcpy(launch.block, block, sizeof(block));
    const char* seed = getenv("FAKE_CUDA_SEED");
    launch.seed = seed != nullptr ? strtoull(seed, nullptr, 10) : 0;
    extern int emulate(EmuLaunch*);
    if (emulate(&launch) == 0) return Success;
    fprintf(stderr, "fake libcuda: kernel %s: error %d of the emulator: %s\n", function->name.c_str(), launch.error.kind, launch.error.detail);
    return lose(LaunchFailed);
}

EXPORT int cuLaunchKernel(
    void* handle, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
    void* stream, void** arguments, void** extra)
{
    ENTER(cuLaunchKernel);
    auto* function = (Function*)handle;
    const unsigned grid[3] = { grid_x, grid_y, grid_z }, block[3] = { block_x, block_y, block_z };
    if (extra != nullptr || grid_x == 0 || grid_y == 0 || grid_z == 0 || grid_y > 65535 || grid_z > 65535) return InvalidValue;
    if (block_x * block_y * block_z == 0 || block_x * block_y * block_z > 1024) return InvalidValue;
    if ((int)shared > function->max_dynamic) return InvalidValue;
    auto* target = (Stream*)stream;
    // The first launch may load code, which a capture forbids.
    if (target != nullptr && target->capturing && !function->launched)
    {
        target->invalidated = true;
        return CaptureUnsupported;
    }
    function->launched = true;
    auto kept = std::make_shared<KeptArguments>((const EmuKernel*)function->kernel, arguments);
    const std::function<int()> work = [=] { return run(function, kept, grid, block); };
    return fake_cuda_enqueue(stream, &work);
}

// cuda.h's, with its padding.
struct LaunchAttribute { int id; char padding[4]; union { int flag; char bytes[64]; } value; };
struct LaunchConfiguration
{
    unsigned grid[3], block[3], shared;
    void* stream;
    LaunchAttribute* attributes;
    unsigned count;
};

// One launch after the other: what a kernel that may begin early has to wait for is complete already.
EXPORT int cuLaunchKernelEx(const LaunchConfiguration* c, void* function, void** arguments, void** extra)
{
    ENTER(cuLaunchKernelEx);
    constexpr int ProgrammaticStreamSerialization = 6;
    for (unsigned i = 0; i < c->count; i++)
        if (c->attributes[i].id != ProgrammaticStreamSerialization || (unsigned)c->attributes[i].value.flag > 1) return InvalidValue;
    return cuLaunchKernel(function, c->grid[0], c->grid[1], c->grid[2], c->block[0], c->block[1], c->block[2], c->shared, c->stream, arguments, extra);
}
