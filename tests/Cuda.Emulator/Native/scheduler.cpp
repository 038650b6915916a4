// Runs a launch: blocks one after another, the threads of a block as fibers, in an order that the seed decides.
// Seed 0 runs everything forward, seed 1 backward; any other shuffles at every point where a thread waits.
#include <algorithm>
#include <link.h>
#include <sys/mman.h>

Emulator emulator;
extern "C" {
const EmuThreadIndex* emu_thread;
EmuShape emu_shape;
}
// The one name under which kernels declare dynamic shared memory. All ones: the module's TLS block is what they share.
alignas(1024) thread_local unsigned char emu_dynamic_shared[MaxDynamicBytes] asm("dynamic_shared");

extern "C" void emu_switch(void** save, void* load);
asm(R"(
.text
.hidden emu_switch
.globl emu_switch
.type emu_switch, @function
emu_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size emu_switch, .-emu_switch
)");

uint64_t next_random()
{
    // splitmix64
    uint64_t z = emulator.random += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

// Below `count`, without a division.
uint64_t next_below(uint64_t count) { return (uint64_t)((unsigned __int128)next_random() * count >> 64); }

void make_runnable(Thread& thread)
{
    thread.state = ThreadState::Runnable;
    emulator.runnable.push_back((int)thread.index.linear);
}

static Thread* next_thread()
{
    auto& queue = emulator.runnable;
    if (emulator.launch->seed <= 1)
    {
        if (emulator.runnable_head == queue.size()) return nullptr;
        Thread* thread = &emulator.threads[queue[emulator.runnable_head++]];
        if (emulator.runnable_head == queue.size()) { queue.clear(); emulator.runnable_head = 0; }
        return thread;
    }
    if (queue.empty()) return nullptr;
    std::swap(queue[next_below(queue.size())], queue.back());
    Thread* thread = &emulator.threads[queue.back()];
    queue.pop_back();
    return thread;
}

void suspend(ThreadState state)
{
    Thread& thread = *emulator.current;
    thread.state = state;
    emu_switch(&thread.stack_pointer, emulator.main_stack_pointer);
}

void abandon()
{
    emulator.failed = true;
    suspend(ThreadState::Finished);
    __builtin_unreachable();
}

EmuError& begin_error(ErrorKind kind)
{
    EmuError& error = emulator.launch->error;
    memset(&error, 0, sizeof(error));
    error.kind = (int)kind;
    error.thread = emulator.current ? (int)emulator.current->index.linear : -1;
    error.other = -1;
    memcpy(error.block, emu_shape.block_index, sizeof(error.block));
    return error;
}

static void fiber_main()
{
    emulator.launch->kernel->invoke(emulator.launch->arguments);
    if (!emulator.current->products.empty())
        fail_at(ErrorKind::BadCollective, emulator.current->products[0].a.start, 16, false, emulator.current->products[0].pc, "nobody waited for a wgmma");
    emulator.finished++;
    suspend(ThreadState::Finished);
    __builtin_unreachable();
}

static void start_fiber(unsigned linear)
{
    Thread& thread = emulator.threads[linear];
    const unsigned* size = emu_shape.block_size;
    thread.index = { linear % size[0], linear / size[0] % size[1], linear / (size[0] * size[1]), linear };
    thread.copies.clear();
    thread.copy_group = 0;
    thread.products.clear();
    thread.product_group = 0;
    thread.waits_in = nullptr;
    thread.line = 0;
    // Staggered: tops at multiples of 64 KB would all fall into one set of the cache.
    void** stack = (void**)(emulator.stacks + (size_t)(linear + 1) * StackBytes - linear % 32 * 320);
    *--stack = nullptr;                 // keeps the stack aligned as after a call
    *--stack = (void*)fiber_main;
    for (int i = 0; i < 6; i++) *--stack = nullptr;
    thread.stack_pointer = stack;
    make_runnable(thread);
}

// Nobody can run and not all have finished: say what they wait for.
static void report_deadlock()
{
    int exited = 0;
    Thread* at_barrier = nullptr;
    Thread* at_collective = nullptr;
    for (int i = 0; i < emulator.thread_count; i++)
    {
        Thread& thread = emulator.threads[i];
        if (thread.state == ThreadState::Finished) exited++;
        if (thread.state == ThreadState::AtBarrier) at_barrier = &thread;
        if (thread.state == ThreadState::AtCollective) at_collective = &thread;
    }
    emulator.current = at_collective ? at_collective : at_barrier;
    EmuError& error = begin_error(at_collective ? ErrorKind::DivergentCollective : ErrorKind::DivergentBarrier);
    error.line = emulator.current->line;
    if (at_collective && at_barrier) error.other = (int)at_barrier->index.linear;
    snprintf(error.detail, sizeof(error.detail), "it waits in %s; %d threads wait in __syncthreads, %d have exited, %d threads in the block",
        emulator.current->waits_in, emulator.at_barrier, exited, emulator.thread_count);
    emulator.failed = true;
}

static void report_runaway()
{
    EmuError& error = begin_error(ErrorKind::Runaway);
    error.line = emulator.current->line;
    snprintf(error.detail, sizeof(error.detail), "the threads of this block have passed 2^%d sync points each, the last in %s", SwitchesLog2,
        emulator.current->waits_in ? emulator.current->waits_in : "an atomic");
    emulator.failed = true;
}

// All ones is NaN in every float format and -1 in every integer one.
static void poison_shared()
{
    EmuLaunch& launch = *emulator.launch;
    for (unsigned i = 0; i < launch.range_count; i++)
        memset((void*)(emulator.shared_begin + launch.ranges[i].offset), 0xff, launch.ranges[i].bytes);
}

static void run_block()
{
    poison_shared();
    emulator.finished = emulator.at_barrier = emulator.barrier_sum = 0;
    emulator.runnable.clear();
    emulator.runnable_head = 0;
    emulator.switches = 0;
    emulator.copies_under_way = 0;
    begin_checked_block();
    for (int i = 0; i < emulator.thread_count; i++)
        start_fiber((unsigned)(emulator.launch->seed == 1 ? emulator.thread_count - 1 - i : i));
    for (int w = 0; w * 32 < emulator.thread_count; w++)
    {
        const int lanes = std::min(32, emulator.thread_count - w * 32);
        emulator.warps[w].open.clear();
        emulator.warps[w].lanes = lanes == 32 ? 0xffffffffu : (1u << lanes) - 1;
        emulator.warps[w].sync_time = emulator.time;
    }
    while (emulator.finished < emulator.thread_count)
    {
        Thread* thread = next_thread();
        if (thread == nullptr) { report_deadlock(); return; }
        emulator.current = thread;
        if (++emulator.switches > (uint64_t)emulator.thread_count << SwitchesLog2) { report_runaway(); return; }
        emulator.accesses_at_switch = emulator.launch->accesses;
        emu_thread = &thread->index;
        emu_switch(&emulator.main_stack_pointer, thread->stack_pointer);
        if (emulator.failed) return;
        land_copies_by_chance();
    }
    discard_copies();
}

static int find_image(dl_phdr_info* info, size_t, void*)
{
    const uintptr_t here = (uintptr_t)&emulator;
    bool mine = false;
    uintptr_t end = 0, tls_bytes = 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
    {
        const auto& header = info->dlpi_phdr[i];
        if (header.p_type == PT_TLS) tls_bytes = header.p_memsz;
        if (header.p_type != PT_LOAD) continue;
        const uintptr_t begin = info->dlpi_addr + header.p_vaddr;
        if (here >= begin && here < begin + header.p_memsz) mine = true;
        if (begin + header.p_memsz > end) end = begin + header.p_memsz;
    }
    if (!mine) return 0;
    emulator.image_begin = info->dlpi_addr;
    emulator.image_end = end;
    emulator.shared_begin = (uintptr_t)info->dlpi_tls_data;
    emulator.shared_bytes = tls_bytes;
    return 1;
}

// Between launches a module holds no stacks: a test process has hundreds of modules.
static void release_stacks()
{
    if (emulator.stacks != nullptr) munmap(emulator.stacks, MaxThreads * StackBytes);
    emulator.stacks = nullptr;
}

// The launching thread's TLS block is this launch's shared memory, so it is looked up anew each time.
static bool prepare(EmuLaunch& launch)
{
    volatile unsigned char* dynamic = emu_dynamic_shared;
    dynamic[0] = 0xff;
    dl_iterate_phdr(find_image, nullptr);
    emulator.launch = &launch;
    emulator.thread_count = (int)(launch.block[0] * launch.block[1] * launch.block[2]);
    void* stacks = mmap(nullptr, MaxThreads * StackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stacks == MAP_FAILED) return false;
    emulator.stacks = (char*)stacks;
    // A stack that overflows must not run into its neighbour. Each of these cuts the mapping in two, and Linux gives a process 65,530.
    for (int i = 0; i < emulator.thread_count; i++) mprotect(emulator.stacks + i * StackBytes, 4096, PROT_NONE);
    emulator.random = launch.seed;
    emulator.checking = launch.checked != 0;
    emulator.failed = false;
    emulator.current = nullptr;
    emulator.time = launch.time < FirstTime ? FirstTime : (uint32_t)launch.time + 1;
    emulator.launch_time = emulator.time;
    memcpy(emu_shape.block_size, launch.block, sizeof(launch.block));
    memcpy(emu_shape.grid_size, launch.grid, sizeof(launch.grid));
    prepare_shared_shadow();
    return true;
}

extern "C" __attribute__((visibility("default"))) int emu_launch(EmuLaunch* request)
{
    EmuLaunch& launch = *request;
    launch.threads = launch.barriers = launch.collectives = launch.accesses = 0;
    launch.error = {};
    if (!prepare(launch))
    {
        launch.error.kind = (int)ErrorKind::BadLaunch;
        snprintf(launch.error.detail, sizeof(launch.error.detail), "no address space for %d stacks", MaxThreads);
        return launch.error.kind;
    }
    const uint64_t blocks = (uint64_t)launch.grid[0] * launch.grid[1] * launch.grid[2];
    std::vector<uint64_t> order(blocks);
    for (uint64_t i = 0; i < blocks; i++) order[i] = launch.seed == 1 ? blocks - 1 - i : i;
    if (launch.seed > 1) for (uint64_t i = blocks; i > 1; i--) std::swap(order[i - 1], order[next_below(i)]);
    for (const uint64_t block : order)
    {
        emu_shape.block_index[0] = (unsigned)(block % launch.grid[0]);
        emu_shape.block_index[1] = (unsigned)(block / launch.grid[0] % launch.grid[1]);
        emu_shape.block_index[2] = (unsigned)(block / launch.grid[0] / launch.grid[1]);
        launch.threads += (uint64_t)emulator.thread_count;
        run_block();
        if (emulator.failed) break;
    }
    emulator.broke_off |= emulator.failed;
    launch.time = emulator.time;
    release_stacks();
    return launch.error.kind;
}

// The host checks its own declaration of the structure against this.
extern "C" __attribute__((visibility("default"))) unsigned long long emu_launch_bytes() { return sizeof(EmuLaunch); }
