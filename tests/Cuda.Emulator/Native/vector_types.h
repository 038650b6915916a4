// CUDA's built-in vector types with their alignment, and make_* functions.
#pragma once

#define EMU_VECTOR2(name, type, bytes)                                            \
    struct __attribute__((aligned(bytes))) name { type x, y; };                   \
    EMU_INLINE name make_##name(type x, type y) { return { x, y }; }
#define EMU_VECTOR3(name, type)                                                   \
    struct name { type x, y, z; };                                                \
    EMU_INLINE name make_##name(type x, type y, type z) { return { x, y, z }; }
#define EMU_VECTOR4(name, type, bytes)                                            \
    struct __attribute__((aligned(bytes))) name { type x, y, z, w; };             \
    EMU_INLINE name make_##name(type x, type y, type z, type w) { return { x, y, z, w }; }

EMU_VECTOR2(char2, signed char, 2)
EMU_VECTOR2(uchar2, unsigned char, 2)
EMU_VECTOR2(short2, short, 4)
EMU_VECTOR2(ushort2, unsigned short, 4)
EMU_VECTOR2(int2, int, 8)
EMU_VECTOR2(uint2, unsigned, 8)
EMU_VECTOR2(float2, float, 8)
EMU_VECTOR2(longlong2, long long, 16)
EMU_VECTOR2(ulonglong2, unsigned long long, 16)
EMU_VECTOR3(int3, int)
EMU_VECTOR3(float3, float)
EMU_INLINE uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return { x, y, z }; }
EMU_VECTOR4(char4, signed char, 4)
EMU_VECTOR4(uchar4, unsigned char, 4)
EMU_VECTOR4(short4, short, 8)
EMU_VECTOR4(ushort4, unsigned short, 8)
EMU_VECTOR4(int4, int, 16)
EMU_VECTOR4(uint4, unsigned, 16)
EMU_VECTOR4(float4, float, 16)
