// The emulator's runtime, once for all modules: kernels find its functions here.
#include "emulator_runtime.cpp"

int emulate(EmuLaunch* launch) { return emu_launch(launch); }
