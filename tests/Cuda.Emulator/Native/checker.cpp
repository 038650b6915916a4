// The race checker. Each byte of shared memory and of every buffer has a cell: its last write and its reads since.
// Time is a counter of sync points. Two accesses of one block are ordered by a block barrier between them, two of one
// warp also by a full __syncwarp; nothing orders two blocks of one launch.
#include <cstdlib>

static Cell* shared_shadow;
static size_t shared_shadow_bytes;

// Nothing but a launch that broke off leaves marks that look like the future.
void prepare_shared_shadow()
{
    if (!emulator.checking) return;
    if (shared_shadow == nullptr || shared_shadow_bytes < emulator.shared_bytes)
    {
        free(shared_shadow);
        shared_shadow = (Cell*)calloc(emulator.shared_bytes, sizeof(Cell));
        shared_shadow_bytes = emulator.shared_bytes;
    }
    else if (emulator.broke_off) memset((void*)shared_shadow, 0, shared_shadow_bytes * sizeof(Cell));
    emulator.broke_off = false;
}

void begin_checked_block() { emulator.block_time = emulator.barrier_time = ++emulator.time; }

struct Place { Cell* cells; uint32_t since; bool shared, initialised; };

static void locate(EmuError& error, uint64_t address)
{
    error.address = address;
    const uint64_t in_shared = address - emulator.shared_begin;
    error.region = (int)Region::Other;
    if (in_shared < emulator.shared_bytes)
    {
        error.region = (int)Region::Shared;
        error.offset = in_shared;
        return;
    }
    uint64_t nearest = 1 << 16;
    for (uint64_t i = 0; i < emulator.launch->buffer_count; i++)
    {
        const EmuBuffer& buffer = emulator.launch->buffers[i];
        const uint64_t before = address < buffer.address ? buffer.address - address : 0;
        const uint64_t after = address >= buffer.address + buffer.bytes ? address - buffer.address - buffer.bytes + 1 : 0;
        if (before + after >= nearest) continue;
        nearest = before + after;
        error.region = (int)Region::Buffer;
        error.index = i;
        error.offset = address - buffer.address;
    }
}

static EmuError& describe(ErrorKind kind, const void* address, unsigned bytes, bool write, void* pc)
{
    EmuError& error = begin_error(kind);
    error.is_write = write;
    error.size = bytes;
    error.pc = (uint64_t)pc - 1 - emulator.image_begin;
    locate(error, (uint64_t)address);
    return error;
}

void fail_at(ErrorKind kind, const void* address, unsigned bytes, bool write, void* pc, const char* detail)
{
    snprintf(describe(kind, address, bytes, write, pc).detail, sizeof(EmuError::detail), "%s", detail);
    abandon();
}

[[noreturn]] static void fail_race(const Access& other, bool other_wrote, const void* address, unsigned bytes, bool write, void* pc)
{
    EmuError& error = describe(ErrorKind::Race, address, bytes, write, pc);
    error.other = other.thread;
    const char* who = other.time < emulator.block_time || other.spread == Grid ? "of another block"
        : other.spread == OneBlock ? "and others of this block" : other.spread == OneWarp ? "and others of this warp" : "of this block";
    snprintf(error.detail, sizeof(error.detail), "thread %d %s has %s it%s, and nothing orders the two",
        other.thread, who, other_wrote ? "written" : "read", other.atomic ? " atomically" : "");
    abandon();
}

// Has an unordered access been made by another thread?
static inline bool conflicts(const Access& access, uint32_t since)
{
    if (access.time < since) return false;
    if (access.time < emulator.block_time || access.spread == Grid) return true;
    if (access.time < emulator.barrier_time) return false;
    if (access.spread == OneBlock) return true;
    const unsigned self = emulator.current->index.linear;
    if (access.thread / 32 != self / 32) return true;
    if (access.time < emulator.warps[self / 32].sync_time) return false;
    return access.spread == OneWarp || access.thread != self;
}

// Adds the current thread to the accesses that a later one must be ordered with.
static inline void merge(Access& access, uint32_t since, bool atomic)
{
    const unsigned self = emulator.current->index.linear;
    uint8_t spread = OneThread;
    if (access.time >= since)
    {
        if (access.time < emulator.block_time || access.spread == Grid) spread = Grid;
        else if (access.time >= emulator.barrier_time)
        {
            if (access.spread == OneBlock || access.thread / 32 != self / 32) spread = OneBlock;
            else if (access.time >= emulator.warps[self / 32].sync_time && (access.spread == OneWarp || access.thread != self)) spread = OneWarp;
        }
    }
    access = { emulator.time, (uint16_t)self, spread, atomic };
}

static inline void check_cell(Cell& cell, const Place& place, const void* address, unsigned bytes, bool write, bool atomic, void* pc)
{
    if (cell.write.time == PendingTime)
    {
        EmuError& error = describe(ErrorKind::PendingCopy, address, bytes, write, pc);
        error.other = cell.write.thread;
        snprintf(error.detail, sizeof(error.detail), "thread %d has a cp.async to it under way that it has not waited for", cell.write.thread);
        abandon();
    }
    if (!write || atomic)
    {
        if (place.shared ? cell.write.time < place.since : !place.initialised && cell.write.time == 0)
            fail_at(ErrorKind::UninitialisedRead, address, bytes, write, pc, place.shared ? "no thread of this block has written it" : "nobody has written it");
    }
    if (!(atomic && cell.write.atomic) && conflicts(cell.write, place.since)) fail_race(cell.write, true, address, bytes, write, pc);
    if (!write) { merge(cell.read, place.since, false); return; }
    if (conflicts(cell.read, place.since)) fail_race(cell.read, false, address, bytes, write, pc);
    if (atomic && cell.write.atomic) merge(cell.write, place.since, true);
    else cell.write = { emulator.time, (uint16_t)emulator.current->index.linear, OneThread, atomic };
}

static bool find_shared(uint64_t offset, unsigned bytes, Place& place)
{
    const EmuLaunch& launch = *emulator.launch;
    for (unsigned i = 0; i < launch.range_count; i++)
    {
        const EmuRange& range = launch.ranges[i];
        if (offset < range.offset || offset + bytes > range.offset + range.bytes) continue;
        place = { shared_shadow + offset, emulator.block_time, true, false };
        return true;
    }
    return false;
}

static bool find_buffer(uint64_t address, unsigned bytes, Place& place)
{
    static uint64_t last;
    EmuLaunch& launch = *emulator.launch;
    for (uint64_t step = 0; step < launch.buffer_count; step++)
    {
        const uint64_t i = (last + step) % launch.buffer_count;
        const EmuBuffer& buffer = launch.buffers[i];
        if (address < buffer.address || address + bytes > buffer.address + buffer.bytes) continue;
        last = i;
        place = { buffer.shadow + (address - buffer.address), emulator.launch_time, false, buffer.initialised != 0 };
        return true;
    }
    return false;
}

// Stack, constant memory and wild addresses: everything that has no cells.
static void check_elsewhere(const void* address, unsigned bytes, bool write, void* pc)
{
    const uint64_t a = (uint64_t)address, image = a - emulator.image_begin;
    if (image < emulator.image_end - emulator.image_begin)
    {
        if (write) fail_at(ErrorKind::WriteToConstant, address, bytes, write, pc, "constant memory belongs to the host");
        return;
    }
    fail_at(ErrorKind::OutOfBounds, address, bytes, write, pc, "");
}

void check_access(const void* address, unsigned bytes, bool write, bool atomic, void* pc)
{
    if (!emulator.checking) return;
    const uint64_t a = (uint64_t)address;
    const uint64_t on_stack = a - (uint64_t)emulator.stacks;
    if (on_stack < MaxThreads * StackBytes)
    {
        if (on_stack / StackBytes != emulator.current->index.linear)
            fail_at(ErrorKind::ForeignStack, address, bytes, write, pc, "a local variable of another thread");
        return;
    }
    if (++emulator.launch->accesses - emulator.accesses_at_switch > 1ull << 26)
        fail_at(ErrorKind::Runaway, address, bytes, write, pc, "this thread has run for 2^26 accesses without a sync point");
    Place place;
    const uint64_t in_shared = a - emulator.shared_begin;
    const bool found = in_shared < emulator.shared_bytes ? find_shared(in_shared, bytes, place) : find_buffer(a, bytes, place);
    if (!found)
    {
        if (in_shared < emulator.shared_bytes)
            fail_at(ErrorKind::OutOfBounds, address, bytes, write, pc, "this shared memory is not the kernel's");
        check_elsewhere(address, bytes, write, pc);
        return;
    }
    Cell before = {};
    for (unsigned i = 0; i < bytes; i++)
    {
        Cell& cell = place.cells[i];
        // Bytes of one word mostly share their history: what held for the last one holds for this.
        if (i != 0 && memcmp(&cell, &before, sizeof(Cell)) == 0) { cell = place.cells[i - 1]; continue; }
        before = cell;
        check_cell(cell, place, address, bytes, write, atomic, pc);
    }
}

void check_issue_of_copy(void* shared, const void* global, unsigned bytes, unsigned source_bytes, void* pc)
{
    if (!emulator.checking) return;
    if (source_bytes != 0) check_access(global, source_bytes, false, false, pc);
    check_access(shared, bytes, true, false, pc);
    const Access pending = { PendingTime, (uint16_t)emulator.current->index.linear, OneThread, 0 };
    Cell* cells = shared_shadow + ((uint64_t)shared - emulator.shared_begin);
    for (unsigned i = 0; i < bytes; i++) cells[i].write = pending;
}

static void stamp(void* shared, unsigned bytes, Access access)
{
    if (!emulator.checking) return;
    Cell* cells = shared_shadow + ((uint64_t)shared - emulator.shared_begin);
    for (unsigned i = 0; i < bytes; i++) cells[i].write = access;
}

// A waited-for copy is a write by the waiting thread at the moment of the wait.
void check_landed_copy(void* shared, unsigned bytes)
{
    stamp(shared, bytes, { emulator.time, (uint16_t)emulator.current->index.linear, OneThread, 0 });
}

void forget_copy(void* shared, unsigned bytes) { stamp(shared, bytes, {}); }

// __ldg and its like: the read-only cache may hold what was there before this launch wrote.
extern "C" void emu_read_only(const void* address, unsigned bytes)
{
    if (!emulator.checking) return;
    void* pc = __builtin_return_address(0);
    Place place;
    if (!find_buffer((uint64_t)address, bytes, place)) return;
    for (unsigned i = 0; i < bytes; i++)
        if (place.cells[i].write.time >= emulator.launch_time)
            fail_at(ErrorKind::ReadOnlyViolation, address, bytes, false, pc, "a read-only load of memory that this launch writes");
}
