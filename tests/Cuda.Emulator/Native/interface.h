// What kernels and the runtime share: the current thread, the launch shape, and the runtime's entry points.
#pragma once

#define EMU_INLINE static inline __attribute__((always_inline))

struct uint3 { unsigned x, y, z; };
struct dim3
{
    unsigned x, y, z;
    constexpr dim3(unsigned vx = 1, unsigned vy = 1, unsigned vz = 1) : x(vx), y(vy), z(vz) {}
};

// The part of a thread that kernels read.
struct EmuThreadIndex { unsigned x, y, z, linear; };
struct EmuShape { unsigned block_index[3], block_size[3], grid_size[3]; };

// What one lane hands to a warp shuffle or vote: the value, the lane or offset asked for, and the answer.
struct EmuShuffle { unsigned long long value, result; int mode, argument, width; unsigned pad; };
struct EmuMma { float d[4]; unsigned a[4], b[2]; };
struct EmuLoadMatrix { const void* row; unsigned r[4]; };
// A matrix of 8×8 matrices in shared memory: bytes between them along k and along the rows.
struct SharedMatrix
{
    const unsigned char* start;
    int along_k, along_rows;
    SharedMatrix at(int bytes) const { return { start + bytes, along_k, along_rows }; }
};

enum EmuShuffleMode { EmuIndexed, EmuUp, EmuDown, EmuXor };
enum EmuVote { EmuAll, EmuAny, EmuBallot };
enum EmuMmaKind { EmuBf16K16, EmuFp16K16, EmuFp16K8, EmuTf32K8 };
enum EmuAtomic { EmuAdd, EmuMin, EmuMax, EmuExchange, EmuCompareAndSwap, EmuAnd, EmuOr, EmuXorBits };

extern "C" {
extern const EmuThreadIndex* emu_thread;
extern EmuShape emu_shape;

// Block barrier; the sum, conjunction and disjunction of `predicate` over all threads come back in one word.
int emu_barrier(int predicate, int line);
void emu_warp_barrier(unsigned mask, int line);
void emu_shuffle(unsigned mask, EmuShuffle* lane, int line);
unsigned emu_vote(unsigned mask, int predicate, int kind, int line);
unsigned emu_active_mask();
unsigned emu_atomic_u32(unsigned* address, unsigned value, unsigned compare, int operation, int is_signed);
unsigned long long emu_atomic_u64(unsigned long long* address, unsigned long long value, unsigned long long compare, int operation);
float emu_atomic_f32(float* address, float value, int operation);
void emu_read_only(const void* address, unsigned bytes);
void emu_trap(int line);

void emu_mma(EmuMma* lane, int kind, int line);
void emu_ldmatrix(EmuLoadMatrix* lane, int matrices, int transposed, int line);
void emu_wgmma(float* sums, int tiles, SharedMatrix a, SharedMatrix b);
void emu_wgmma_commit();
void emu_wgmma_wait(unsigned groups_left);
void emu_cp_async(void* shared, const void* global, unsigned bytes, unsigned source_bytes);
void emu_cp_async_commit();
void emu_cp_async_wait(unsigned groups_left);
unsigned emu_pack_bf16x2(float low, float high);
unsigned emu_pack_fp16x2(float low, float high);
float emu_fp16_to_float(unsigned short bits);
}

// Read through assembly: the emulator's own state must not look like a kernel's access to the race checker.
EMU_INLINE unsigned emu_load(const unsigned& field)
{
    unsigned value;
    asm("movl %1, %0" : "=r"(value) : "m"(field));
    return value;
}

EMU_INLINE const EmuThreadIndex* emu_current_thread()
{
    const EmuThreadIndex* thread;
    asm("movq %1, %0" : "=r"(thread) : "m"(emu_thread));
    return thread;
}

EMU_INLINE uint3 emu_thread_index()
{
    const EmuThreadIndex* thread = emu_current_thread();
    return { emu_load(thread->x), emu_load(thread->y), emu_load(thread->z) };
}

EMU_INLINE uint3 emu_block_index()
{
    return { emu_load(emu_shape.block_index[0]), emu_load(emu_shape.block_index[1]), emu_load(emu_shape.block_index[2]) };
}

EMU_INLINE dim3 emu_block_size()
{
    return { emu_load(emu_shape.block_size[0]), emu_load(emu_shape.block_size[1]), emu_load(emu_shape.block_size[2]) };
}

EMU_INLINE dim3 emu_grid_size()
{
    return { emu_load(emu_shape.grid_size[0]), emu_load(emu_shape.grid_size[1]), emu_load(emu_shape.grid_size[2]) };
}

#define threadIdx (emu_thread_index())
#define blockIdx (emu_block_index())
#define blockDim (emu_block_size())
#define gridDim (emu_grid_size())
#define warpSize 32
