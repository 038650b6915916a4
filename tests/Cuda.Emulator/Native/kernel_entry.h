// How the host calls a kernel: one record per kernel with a function that unpacks an array of argument pointers,
// as cuLaunchKernel takes them, and one letter per parameter, so that a wrong argument is refused and not reinterpreted.
#pragma once

struct EmuKernel
{
    void (*invoke)(void** arguments);
    const char* signature;
    const unsigned* sizes;
};

template <class T> struct EmuLetter { static constexpr char value = 's'; };
template <class T> struct EmuLetter<T*> { static constexpr char value = 'p'; };
template <> struct EmuLetter<bool> { static constexpr char value = 'b'; };
template <> struct EmuLetter<int> { static constexpr char value = 'i'; };
template <> struct EmuLetter<unsigned> { static constexpr char value = 'u'; };
template <> struct EmuLetter<float> { static constexpr char value = 'f'; };
template <> struct EmuLetter<long long> { static constexpr char value = 'l'; };
template <> struct EmuLetter<unsigned long long> { static constexpr char value = 'm'; };

template <int... I> struct EmuSequence {};

template <auto F> struct EmuEntry;
template <class... P, void (*F)(P...)> struct EmuEntry<F>
{
    static constexpr char signature[sizeof...(P) + 1] = { EmuLetter<P>::value..., 0 };
    static constexpr unsigned sizes[sizeof...(P) + 1] = { (unsigned)sizeof(P)..., 0 };

    template <int... I> __attribute__((no_sanitize("thread"), no_sanitize("undefined")))
    static void call(void** arguments, EmuSequence<I...>)
    {
        (void)arguments;
        F(*static_cast<P*>(arguments[I])...);
    }

    __attribute__((no_sanitize("thread"), no_sanitize("undefined")))
    static void invoke(void** arguments) { call(arguments, EmuSequence<__integer_pack(sizeof...(P))...>()); }
};

#define EMU_KERNEL(name)                                                                 \
    extern "C" __attribute__((visibility("default"))) EmuKernel emu_kernel_##name;       \
    EmuKernel emu_kernel_##name = { EmuEntry<name>::invoke, EmuEntry<name>::signature, EmuEntry<name>::sizes };
