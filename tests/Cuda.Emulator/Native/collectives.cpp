// Barriers and warp collectives: lanes post what they bring, the last to arrive computes for all.

static void complete_barrier()
{
    for (int i = 0; i < emulator.thread_count; i++)
    {
        Thread& thread = emulator.threads[i];
        if (thread.line == emulator.current->line) continue;
        EmuError& error = begin_error(ErrorKind::DivergentBarrier);
        error.line = thread.line;
        error.other = (int)thread.index.linear;
        snprintf(error.detail, sizeof(error.detail), "it waits in the __syncthreads of line %d, the other thread in that of line %d",
            emulator.current->line, thread.line);
        abandon();
    }
    emulator.barrier_time = ++emulator.time;
    emulator.launch->barriers++;
    for (int w = 0; w * 32 < emulator.thread_count; w++) emulator.warps[w].sync_time = emulator.time;
    const int sum = emulator.barrier_sum;
    emulator.at_barrier = emulator.barrier_sum = 0;
    for (int i = 0; i < emulator.thread_count; i++)
    {
        emulator.threads[i].predicate = sum;
        if (&emulator.threads[i] != emulator.current) make_runnable(emulator.threads[i]);
    }
    // The last to arrive is no better than the others: it too goes back into the queue.
    make_runnable(*emulator.current);
    suspend(ThreadState::Runnable);
}

extern "C" int emu_barrier(int predicate, int line)
{
    Thread& thread = *emulator.current;
    thread.line = line;
    thread.waits_in = "__syncthreads";
    emulator.barrier_sum += predicate != 0;
    if (++emulator.at_barrier == emulator.thread_count) complete_barrier();
    else suspend(ThreadState::AtBarrier);
    return thread.predicate;
}

[[noreturn]] static void bad_collective(ErrorKind kind, const char* name, int line, int other, const char* what, unsigned mask)
{
    EmuError& error = begin_error(kind);
    error.line = line;
    error.other = other;
    snprintf(error.detail, sizeof(error.detail), "%s with mask 0x%08x %s", name, mask, what);
    abandon();
}

static Collective& join(Warp& warp, unsigned mask, Compute compute, const char* name, int line)
{
    for (auto& open : warp.open)
    {
        if (open.mask != mask) continue;
        if (open.compute == compute && (open.line == line || compute == nullptr)) return open;
        const int other = (int)(emulator.current->index.linear & ~31u) + __builtin_ctz(open.arrived);
        char what[160];
        snprintf(what, sizeof(what), "meets %s of line %d in another lane", open.name, open.line);
        bad_collective(ErrorKind::DivergentCollective, name, line, other, what, mask);
    }
    warp.open.push_back({ mask, 0, compute, line, name, {} });
    return warp.open.back();
}

// Returns when every lane of `mask` has posted and the last one has run `compute` over all posts.
void* run_collective(unsigned mask, void* post, Compute compute, const char* name, int line)
{
    Thread& thread = *emulator.current;
    const unsigned lane = thread.index.linear & 31;
    Warp& warp = emulator.warps[thread.index.linear / 32];
    if ((mask >> lane & 1) == 0) bad_collective(ErrorKind::BadCollective, name, line, -1, "does not name the calling lane", mask);
    if ((mask & ~warp.lanes) != 0) bad_collective(ErrorKind::BadCollective, name, line, -1, "names lanes that the block does not have", mask);
    Collective& open = join(warp, mask, compute, name, line);
    open.arrived |= 1u << lane;
    open.posts[lane] = post;
    thread.line = line;
    thread.waits_in = name;
    if (open.arrived != mask) { suspend(ThreadState::AtCollective); return post; }

    Collective done = open;
    warp.open.erase(warp.open.begin() + (&open - warp.open.data()));
    emulator.launch->collectives++;
    if (compute != nullptr) compute(done.posts, mask);
    else if (mask == warp.lanes) warp.sync_time = ++emulator.time;
    const int first = (int)(thread.index.linear & ~31u);
    for (int i = 0; i < 32; i++)
        if ((mask >> i & 1) != 0 && i != (int)lane) make_runnable(emulator.threads[first + i]);
    make_runnable(thread);
    suspend(ThreadState::Runnable);
    return post;
}

extern "C" void emu_warp_barrier(unsigned mask, int line) { run_collective(mask, nullptr, nullptr, "__syncwarp", line); }

static int shuffle_source(const EmuShuffle& lane, int self)
{
    const int begin = self & ~(lane.width - 1), end = begin + lane.width;
    int source = self;
    switch (lane.mode)
    {
        case EmuIndexed: return begin + (lane.argument & (lane.width - 1));
        case EmuUp: source = self - lane.argument; return source < begin ? self : source;
        case EmuDown: source = self + lane.argument; return source >= end ? self : source;
        default: source = self ^ lane.argument; return source >= end ? self : source;
    }
}

static void compute_shuffle(void** posts, unsigned mask)
{
    for (int i = 0; i < 32; i++)
    {
        if ((mask >> i & 1) == 0) continue;
        EmuShuffle& lane = *(EmuShuffle*)posts[i];
        if (lane.width <= 0 || lane.width > 32 || (lane.width & (lane.width - 1)) != 0)
            bad_collective(ErrorKind::BadCollective, "a shuffle", emulator.current->line, -1, "has a width that is no power of two up to 32", mask);
        const int source = shuffle_source(lane, i);
        if ((mask >> source & 1) == 0)
            bad_collective(ErrorKind::BadCollective, "a shuffle", emulator.current->line, source, "reads a lane outside the mask", mask);
        lane.result = ((EmuShuffle*)posts[source])->value;
    }
}

extern "C" void emu_shuffle(unsigned mask, EmuShuffle* lane, int line) { run_collective(mask, lane, compute_shuffle, "a shuffle", line); }

struct Vote { int predicate, kind; unsigned result; };

static void compute_vote(void** posts, unsigned mask)
{
    unsigned ballot = 0;
    for (int i = 0; i < 32; i++) if ((mask >> i & 1) != 0 && ((Vote*)posts[i])->predicate != 0) ballot |= 1u << i;
    for (int i = 0; i < 32; i++)
    {
        if ((mask >> i & 1) == 0) continue;
        Vote& vote = *(Vote*)posts[i];
        vote.result = vote.kind == EmuBallot ? ballot : vote.kind == EmuAll ? ballot == mask : ballot != 0;
    }
}

extern "C" unsigned emu_vote(unsigned mask, int predicate, int kind, int line)
{
    Vote vote = { predicate, kind, 0 };
    run_collective(mask, &vote, compute_vote, "a vote", line);
    return vote.result;
}

// Threads run one at a time, so the honest answer is the calling lane alone: a kernel may not rely on more.
extern "C" unsigned emu_active_mask() { return 1u << (emulator.current->index.linear & 31); }

extern "C" void emu_trap(int line)
{
    begin_error(ErrorKind::Trap).line = line;
    abandon();
}

template <class T, class S> static T apply(T old, T value, T compare, int operation)
{
    switch (operation)
    {
        case EmuAdd: return old + value;
        case EmuMin: return (S)value < (S)old ? value : old;
        case EmuMax: return (S)value > (S)old ? value : old;
        case EmuExchange: return value;
        case EmuCompareAndSwap: return old == compare ? value : old;
        case EmuAnd: return old & value;
        case EmuOr: return old | value;
        default: return old ^ value;
    }
}

// An atomic is a place where another thread may come first.
static void yield_by_chance()
{
    if (emulator.launch->seed <= 1 || next_random() % 4 != 0) return;
    make_runnable(*emulator.current);
    suspend(ThreadState::Runnable);
}

extern "C" unsigned emu_atomic_u32(unsigned* address, unsigned value, unsigned compare, int operation, int is_signed)
{
    yield_by_chance();
    check_access(address, 4, true, true, __builtin_return_address(0));
    const unsigned old = *address;
    *address = is_signed ? apply<unsigned, int>(old, value, compare, operation) : apply<unsigned, unsigned>(old, value, compare, operation);
    return old;
}

extern "C" unsigned long long emu_atomic_u64(unsigned long long* address, unsigned long long value, unsigned long long compare, int operation)
{
    yield_by_chance();
    check_access(address, 8, true, true, __builtin_return_address(0));
    const unsigned long long old = *address;
    *address = apply<unsigned long long, unsigned long long>(old, value, compare, operation);
    return old;
}

extern "C" float emu_atomic_f32(float* address, float value, int operation)
{
    yield_by_chance();
    check_access(address, 4, true, true, __builtin_return_address(0));
    const float old = *address;
    *address = operation == EmuAdd ? old + value : value;
    return old;
}
