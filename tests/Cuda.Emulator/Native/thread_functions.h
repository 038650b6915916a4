// Barriers, warp collectives, atomics and read-only loads. The line of the call goes along, so that the runtime
// can see two halves of a block meeting in two different barriers.
#pragma once

#define EMU_LINE int line = __builtin_LINE()
#define EMU_MEMORY_BARRIER asm volatile("" ::: "memory")

EMU_INLINE void __syncthreads(EMU_LINE) { EMU_MEMORY_BARRIER; emu_barrier(0, line); EMU_MEMORY_BARRIER; }
EMU_INLINE int __syncthreads_count(int predicate, EMU_LINE) { EMU_MEMORY_BARRIER; return emu_barrier(predicate, line); }
EMU_INLINE int __syncthreads_or(int predicate, EMU_LINE) { EMU_MEMORY_BARRIER; return emu_barrier(predicate, line) != 0; }
EMU_INLINE int __syncthreads_and(int predicate, EMU_LINE) { EMU_MEMORY_BARRIER; return emu_barrier(predicate == 0, line) == 0; }
EMU_INLINE void __syncwarp(unsigned mask = 0xffffffffu, EMU_LINE) { EMU_MEMORY_BARRIER; emu_warp_barrier(mask, line); EMU_MEMORY_BARRIER; }
EMU_INLINE void __threadfence() { EMU_MEMORY_BARRIER; }
EMU_INLINE void __threadfence_block() { EMU_MEMORY_BARRIER; }
EMU_INLINE void __trap(EMU_LINE) { emu_trap(line); }

template <class T> EMU_INLINE T emu_shuffle_value(unsigned mask, T value, int mode, int argument, int width, int line)
{
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles take 32-bit and 64-bit scalars");
    EmuShuffle lane = {};
    __builtin_memcpy(&lane.value, &value, sizeof(T));
    lane.mode = mode;
    lane.argument = argument;
    lane.width = width;
    emu_shuffle(mask, &lane, line);
    __builtin_memcpy(&value, &lane.result, sizeof(T));
    return value;
}

#define EMU_SHUFFLES(T)                                                                                            \
    EMU_INLINE T __shfl_sync(unsigned mask, T value, int lane, int width = 32, EMU_LINE)                           \
    { return emu_shuffle_value(mask, value, EmuIndexed, lane, width, line); }                                      \
    EMU_INLINE T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, EMU_LINE)                  \
    { return emu_shuffle_value(mask, value, EmuUp, (int)delta, width, line); }                                     \
    EMU_INLINE T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, EMU_LINE)                \
    { return emu_shuffle_value(mask, value, EmuDown, (int)delta, width, line); }                                   \
    EMU_INLINE T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, EMU_LINE)                      \
    { return emu_shuffle_value(mask, value, EmuXor, lanes, width, line); }
EMU_SHUFFLES(int)
EMU_SHUFFLES(unsigned)
EMU_SHUFFLES(float)
EMU_SHUFFLES(long long)
EMU_SHUFFLES(unsigned long long)

EMU_INLINE unsigned __ballot_sync(unsigned mask, int predicate, EMU_LINE) { return emu_vote(mask, predicate, EmuBallot, line); }
EMU_INLINE int __all_sync(unsigned mask, int predicate, EMU_LINE) { return (int)emu_vote(mask, predicate, EmuAll, line); }
EMU_INLINE int __any_sync(unsigned mask, int predicate, EMU_LINE) { return (int)emu_vote(mask, predicate, EmuAny, line); }
EMU_INLINE unsigned __activemask() { return emu_active_mask(); }

#define EMU_ATOMIC(name, operation)                                                                                \
    EMU_INLINE int name(int* address, int value)                                                                   \
    { return (int)emu_atomic_u32((unsigned*)address, (unsigned)value, 0, operation, 1); }                          \
    EMU_INLINE unsigned name(unsigned* address, unsigned value)                                                    \
    { return emu_atomic_u32(address, value, 0, operation, 0); }                                                    \
    EMU_INLINE unsigned long long name(unsigned long long* address, unsigned long long value)                      \
    { return emu_atomic_u64(address, value, 0, operation); }
EMU_ATOMIC(atomicAdd, EmuAdd)
EMU_ATOMIC(atomicMin, EmuMin)
EMU_ATOMIC(atomicMax, EmuMax)
EMU_ATOMIC(atomicExch, EmuExchange)
EMU_ATOMIC(atomicAnd, EmuAnd)
EMU_ATOMIC(atomicOr, EmuOr)
EMU_ATOMIC(atomicXor, EmuXorBits)
EMU_INLINE float atomicAdd(float* address, float value) { return emu_atomic_f32(address, value, EmuAdd); }
EMU_INLINE float atomicExch(float* address, float value) { return emu_atomic_f32(address, value, EmuExchange); }
EMU_INLINE int atomicSub(int* address, int value) { return (int)emu_atomic_u32((unsigned*)address, 0u - (unsigned)value, 0, EmuAdd, 1); }
EMU_INLINE unsigned atomicSub(unsigned* address, unsigned value) { return emu_atomic_u32(address, 0u - value, 0, EmuAdd, 0); }
EMU_INLINE int atomicCAS(int* address, int compare, int value)
{
    return (int)emu_atomic_u32((unsigned*)address, (unsigned)value, (unsigned)compare, EmuCompareAndSwap, 1);
}
EMU_INLINE unsigned atomicCAS(unsigned* address, unsigned compare, unsigned value)
{
    return emu_atomic_u32(address, value, compare, EmuCompareAndSwap, 0);
}
EMU_INLINE unsigned long long atomicCAS(unsigned long long* address, unsigned long long compare, unsigned long long value)
{
    return emu_atomic_u64(address, value, compare, EmuCompareAndSwap);
}

// A load through the read-only cache: the checker refuses memory that this very launch writes.
template <class T> EMU_INLINE T __ldg(const T* address) { emu_read_only(address, sizeof(T)); return *address; }
template <class T> EMU_INLINE T __ldcs(const T* address) { return *address; }
template <class T> EMU_INLINE T __ldcg(const T* address) { return *address; }
template <class T> EMU_INLINE void __stcs(T* address, T value) { *address = value; }
template <class T> EMU_INLINE void __stcg(T* address, T value) { *address = value; }
