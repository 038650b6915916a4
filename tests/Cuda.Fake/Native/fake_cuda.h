// What the parts of the false driver share: its one device, the calls so far, faults to inject, and the work that a stream holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

// CUresult, as far as it is used.
enum : int
{
    Success = 0, InvalidValue = 1, OutOfMemory = 2, NotInitialized = 3, NoDevice = 100, InvalidDevice = 101, InvalidImage = 200,
    InvalidContext = 201, NoBinaryForGpu = 209, UnsupportedPtx = 222, InvalidHandle = 400, NotFound = 500, IllegalAddress = 700,
    LaunchOutOfResources = 701, LaunchFailed = 719, CaptureUnsupported = 900, CaptureInvalidated = 901,
};

#define EXPORT extern "C" __attribute__((visibility("default")))

struct Allocation { size_t bytes; bool pinned; };

// A stream runs what it is given at once; while it captures it keeps it.
struct Stream { bool capturing = false, invalidated = false; std::vector<std::function<int()>> captured; };
struct Graph { std::vector<std::function<int()>> work; };
struct Function { struct Module* module; void* kernel; std::string name; bool launched = false; int max_dynamic = 48 * 1024; };
struct Module { void* library; std::map<std::string, Function> functions; };
struct Event { double milliseconds = 0; };

struct FakeDriver
{
    std::recursive_mutex lock;
    int devices, capability, driver_version, shared_opt_in;
    size_t memory_limit, memory_used = 0;
    bool initialized = false;
    int lost = Success;
    std::map<void*, Allocation> allocations;
    std::map<std::string, long> calls;
    // Function, call from now on (1 is the next), result.
    struct Fault { std::string function; long nth; int result; };
    std::vector<Fault> faults;
    int contexts = 0, streams = 0, graphs = 0, modules = 0, events = 0;
};

FakeDriver& driver();

// Counts a call and gives the result that it must fail with, or Success. A context is needed by all but a few.
int enter(const char* function, bool needs_context = true);
bool is_device_range(const void* address, size_t bytes);
// Runs work on a stream, or keeps it while the stream captures.
EXPORT int fake_cuda_enqueue(void* stream, const std::function<int()>* work);
// A result that is the end of the context.
int lose(int result);
int check_sentinels();
