// The fixed table of device functions behind which all PTX stays, as defined by ptx_table.md. On the device
// device_functions.cu defines the same names in inline assembly.
#pragma once

EMU_INLINE void emu_mma_lane(float (&d)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1, int kind, int line)
{
    // A copy, so that the caller's accumulators can stay in registers.
    EmuMma lane = { { d[0], d[1], d[2], d[3] }, { a0, a1, a2, a3 }, { b0, b1 } };
    emu_mma(&lane, kind, line);
    d[0] = lane.d[0]; d[1] = lane.d[1]; d[2] = lane.d[2]; d[3] = lane.d[3];
}

EMU_INLINE void mma_m16n8k16_bf16(float (&d)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1, EMU_LINE)
{
    emu_mma_lane(d, a0, a1, a2, a3, b0, b1, EmuBf16K16, line);
}
EMU_INLINE void mma_m16n8k16_fp16(float (&d)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1, EMU_LINE)
{
    emu_mma_lane(d, a0, a1, a2, a3, b0, b1, EmuFp16K16, line);
}
EMU_INLINE void mma_m16n8k8_fp16(float (&d)[4], unsigned a0, unsigned a1, unsigned b0, EMU_LINE)
{
    emu_mma_lane(d, a0, a1, 0, 0, b0, 0, EmuFp16K8, line);
}
EMU_INLINE void mma_m16n8k8_tf32(float (&d)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1, EMU_LINE)
{
    emu_mma_lane(d, a0, a1, a2, a3, b0, b1, EmuTf32K8, line);
}

#define EMU_LDMATRIX(suffix, transposed)                                                                              \
    EMU_INLINE void ldmatrix_x1##suffix(unsigned& r0, const void* row, EMU_LINE)                                      \
    {                                                                                                                 \
        EmuLoadMatrix lane = { row, {} };                                                                             \
        emu_ldmatrix(&lane, 1, transposed, line);                                                                     \
        r0 = lane.r[0];                                                                                               \
    }                                                                                                                 \
    EMU_INLINE void ldmatrix_x2##suffix(unsigned& r0, unsigned& r1, const void* row, EMU_LINE)                        \
    {                                                                                                                 \
        EmuLoadMatrix lane = { row, {} };                                                                             \
        emu_ldmatrix(&lane, 2, transposed, line);                                                                     \
        r0 = lane.r[0]; r1 = lane.r[1];                                                                               \
    }                                                                                                                 \
    EMU_INLINE void ldmatrix_x4##suffix(unsigned& r0, unsigned& r1, unsigned& r2, unsigned& r3, const void* row, EMU_LINE) \
    {                                                                                                                 \
        EmuLoadMatrix lane = { row, {} };                                                                             \
        emu_ldmatrix(&lane, 4, transposed, line);                                                                     \
        r0 = lane.r[0]; r1 = lane.r[1]; r2 = lane.r[2]; r3 = lane.r[3];                                               \
    }
EMU_LDMATRIX(, 0)
EMU_LDMATRIX(_trans, 1)

EMU_INLINE void cp_async_4(void* shared, const void* global) { emu_cp_async(shared, global, 4, 4); }
EMU_INLINE void cp_async_8(void* shared, const void* global) { emu_cp_async(shared, global, 8, 8); }
EMU_INLINE void cp_async_16(void* shared, const void* global) { emu_cp_async(shared, global, 16, 16); }
EMU_INLINE void cp_async_4_zfill(void* shared, const void* global, unsigned bytes) { emu_cp_async(shared, global, 4, bytes); }
EMU_INLINE void cp_async_8_zfill(void* shared, const void* global, unsigned bytes) { emu_cp_async(shared, global, 8, bytes); }
EMU_INLINE void cp_async_16_zfill(void* shared, const void* global, unsigned bytes) { emu_cp_async(shared, global, 16, bytes); }
EMU_INLINE void cp_async_commit() { emu_cp_async_commit(); }
template <int groups_left> EMU_INLINE void cp_async_wait() { emu_cp_async_wait(groups_left); EMU_MEMORY_BARRIER; }

EMU_INLINE int opaque(int value) { return value; }
EMU_INLINE void wait_for_earlier_launches() {}

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
EMU_INLINE SharedMatrix shared_matrix(const void* start, int along_k, int along_rows) { return { static_cast<const unsigned char*>(start), along_k, along_rows }; }
EMU_INLINE void wgmma_fence() {}
EMU_INLINE void wgmma_commit() { emu_wgmma_commit(); }
template <int groups_left> EMU_INLINE void wgmma_wait() { emu_wgmma_wait(groups_left); EMU_MEMORY_BARRIER; }
template <int tiles, int columns> EMU_INLINE void wgmma_sums(float (&)[tiles][columns][4]) { EMU_MEMORY_BARRIER; }
EMU_INLINE void fence_shared_for_wgmma() {}
EMU_INLINE void wgmma_m64k16_bf16(float (&d)[4][4], SharedMatrix a, SharedMatrix b) { emu_wgmma(&d[0][0], 4, a, b); }
EMU_INLINE void wgmma_m64k16_bf16(float (&d)[8][4], SharedMatrix a, SharedMatrix b) { emu_wgmma(&d[0][0], 8, a, b); }
EMU_INLINE void wgmma_m64k16_bf16(float (&d)[16][4], SharedMatrix a, SharedMatrix b) { emu_wgmma(&d[0][0], 16, a, b); }
#endif

EMU_INLINE unsigned pack_bf16x2(float low, float high) { return emu_pack_bf16x2(low, high); }
EMU_INLINE unsigned pack_fp16x2(float low, float high) { return emu_pack_fp16x2(low, high); }
EMU_INLINE unsigned short float_to_bf16(float value) { return (unsigned short)emu_pack_bf16x2(value, 0.0f); }
EMU_INLINE unsigned short float_to_fp16(float value) { return (unsigned short)emu_pack_fp16x2(value, 0.0f); }
EMU_INLINE float bf16_to_float(unsigned short bits) { return __uint_as_float((unsigned)bits << 16); }
EMU_INLINE float fp16_to_float(unsigned short bits) { return emu_fp16_to_float(bits); }
EMU_INLINE float bf16x2_low(unsigned pair) { return __uint_as_float(pair << 16); }
EMU_INLINE float bf16x2_high(unsigned pair) { return __uint_as_float(pair & 0xffff0000u); }
EMU_INLINE float fp16x2_low(unsigned pair) { return emu_fp16_to_float((unsigned short)pair); }
EMU_INLINE float fp16x2_high(unsigned pair) { return emu_fp16_to_float((unsigned short)(pair >> 16)); }
// Round to nearest, ties away from zero, to 10 bits of mantissa (cvt.rna.tf32.f32). Infinity and NaN stay.
EMU_INLINE unsigned float_to_tf32(float value)
{
    const unsigned bits = __float_as_uint(value);
    return (bits & 0x7f800000u) == 0x7f800000u ? bits : (bits + 0x1000u) & 0xffffe000u;
}
