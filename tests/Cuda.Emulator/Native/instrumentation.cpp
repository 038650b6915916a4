// The hooks that g++ calls in a checked build (-fsanitize=thread, and bounds, alignment and division from the undefined
// sanitizer), in place of the sanitizers' own runtimes, which are not linked.

#define HOOK extern "C" __attribute__((noinline))
#define ACCESS_HOOKS(bytes)                                                                                            \
    HOOK void __tsan_read##bytes(void* a) { check_access(a, bytes, false, false, __builtin_return_address(0)); }       \
    HOOK void __tsan_write##bytes(void* a) { check_access(a, bytes, true, false, __builtin_return_address(0)); }       \
    HOOK void __tsan_volatile_read##bytes(void* a) { check_access(a, bytes, false, false, __builtin_return_address(0)); } \
    HOOK void __tsan_volatile_write##bytes(void* a) { check_access(a, bytes, true, false, __builtin_return_address(0)); }
#define UNALIGNED_HOOKS(bytes)                                                                                         \
    HOOK void __tsan_unaligned_read##bytes(void* a) { check_access(a, bytes, false, false, __builtin_return_address(0)); } \
    HOOK void __tsan_unaligned_write##bytes(void* a) { check_access(a, bytes, true, false, __builtin_return_address(0)); }
ACCESS_HOOKS(1)
ACCESS_HOOKS(2)
ACCESS_HOOKS(4)
ACCESS_HOOKS(8)
ACCESS_HOOKS(16)
UNALIGNED_HOOKS(2)
UNALIGNED_HOOKS(4)
UNALIGNED_HOOKS(8)
UNALIGNED_HOOKS(16)
HOOK void __tsan_read_range(void* a, size_t bytes) { check_access(a, (unsigned)bytes, false, false, __builtin_return_address(0)); }
HOOK void __tsan_write_range(void* a, size_t bytes) { check_access(a, (unsigned)bytes, true, false, __builtin_return_address(0)); }
HOOK void __tsan_init() {}
HOOK void __tsan_func_entry(void*) {}
HOOK void __tsan_func_exit() {}

// The layouts are those of libubsan's ubsan_handlers.h.
struct SourceLocation { const char* file; unsigned line, column; };
struct TypeMismatch { SourceLocation where; const void* type; unsigned char log_alignment, check_kind; };
struct OutOfBounds { SourceLocation where; const void *array, *index; };
struct Overflow { SourceLocation where; const void* type; };

HOOK void __ubsan_handle_type_mismatch_v1(TypeMismatch* data, void* address)
{
    if (emulator.current == nullptr) return;
    char detail[128];
    snprintf(detail, sizeof(detail), "line %u accesses it as a type aligned to %u bytes", data->where.line, 1u << data->log_alignment);
    fail_at(ErrorKind::Misaligned, address, 0, false, __builtin_return_address(0), detail);
}

HOOK void __ubsan_handle_out_of_bounds(OutOfBounds* data, uint64_t index)
{
    EmuError& error = begin_error(ErrorKind::IndexOutOfRange);
    error.line = (int)data->where.line;
    snprintf(error.detail, sizeof(error.detail), "index %lld is outside the array's declared size", (long long)index);
    abandon();
}

HOOK void __ubsan_handle_divrem_overflow(Overflow* data, uint64_t, uint64_t)
{
    EmuError& error = begin_error(ErrorKind::DivisionByZero);
    error.line = (int)data->where.line;
    abandon();
}
