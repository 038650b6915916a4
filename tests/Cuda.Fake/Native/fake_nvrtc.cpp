// A false libnvrtc.so.12: compiles with g++ and the emulator's headers. FAKE_HEADERS and FAKE_FOLDER are given when it is built.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

enum : int { Success = 0, InvalidInput = 3, InvalidOption = 5, CompilationError = 6 };

struct Program { std::string source, name, log, image; };

static std::vector<int> architectures()
{
    const char* text = getenv("FAKE_NVRTC_ARCHITECTURES");
    std::istringstream stream(text != nullptr && *text != 0 ? text : "75 80 86 89 90");
    std::vector<int> result;
    for (int one; stream >> one;) result.push_back(one);
    return result;
}

static std::string read_file(const std::string& path)
{
    std::ifstream stream(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
}

// The names of the kernels: what stands before the parenthesis after __global__, its attribute apart.
static std::vector<std::string> kernels(const std::string& source)
{
    std::vector<std::string> names;
    for (size_t at = source.find("__global__"); at != std::string::npos; at = source.find("__global__", at + 1))
    {
        size_t open = source.find('(', at);
        const size_t bounds = source.find("__launch_bounds__", at);
        if (bounds < open && open != std::string::npos) open = source.find('(', source.find(')', open));
        if (open == std::string::npos) break;
        size_t end = open;
        while (end > at && isspace((unsigned char)source[end - 1])) end--;
        size_t begin = end;
        while (begin > at && (isalnum((unsigned char)source[begin - 1]) || source[begin - 1] == '_')) begin--;
        names.push_back(source.substr(begin, end - begin));
    }
    return names;
}

EXPORT int nvrtcVersion(int* major, int* minor)
{
    *major = 12;
    *minor = 8;
    return Success;
}

EXPORT const char* nvrtcGetErrorString(int result)
{
    switch (result)
    {
        case Success: return "NVRTC_SUCCESS";
        case InvalidInput: return "NVRTC_ERROR_INVALID_INPUT";
        case InvalidOption: return "NVRTC_ERROR_INVALID_OPTION";
        case CompilationError: return "NVRTC_ERROR_COMPILATION";
        default: return "NVRTC_ERROR_INTERNAL_ERROR";
    }
}

EXPORT int nvrtcGetNumSupportedArchs(int* count)
{
    *count = (int)architectures().size();
    return Success;
}

EXPORT int nvrtcGetSupportedArchs(int* result)
{
    for (int one : architectures()) *result++ = one;
    return Success;
}

EXPORT int nvrtcCreateProgram(void** program, const char* source, const char* name, int headers, const char* const*, const char* const*)
{
    if (headers != 0) return InvalidInput;
    *program = new Program { source, name, "", "" };
    return Success;
}

EXPORT int nvrtcDestroyProgram(void** program)
{
    delete (Program*)*program;
    *program = nullptr;
    return Success;
}

// Options as NVRTC takes them to flags of g++.
static int read_options(int count, const char* const* options, std::string* flags, std::string* kind, int* architecture)
{
    for (int i = 0; i < count; i++)
    {
        const std::string option = options[i];
        if (sscanf(option.c_str(), "--gpu-architecture=sm_%d", architecture) == 1)
        {
            *kind = "FAKECUBIN";
            if (option.back() == 'a') *flags += " -D__CUDA_ARCH_FEAT_SM90_ALL=1";
        }
        else if (sscanf(option.c_str(), "--gpu-architecture=compute_%d", architecture) == 1) *kind = "FAKEPTX";
        else if (option == "--std=c++17") *flags += " -std=c++17";
        else if (option.rfind("-D", 0) == 0) *flags += " '" + option + "'";
        else return InvalidOption;
    }
    for (int known : architectures()) if (known == *architecture) return Success;
    return InvalidOption;
}

EXPORT int nvrtcCompileProgram(void* handle, int count, const char* const* options)
{
    auto* program = (Program*)handle;
    std::string flags, kind;
    int architecture = 0;
    if (const int failed = read_options(count, options, &flags, &kind, &architecture)) return failed;
    char folder[] = "/tmp/fake-nvrtc-XXXXXX";
    if (mkdtemp(folder) == nullptr) return InvalidInput;
    const std::string base = std::string(folder) + "/kernel";
    {
        std::ofstream file(base + ".cpp");
        file << "#include \"cuda_emulator.h\"\n#line 1 \"" << program->name << "\"\n" << program->source << "\n#line 1 \"entries\"\n";
        for (const auto& name : kernels(program->source)) file << "EMU_KERNEL(" << name << ")\n";
    }
    std::ostringstream command;
    command << "LC_ALL=C g++ -O2 -march=native -fPIC -fno-strict-aliasing -fno-extern-tls-init -fvisibility=hidden -fno-gnu-unique -fno-exceptions"
            << " -fno-math-errno -w" << flags << " -D__CUDA_ARCH__=" << architecture << "0 -I '" FAKE_HEADERS "' -shared '" << base << ".cpp' '"
            << FAKE_FOLDER "/libcuda.so.1' -lm -o '" << base << ".so' 2> '" << base << ".log'";
    const int status = system(command.str().c_str());
    program->log = read_file(base + ".log");
    const std::string library = read_file(base + ".so");
    for (const char* ending : { ".cpp", ".so", ".log" }) unlink((base + ending).c_str());
    rmdir(folder);
    if (status != 0) return CompilationError;
    program->image = kind + " " + std::to_string(architecture) + " " + std::to_string(library.size()) + "\n" + library;
    return Success;
}

EXPORT int nvrtcGetProgramLogSize(void* program, size_t* size)
{
    *size = ((Program*)program)->log.size() + 1;
    return Success;
}

EXPORT int nvrtcGetProgramLog(void* program, char* log)
{
    const auto& text = ((Program*)program)->log;
    memcpy(log, text.c_str(), text.size() + 1);
    return Success;
}

static int image(void* program, const char* kind, size_t* size, char* bytes)
{
    const auto& text = ((Program*)program)->image;
    if (text.rfind(kind, 0) != 0) return InvalidInput;
    if (size != nullptr) *size = text.size();
    if (bytes != nullptr) memcpy(bytes, text.data(), text.size());
    return Success;
}

EXPORT int nvrtcGetCUBINSize(void* program, size_t* size) { return image(program, "FAKECUBIN", size, nullptr); }
EXPORT int nvrtcGetCUBIN(void* program, char* bytes) { return image(program, "FAKECUBIN", nullptr, bytes); }
EXPORT int nvrtcGetPTXSize(void* program, size_t* size) { return image(program, "FAKEPTX", size, nullptr); }
EXPORT int nvrtcGetPTX(void* program, char* bytes) { return image(program, "FAKEPTX", nullptr, bytes); }
