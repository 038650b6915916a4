// The emulator's runtime as one translation unit. It is compiled once, without instrumentation, and linked to each module.
#include "runtime.h"

#include "scheduler.cpp"
#include "collectives.cpp"
#include "tensor_cores.cpp"
#include "warpgroups.cpp"
#include "async_copy.cpp"
#include "checker.cpp"
#include "instrumentation.cpp"
