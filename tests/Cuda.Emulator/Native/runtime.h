// The emulator's own state: threads as fibers, the launch as the host describes it, errors, and the checker's entry points.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <cmath>
#include <vector>

#include "interface.h"
#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim
#undef warpSize
#include "kernel_entry.h"

// The numbers are shared with EmulatorError.cs.
enum class ErrorKind : int
{
    None, OutOfBounds, Race, UninitialisedRead, Misaligned, DivergentBarrier, DivergentCollective, BadCollective,
    PendingCopy, WriteToConstant, ReadOnlyViolation, ForeignStack, IndexOutOfRange, DivisionByZero, Trap, Runaway, BadLaunch,
};
enum class Region : int { None, Shared, Buffer, Other };

// Who accessed a byte last, as far as a later access must know: when (in sync points of the launch), which thread, whether
// further threads did so unordered with it, and whether atomically.
enum Spread : uint8_t { OneThread, OneWarp, OneBlock, Grid };
struct Access { uint32_t time; uint16_t thread; uint8_t spread; uint8_t atomic; };
struct Cell { Access write, read; };

struct EmuBuffer { uint64_t address, bytes; Cell* shadow; uint64_t initialised; };
struct EmuRange { uint64_t offset, bytes; };
struct EmuError
{
    int kind, line, thread, other, is_write, region;
    unsigned block[3], size;
    uint64_t index, offset, address, pc;
    char detail[256];
};
struct EmuLaunch
{
    const EmuKernel* kernel;
    void** arguments;
    unsigned grid[3], block[3], range_count, checked;
    uint64_t seed;
    EmuBuffer* buffers;
    const EmuRange* ranges;
    uint64_t buffer_count, time;
    uint64_t threads, barriers, collectives, accesses;
    EmuError error;
};

constexpr size_t StackBytes = 64 * 1024;
constexpr int MaxThreads = 1024;
constexpr int MaxWarps = MaxThreads / 32;
constexpr size_t MaxDynamicBytes = 232448;
// More sync points a thread than any kernel has: a loop of barriers or shuffles that does not end.
constexpr int SwitchesLog2 = 17;
constexpr uint32_t PendingTime = 0xffffffffu, HostTime = 1, FirstTime = 2;

enum class ThreadState : uint8_t { Runnable, AtBarrier, AtCollective, Finished };
struct PendingCopy { void* shared; const void* global; unsigned bytes, source_bytes, group; bool landed; };
struct PendingProduct { float* sums; int tiles; SharedMatrix a, b; unsigned group; void* pc; };
struct Thread
{
    EmuThreadIndex index;
    void* stack_pointer;
    ThreadState state;
    int line, predicate;
    const char* waits_in;
    unsigned copy_group;
    std::vector<PendingCopy> copies;
    unsigned product_group;
    std::vector<PendingProduct> products;
};
typedef void (*Compute)(void** posts, unsigned mask);
struct Collective { unsigned mask, arrived; Compute compute; int line; const char* name; void* posts[32]; };
struct Warp { std::vector<Collective> open; uint32_t sync_time; unsigned lanes; };

struct Emulator
{
    EmuLaunch* launch;
    Thread threads[MaxThreads];
    Warp warps[MaxWarps];
    Thread* current;
    int thread_count, finished, at_barrier, barrier_sum, copies_under_way;
    std::vector<int> runnable;
    size_t runnable_head;
    uint64_t random, accesses_at_switch, switches;
    void* main_stack_pointer;
    char* stacks;
    uintptr_t shared_begin, shared_bytes, image_begin, image_end;
    uint32_t time, launch_time, block_time, barrier_time;
    bool checking, failed, broke_off;
};
extern Emulator emulator;

uint64_t next_random();
uint64_t next_below(uint64_t count);
void make_runnable(Thread& thread);
void suspend(ThreadState state);
[[noreturn]] void abandon();
EmuError& begin_error(ErrorKind kind);
void* run_collective(unsigned mask, void* post, Compute compute, const char* name, int line);
void land_copies_by_chance();
void discard_copies();

// Checked accesses; each returns only if the access is in order. In a fast build they return at once.
void check_access(const void* address, unsigned bytes, bool write, bool atomic, void* pc);
void check_issue_of_copy(void* shared, const void* global, unsigned bytes, unsigned source_bytes, void* pc);
void check_landed_copy(void* shared, unsigned bytes);
void forget_copy(void* shared, unsigned bytes);
void prepare_shared_shadow();
void begin_checked_block();
[[noreturn]] void fail_at(ErrorKind kind, const void* address, unsigned bytes, bool write, void* pc, const char* detail);
