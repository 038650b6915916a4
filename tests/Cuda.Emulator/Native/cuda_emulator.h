// CUDA C on the host: put before an unchanged kernel text, this header makes g++ accept it as C++17.
// It includes no system header, so that a kernel text can use any name that NVRTC would let it use.
// The other half (scheduler, checker, tensor cores) is emulator_runtime.cpp, compiled apart and never instrumented.
#pragma once

#if !defined(__x86_64__) || !defined(__GNUC__)
#error "The CUDA emulator switches fibers in x86-64 assembly: it needs g++ on x86-64."
#endif

#define FOCALNET_EMULATOR 1
#ifndef __CUDA_ARCH__
#define __CUDA_ARCH__ 900
#endif

#define __global__ __attribute__((noinline, noclone))
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
// Shared memory is the module's thread-local block: one declaration form covers static and dynamic arrays.
#define __shared__ thread_local
#define __constant__ __attribute__((visibility("default"), used))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __grid_constant__

#include "interface.h"
#include "vector_types.h"
#include "math_functions.h"
#include "thread_functions.h"
#include "ptx_functions.h"
#include "kernel_entry.h"

// Last, because the attributes above are spelled with it.
#define __noinline__ __attribute__((noinline))
