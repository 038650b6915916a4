// The fixed table of device functions: all PTX of all kernels is in this file. ptx_table.md defines each function; under the
// emulator, which brings its own definitions, the file is empty. sm_75 has no cp.async (a plain copy stands for it, which is
// complete at once), no bf16 or tf32 tensor cores (those functions are missing there) and half the depth of fp16 mma. wgmma is sm_90a's alone.
#ifndef FOCALNET_EMULATOR

// NVRTC's own function is one that it sees through: constants that were added to a pointer end up in the instruction.
__device__ __forceinline__ unsigned shared_address(const void* pointer)
{
#ifdef __CUDACC_RTC__
    return (unsigned)__cvta_generic_to_shared(pointer);
#else
    unsigned address;
    asm("{ .reg .u64 wide; cvta.to.shared.u64 wide, %1; cvt.u32.u64 %0, wide; }" : "=r"(address) : "l"(pointer));
    return address;
#endif
}

// For the compiler, which knows nothing of the result: what is computed from it in a loop is not kept from one turn to the next.
__device__ __forceinline__ int opaque(int value)
{
    asm volatile("" : "+r"(value));
    return value;
}

__device__ __forceinline__ void mma_m16n8k8_fp16(float (&d)[4], unsigned a0, unsigned a1, unsigned b0)
{
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a0), "r"(a1), "r"(b0));
}

#if __CUDA_ARCH__ >= 800
__device__ __forceinline__ void mma_m16n8k16_bf16(float (&d)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

__device__ __forceinline__ void mma_m16n8k16_fp16(float (&d)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

__device__ __forceinline__ void mma_m16n8k8_tf32(float (&d)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1)
{
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

__device__ __forceinline__ unsigned float_to_tf32(float value)
{
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
    return bits;
}
#else
// The k16 fragment is two k8 fragments side by side: registers a0 a1 b0, then a2 a3 b1.
__device__ __forceinline__ void mma_m16n8k16_fp16(float (&d)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1)
{
    mma_m16n8k8_fp16(d, a0, a1, b0);
    mma_m16n8k8_fp16(d, a2, a3, b1);
}
#endif

__device__ __forceinline__ void ldmatrix_x1(unsigned& r0, const void* row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];" : "=r"(r0) : "r"(shared_address(row)) : "memory");
}

__device__ __forceinline__ void ldmatrix_x2(unsigned& r0, unsigned& r1, const void* row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];" : "=r"(r0), "=r"(r1) : "r"(shared_address(row)) : "memory");
}

__device__ __forceinline__ void ldmatrix_x4(unsigned& r0, unsigned& r1, unsigned& r2, unsigned& r3, const void* row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
        : "=r"(r0), "=r"(r1), "=r"(r2), "=r"(r3) : "r"(shared_address(row)) : "memory");
}

__device__ __forceinline__ void ldmatrix_x1_trans(unsigned& r0, const void* row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];" : "=r"(r0) : "r"(shared_address(row)) : "memory");
}

__device__ __forceinline__ void ldmatrix_x2_trans(unsigned& r0, unsigned& r1, const void* row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];" : "=r"(r0), "=r"(r1) : "r"(shared_address(row)) : "memory");
}

__device__ __forceinline__ void ldmatrix_x4_trans(unsigned& r0, unsigned& r1, unsigned& r2, unsigned& r3, const void* row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
        : "=r"(r0), "=r"(r1), "=r"(r2), "=r"(r3) : "r"(shared_address(row)) : "memory");
}

#if __CUDA_ARCH__ >= 800
__device__ __forceinline__ void cp_async_4(void* shared, const void* global)
{
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" : : "r"(shared_address(shared)), "l"(global) : "memory");
}

__device__ __forceinline__ void cp_async_8(void* shared, const void* global)
{
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8;" : : "r"(shared_address(shared)), "l"(global) : "memory");
}

__device__ __forceinline__ void cp_async_16(void* shared, const void* global)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" : : "r"(shared_address(shared)), "l"(global) : "memory");
}

__device__ __forceinline__ void cp_async_4_zfill(void* shared, const void* global, unsigned bytes)
{
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" : : "r"(shared_address(shared)), "l"(global), "r"(bytes) : "memory");
}

__device__ __forceinline__ void cp_async_8_zfill(void* shared, const void* global, unsigned bytes)
{
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" : : "r"(shared_address(shared)), "l"(global), "r"(bytes) : "memory");
}

__device__ __forceinline__ void cp_async_16_zfill(void* shared, const void* global, unsigned bytes)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" : : "r"(shared_address(shared)), "l"(global), "r"(bytes) : "memory");
}

__device__ __forceinline__ void cp_async_commit()
{
    asm volatile("cp.async.commit_group;" : : : "memory");
}

template <int groups_left> __device__ __forceinline__ void cp_async_wait()
{
    asm volatile("cp.async.wait_group %0;" : : "n"(groups_left) : "memory");
}
#else
__device__ __forceinline__ void cp_async_4(void* shared, const void* global)
{
    *static_cast<unsigned*>(shared) = *static_cast<const unsigned*>(global);
}

__device__ __forceinline__ void cp_async_8(void* shared, const void* global)
{
    *static_cast<uint2*>(shared) = *static_cast<const uint2*>(global);
}

__device__ __forceinline__ void cp_async_16(void* shared, const void* global)
{
    *static_cast<uint4*>(shared) = *static_cast<const uint4*>(global);
}

// Bytes behind the last one stay unread: they may lie outside the buffer. The counts are multiples of 2 (one bf16).
__device__ __forceinline__ void copy_or_zero(void* shared, const void* global, unsigned bytes, unsigned size)
{
    for (unsigned i = 0; i < size; i += 2u)
        *reinterpret_cast<unsigned short*>(static_cast<char*>(shared) + i) =
            i < bytes ? *reinterpret_cast<const unsigned short*>(static_cast<const char*>(global) + i) : (unsigned short)0;
}

__device__ __forceinline__ void cp_async_4_zfill(void* shared, const void* global, unsigned bytes)
{
    if (bytes == 4u) cp_async_4(shared, global);
    else copy_or_zero(shared, global, bytes, 4u);
}

__device__ __forceinline__ void cp_async_8_zfill(void* shared, const void* global, unsigned bytes)
{
    if (bytes == 8u) cp_async_8(shared, global);
    else copy_or_zero(shared, global, bytes, 8u);
}

__device__ __forceinline__ void cp_async_16_zfill(void* shared, const void* global, unsigned bytes)
{
    if (bytes == 16u) cp_async_16(shared, global);
    else copy_or_zero(shared, global, bytes, 16u);
}

__device__ __forceinline__ void cp_async_commit() {}

template <int groups_left> __device__ __forceinline__ void cp_async_wait() {}
#endif

// From sm_90 on a launch's blocks begin when those of the launch before it have ended, and not only when all that it wrote is there to be read: this waits for it.
// They are not asked for earlier (griddepcontrol.launch_dependents): blocks beside those of the launch before it lie unevenly on the multiprocessors.
__device__ __forceinline__ void wait_for_earlier_launches()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" : : : "memory");
#endif
}

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
// The halves of a descriptor: the address, and what lies between 8×8 matrices along k; what lies between them along the rows.
struct SharedMatrix
{
    unsigned low, high;
    __device__ __forceinline__ SharedMatrix at(int bytes) const { return { low + (unsigned)(bytes >> 4), high }; }
};

__device__ __forceinline__ SharedMatrix shared_matrix(const void* start, int along_k, int along_rows)
{
    return { (shared_address(start) >> 4 & 0x3fffu) | (unsigned)(along_k >> 4) << 16, (unsigned)(along_rows >> 4) };
}

__device__ __forceinline__ void wgmma_fence()
{
    asm volatile("wgmma.fence.sync.aligned;" : : : "memory");
}

__device__ __forceinline__ void wgmma_commit()
{
    asm volatile("wgmma.commit_group.sync.aligned;" : : : "memory");
}

template <int groups_left> __device__ __forceinline__ void wgmma_wait()
{
    asm volatile("wgmma.wait_group.sync.aligned %0;" : : "n"(groups_left) : "memory");
}

// For the compiler, which knows nothing of sums that come later: it neither reads nor writes them across this.
template <int tiles, int columns> __device__ __forceinline__ void wgmma_sums(float (&d)[tiles][columns][4])
{
    #pragma unroll
    for (int i = 0; i < tiles; i++)
        #pragma unroll
        for (int j = 0; j < columns; j++)
            asm volatile("" : "+f"(d[i][j][0]), "+f"(d[i][j][1]), "+f"(d[i][j][2]), "+f"(d[i][j][3]) : : "memory");
}

__device__ __forceinline__ void fence_shared_for_wgmma()
{
    asm volatile("fence.proxy.async.shared::cta;" : : : "memory");
}

__device__ __forceinline__ void wgmma_m64k16_bf16(float (&d)[4][4], SharedMatrix a, SharedMatrix b)
{
    asm volatile("{ .reg .pred add; .reg .b64 a, b; setp.eq.u32 add, 0, 0; mov.b64 a, {%16, %17}; mov.b64 b, {%18, %19}; wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15}, a, b, add, 1, 1, 0, 0; }"
         :
           "+f"(d[0][0]), "+f"(d[0][1]), "+f"(d[0][2]), "+f"(d[0][3]), "+f"(d[1][0]), "+f"(d[1][1]), "+f"(d[1][2]), "+f"(d[1][3]),
           "+f"(d[2][0]), "+f"(d[2][1]), "+f"(d[2][2]), "+f"(d[2][3]), "+f"(d[3][0]), "+f"(d[3][1]), "+f"(d[3][2]), "+f"(d[3][3])
         : "r"(a.low), "r"(a.high), "r"(b.low), "r"(b.high));
}

__device__ __forceinline__ void wgmma_m64k16_bf16(float (&d)[8][4], SharedMatrix a, SharedMatrix b)
{
    asm volatile("{ .reg .pred add; .reg .b64 a, b; setp.eq.u32 add, 0, 0; mov.b64 a, {%32, %33}; mov.b64 b, {%34, %35}; wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, a, b, add, 1, 1, 0, 0; }"
         :
           "+f"(d[0][0]), "+f"(d[0][1]), "+f"(d[0][2]), "+f"(d[0][3]), "+f"(d[1][0]), "+f"(d[1][1]), "+f"(d[1][2]), "+f"(d[1][3]),
           "+f"(d[2][0]), "+f"(d[2][1]), "+f"(d[2][2]), "+f"(d[2][3]), "+f"(d[3][0]), "+f"(d[3][1]), "+f"(d[3][2]), "+f"(d[3][3]),
           "+f"(d[4][0]), "+f"(d[4][1]), "+f"(d[4][2]), "+f"(d[4][3]), "+f"(d[5][0]), "+f"(d[5][1]), "+f"(d[5][2]), "+f"(d[5][3]),
           "+f"(d[6][0]), "+f"(d[6][1]), "+f"(d[6][2]), "+f"(d[6][3]), "+f"(d[7][0]), "+f"(d[7][1]), "+f"(d[7][2]), "+f"(d[7][3])
         : "r"(a.low), "r"(a.high), "r"(b.low), "r"(b.high));
}

__device__ __forceinline__ void wgmma_m64k16_bf16(float (&d)[16][4], SharedMatrix a, SharedMatrix b)
{
    asm volatile("{ .reg .pred add; .reg .b64 a, b; setp.eq.u32 add, 0, 0; mov.b64 a, {%64, %65}; mov.b64 b, {%66, %67}; wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, a, b, add, 1, 1, 0, 0; }"
         :
           "+f"(d[0][0]), "+f"(d[0][1]), "+f"(d[0][2]), "+f"(d[0][3]), "+f"(d[1][0]), "+f"(d[1][1]), "+f"(d[1][2]), "+f"(d[1][3]),
           "+f"(d[2][0]), "+f"(d[2][1]), "+f"(d[2][2]), "+f"(d[2][3]), "+f"(d[3][0]), "+f"(d[3][1]), "+f"(d[3][2]), "+f"(d[3][3]),
           "+f"(d[4][0]), "+f"(d[4][1]), "+f"(d[4][2]), "+f"(d[4][3]), "+f"(d[5][0]), "+f"(d[5][1]), "+f"(d[5][2]), "+f"(d[5][3]),
           "+f"(d[6][0]), "+f"(d[6][1]), "+f"(d[6][2]), "+f"(d[6][3]), "+f"(d[7][0]), "+f"(d[7][1]), "+f"(d[7][2]), "+f"(d[7][3]),
           "+f"(d[8][0]), "+f"(d[8][1]), "+f"(d[8][2]), "+f"(d[8][3]), "+f"(d[9][0]), "+f"(d[9][1]), "+f"(d[9][2]), "+f"(d[9][3]),
           "+f"(d[10][0]), "+f"(d[10][1]), "+f"(d[10][2]), "+f"(d[10][3]), "+f"(d[11][0]), "+f"(d[11][1]), "+f"(d[11][2]), "+f"(d[11][3]),
           "+f"(d[12][0]), "+f"(d[12][1]), "+f"(d[12][2]), "+f"(d[12][3]), "+f"(d[13][0]), "+f"(d[13][1]), "+f"(d[13][2]), "+f"(d[13][3]),
           "+f"(d[14][0]), "+f"(d[14][1]), "+f"(d[14][2]), "+f"(d[14][3]), "+f"(d[15][0]), "+f"(d[15][1]), "+f"(d[15][2]), "+f"(d[15][3])
         : "r"(a.low), "r"(a.high), "r"(b.low), "r"(b.high));
}
#endif

#if __CUDA_ARCH__ >= 800
__device__ __forceinline__ unsigned pack_bf16x2(float low, float high)
{
    unsigned pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}

__device__ __forceinline__ unsigned short float_to_bf16(float value)
{
    unsigned short bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
}

__device__ __forceinline__ unsigned pack_fp16x2(float low, float high)
{
    unsigned pair;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}
#else
__device__ __forceinline__ unsigned short float_to_bf16(float value)
{
    const unsigned bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (unsigned short)0x7fff;
    return (unsigned short)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

__device__ __forceinline__ unsigned pack_bf16x2(float low, float high)
{
    return (unsigned)float_to_bf16(low) | ((unsigned)float_to_bf16(high) << 16);
}
#endif

__device__ __forceinline__ unsigned short float_to_fp16(float value)
{
    unsigned short bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
}

#if __CUDA_ARCH__ < 800
__device__ __forceinline__ unsigned pack_fp16x2(float low, float high)
{
    return (unsigned)float_to_fp16(low) | ((unsigned)float_to_fp16(high) << 16);
}
#endif

__device__ __forceinline__ float fp16_to_float(unsigned short bits)
{
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
}

__device__ __forceinline__ float bf16_to_float(unsigned short bits) { return __uint_as_float((unsigned)bits << 16); }
__device__ __forceinline__ float bf16x2_low(unsigned pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float bf16x2_high(unsigned pair) { return __uint_as_float(pair & 0xffff0000u); }
__device__ __forceinline__ float fp16x2_low(unsigned pair) { return fp16_to_float((unsigned short)pair); }
__device__ __forceinline__ float fp16x2_high(unsigned pair) { return fp16_to_float((unsigned short)(pair >> 16)); }

#endif // FOCALNET_EMULATOR
