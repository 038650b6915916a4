// A false libcuda.so.1: the real prototypes over the host emulator. Device memory is host memory with sentinels; streams run at once.
// What the environment says (FAKE_CUDA_…) holds from the start, the functions fake_cuda_… change it later.
#include "fake_cuda.h"

#include <cstdlib>
#include <cstring>
#include <cstdio>

static long setting(const char* name, long otherwise)
{
    const char* text = getenv(name);
    return text != nullptr && *text != 0 ? atol(text) : otherwise;
}

FakeDriver& driver()
{
    static FakeDriver* instance = [] {
        auto* fake = new FakeDriver;
        fake->devices = (int)setting("FAKE_CUDA_DEVICES", 1);
        fake->capability = (int)setting("FAKE_CUDA_CAPABILITY", 90);
        fake->driver_version = (int)setting("FAKE_CUDA_DRIVER_VERSION", 12080);
        fake->shared_opt_in = (int)setting("FAKE_CUDA_SHARED", 232448);
        fake->memory_limit = (size_t)setting("FAKE_CUDA_MEMORY", 4L << 30);
        return fake;
    }();
    return *instance;
}

static thread_local void* current_context;
static char the_context[16];

int enter(const char* function, bool needs_context)
{
    FakeDriver& fake = driver();
    fake.calls[function]++;
    for (auto& fault : fake.faults)
    {
        if (fault.function != function || --fault.nth != 0) continue;
        return fault.result;
    }
    if (fake.lost != Success) return fake.lost;
    if (!needs_context) return Success;
    if (!fake.initialized) return NotInitialized;
    return current_context == nullptr || fake.contexts == 0 ? InvalidContext : Success;
}

int lose(int result)
{
    driver().lost = result;
    return result;
}

#define ENTER(function) std::lock_guard<std::recursive_mutex> guard(driver().lock); if (const int failed = enter(#function)) return failed
#define ENTER_ANYWHERE(function) std::lock_guard<std::recursive_mutex> guard(driver().lock); if (const int failed = enter(#function, false)) return failed

// --- What tests set and ask for ---
EXPORT void fake_cuda_set(const char* name, long value)
{
    FakeDriver& fake = driver();
    std::lock_guard<std::recursive_mutex> guard(fake.lock);
    const std::string key = name;
    if (key == "devices") fake.devices = (int)value;
    else if (key == "capability") fake.capability = (int)value;
    else if (key == "memory") fake.memory_limit = (size_t)value;
    else if (key == "shared") fake.shared_opt_in = (int)value;
    else if (key == "lost") fake.lost = (int)value;
    else { fprintf(stderr, "fake_cuda_set: there is no '%s'\n", name); abort(); }
}

EXPORT long fake_cuda_get(const char* name)
{
    FakeDriver& fake = driver();
    std::lock_guard<std::recursive_mutex> guard(fake.lock);
    const std::string key = name;
    if (key == "memory") return (long)fake.memory_used;
    if (key == "allocations") return (long)fake.allocations.size();
    if (key == "streams") return fake.streams;
    if (key == "graphs") return fake.graphs;
    if (key == "modules") return fake.modules;
    if (key == "events") return fake.events;
    if (key == "contexts") return fake.contexts;
    return fake.calls[key];
}

EXPORT void fake_cuda_fail(const char* function, long nth, int result)
{
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    driver().faults.push_back({ function, nth, result });
}

EXPORT void fake_cuda_reset()
{
    FakeDriver& fake = driver();
    std::lock_guard<std::recursive_mutex> guard(fake.lock);
    fake.faults.clear();
    fake.calls.clear();
    if (fake.lost == Success) return;
    // A new start: what lay on the lost device is gone, and nobody could free it.
    fake.lost = Success;
    fake.allocations.clear();
    fake.memory_used = 0;
    fake.contexts = fake.streams = fake.graphs = fake.modules = fake.events = 0;
}

// --- Start, devices, contexts ---
EXPORT int cuInit(unsigned)
{
    ENTER_ANYWHERE(cuInit);
    if (driver().devices == 0) return NoDevice;
    driver().initialized = true;
    return Success;
}

EXPORT int cuDriverGetVersion(int* version)
{
    ENTER_ANYWHERE(cuDriverGetVersion);
    *version = driver().driver_version;
    return Success;
}

EXPORT int cuDeviceGetCount(int* count)
{
    ENTER_ANYWHERE(cuDeviceGetCount);
    *count = driver().devices;
    return driver().initialized ? Success : NotInitialized;
}

EXPORT int cuDeviceGet(int* device, int ordinal)
{
    ENTER_ANYWHERE(cuDeviceGet);
    *device = ordinal;
    return ordinal >= 0 && ordinal < driver().devices ? Success : InvalidDevice;
}

EXPORT int cuDeviceGetName(char* name, int length, int)
{
    ENTER_ANYWHERE(cuDeviceGetName);
    snprintf(name, (size_t)length, "Emulated GPU");
    return Success;
}

EXPORT int cuDeviceGetAttribute(int* value, int attribute, int)
{
    ENTER_ANYWHERE(cuDeviceGetAttribute);
    switch (attribute)
    {
        case 16: *value = 4; return Success;
        case 75: *value = driver().capability / 10; return Success;
        case 76: *value = driver().capability % 10; return Success;
        case 97: *value = driver().shared_opt_in; return Success;
        default: return InvalidValue;
    }
}

EXPORT int cuDeviceTotalMem_v2(size_t* bytes, int)
{
    ENTER_ANYWHERE(cuDeviceTotalMem_v2);
    *bytes = driver().memory_limit;
    return Success;
}

EXPORT int cuDevicePrimaryCtxRetain(void** context, int)
{
    ENTER_ANYWHERE(cuDevicePrimaryCtxRetain);
    driver().contexts++;
    *context = the_context;
    return Success;
}

EXPORT int cuDevicePrimaryCtxRelease_v2(int)
{
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    driver().contexts--;
    return Success;
}

EXPORT int cuCtxSetCurrent(void* context)
{
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    driver().calls["cuCtxSetCurrent"]++;
    current_context = context;
    return Success;
}

// --- Errors ---
static const struct { int result; const char* name; const char* text; } Errors[] = {
    { Success, "CUDA_SUCCESS", "no error" }, { InvalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument" },
    { OutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory" }, { NotInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error" },
    { NoDevice, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected" }, { InvalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal" },
    { InvalidImage, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid" }, { InvalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context" },
    { NoBinaryForGpu, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device" },
    { UnsupportedPtx, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX was compiled with an unsupported toolchain." },
    { InvalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle" }, { NotFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found" },
    { IllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered" },
    { LaunchOutOfResources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch" },
    { LaunchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure" },
    { CaptureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing" },
    { CaptureInvalidated, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture" },
};

EXPORT int cuGetErrorName(int result, const char** text)
{
    for (const auto& error : Errors) if (error.result == result) { *text = error.name; return Success; }
    *text = nullptr;
    return InvalidValue;
}

EXPORT int cuGetErrorString(int result, const char** text)
{
    for (const auto& error : Errors) if (error.result == result) { *text = error.text; return Success; }
    *text = nullptr;
    return InvalidValue;
}

// --- Memory ---
constexpr size_t Sentinel = 256;
constexpr unsigned char SentinelByte = 0xa5;

EXPORT int cuMemGetInfo_v2(size_t* free_bytes, size_t* total)
{
    ENTER(cuMemGetInfo_v2);
    *total = driver().memory_limit;
    *free_bytes = driver().memory_used < driver().memory_limit ? driver().memory_limit - driver().memory_used : 0;
    return Success;
}

static int allocate(void** address, size_t bytes, bool pinned)
{
    FakeDriver& fake = driver();
    if (bytes == 0) return InvalidValue;
    if (!pinned && fake.memory_used + bytes > fake.memory_limit) return OutOfMemory;
    const size_t rounded = (bytes + Sentinel - 1) / Sentinel * Sentinel;
    auto* block = (unsigned char*)aligned_alloc(Sentinel, rounded + 2 * Sentinel);
    if (block == nullptr) return OutOfMemory;
    // What nobody has written is NaN.
    memset(block, SentinelByte, Sentinel);
    memset(block + Sentinel, 0xff, bytes);
    memset(block + Sentinel + bytes, SentinelByte, rounded - bytes + Sentinel);
    *address = block + Sentinel;
    fake.allocations[*address] = { bytes, pinned };
    if (!pinned) fake.memory_used += bytes;
    return Success;
}

static bool is_damaged(void* address, const Allocation& allocation)
{
    auto* block = (unsigned char*)address;
    for (size_t i = 1; i <= Sentinel; i++)
        if (block[-(ptrdiff_t)i] != SentinelByte || block[allocation.bytes + i - 1] != SentinelByte) return true;
    return false;
}

int check_sentinels()
{
    for (auto& [address, allocation] : driver().allocations)
        if (is_damaged(address, allocation))
        {
            fprintf(stderr, "fake libcuda: written outside of an allocation of %zu bytes\n", allocation.bytes);
            return IllegalAddress;
        }
    return Success;
}

static int release(void* address, bool pinned)
{
    FakeDriver& fake = driver();
    const auto found = fake.allocations.find(address);
    if (found == fake.allocations.end() || found->second.pinned != pinned) return InvalidValue;
    if (!pinned) fake.memory_used -= found->second.bytes;
    const bool damaged = is_damaged(address, found->second);
    free((unsigned char*)address - Sentinel);
    fake.allocations.erase(found);
    return damaged ? lose(IllegalAddress) : Success;
}

bool is_device_range(const void* address, size_t bytes)
{
    auto next = driver().allocations.upper_bound((void*)address);
    if (next == driver().allocations.begin()) return false;
    const auto& [start, allocation] = *--next;
    return !allocation.pinned && (const char*)address + bytes <= (const char*)start + allocation.bytes;
}

EXPORT int cuMemAlloc_v2(void** address, size_t bytes)
{
    ENTER(cuMemAlloc_v2);
    return allocate(address, bytes, false);
}

EXPORT int cuMemFree_v2(void* address)
{
    ENTER(cuMemFree_v2);
    return release(address, false);
}

EXPORT int cuMemAllocHost_v2(void** address, size_t bytes)
{
    ENTER(cuMemAllocHost_v2);
    return allocate(address, bytes, true);
}

EXPORT int cuMemFreeHost(void* address)
{
    ENTER(cuMemFreeHost);
    return release(address, true);
}

static int enqueue(void* stream, std::function<int()> work) { return fake_cuda_enqueue(stream, &work); }

EXPORT int cuMemcpyHtoDAsync_v2(void* target, const void* source, size_t bytes, void* stream)
{
    ENTER(cuMemcpyHtoDAsync_v2);
    if (!is_device_range(target, bytes)) return InvalidValue;
    return enqueue(stream, [=] { memcpy(target, source, bytes); return Success; });
}

EXPORT int cuMemcpyDtoHAsync_v2(void* target, const void* source, size_t bytes, void* stream)
{
    ENTER(cuMemcpyDtoHAsync_v2);
    if (!is_device_range(source, bytes)) return InvalidValue;
    return enqueue(stream, [=] { memcpy(target, source, bytes); return Success; });
}

EXPORT int cuMemsetD32Async(void* target, unsigned value, size_t count, void* stream)
{
    ENTER(cuMemsetD32Async);
    if (!is_device_range(target, count * 4)) return InvalidValue;
    return enqueue(stream, [=] { for (size_t i = 0; i < count; i++) ((unsigned*)target)[i] = value; return Success; });
}

// CUDA_MEMCPY2D
struct Copy2D
{
    size_t source_x, source_y; unsigned source_type; const void* source_host; void* source_device; void* source_array; size_t source_pitch;
    size_t target_x, target_y; unsigned target_type; void* target_host; void* target_device; void* target_array; size_t target_pitch;
    size_t width, height;
};

EXPORT int cuMemcpy2DAsync_v2(const Copy2D* request, void* stream)
{
    ENTER(cuMemcpy2DAsync_v2);
    const Copy2D copy = *request;
    const char* source = (const char*)(copy.source_type == 1 ? copy.source_host : copy.source_device);
    char* target = (char*)(copy.target_type == 1 ? copy.target_host : copy.target_device);
    const size_t source_bytes = (copy.height - 1) * copy.source_pitch + copy.width, target_bytes = (copy.height - 1) * copy.target_pitch + copy.width;
    if (copy.source_x | copy.source_y | copy.target_x | copy.target_y || copy.width > copy.source_pitch || copy.width > copy.target_pitch) return InvalidValue;
    if (copy.source_type == 2 && !is_device_range(source, source_bytes)) return InvalidValue;
    if (copy.target_type == 2 && !is_device_range(target, target_bytes)) return InvalidValue;
    return enqueue(stream, [=] {
        for (size_t i = 0; i < copy.height; i++) memcpy(target + i * copy.target_pitch, source + i * copy.source_pitch, copy.width);
        return Success;
    });
}
