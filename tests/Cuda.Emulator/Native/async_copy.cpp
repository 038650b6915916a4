// cp.async: a copy lands at a random moment between its issue and the wait that covers it. Until then the destination
// holds what it held before, and the checker lets nobody touch it.

static void land(PendingCopy& copy)
{
    if (copy.landed) return;
    copy.landed = true;
    emulator.copies_under_way--;
    memcpy(copy.shared, copy.global, copy.source_bytes);
    memset((char*)copy.shared + copy.source_bytes, 0, copy.bytes - copy.source_bytes);
}

// With seed 0 everything lands at once, with seed 1 as late as may be.
void land_copies_by_chance()
{
    if (emulator.copies_under_way == 0 || emulator.launch->seed <= 1 || next_random() % 4 != 0) return;
    Thread& thread = emulator.threads[next_below((uint64_t)emulator.thread_count)];
    for (auto& copy : thread.copies) if (next_random() % 2 == 0) land(copy);
}

// Copies that nobody waited for land nowhere: the block is over.
void discard_copies()
{
    for (int i = 0; i < emulator.thread_count; i++)
    {
        for (auto& copy : emulator.threads[i].copies) forget_copy(copy.shared, copy.bytes);
        emulator.threads[i].copies.clear();
    }
    emulator.copies_under_way = 0;
}

extern "C" void emu_cp_async(void* shared, const void* global, unsigned bytes, unsigned source_bytes)
{
    void* pc = __builtin_return_address(0);
    if (!is_shared(shared, bytes)) fail_at(ErrorKind::OutOfBounds, shared, bytes, true, pc, "cp.async writes shared memory only");
    if (source_bytes > bytes) fail_at(ErrorKind::BadCollective, shared, bytes, true, pc, "cp.async reads more bytes than it writes");
    if (((uintptr_t)shared & (bytes - 1)) != 0)
        fail_at(ErrorKind::Misaligned, shared, bytes, true, pc, "cp.async wants its destination aligned to its size");
    if (source_bytes != 0 && ((uintptr_t)global & (bytes - 1)) != 0)
        fail_at(ErrorKind::Misaligned, global, bytes, false, pc, "cp.async wants its source aligned to its size");
    check_issue_of_copy(shared, global, bytes, source_bytes, pc);
    Thread& thread = *emulator.current;
    thread.copies.push_back({ shared, global, bytes, source_bytes, thread.copy_group, false });
    emulator.copies_under_way++;
    const uint64_t seed = emulator.launch->seed;
    if (seed == 0 || (seed > 1 && next_random() % 4 == 0)) land(thread.copies.back());
}

extern "C" void emu_cp_async_commit() { emulator.current->copy_group++; }

// All groups but the last `groups_left` committed ones are complete afterwards, for this thread alone.
extern "C" void emu_cp_async_wait(unsigned groups_left)
{
    Thread& thread = *emulator.current;
    size_t kept = 0;
    for (auto& copy : thread.copies)
    {
        if (copy.group + groups_left < thread.copy_group)
        {
            land(copy);
            check_landed_copy(copy.shared, copy.bytes);
        }
        else thread.copies[kept++] = copy;
    }
    thread.copies.resize(kept);
}
