// A false libcublas.so.12: the strided batch of products, by its definition. It shares the driver's streams, so that it is captured too.
#include "fake_cuda.h"

enum : int { NotInitializedStatus = 1, InvalidValueStatus = 7, ExecutionFailed = 13 };

struct Handle { void* stream = nullptr; void* workspace = nullptr; };

// The driver counts these calls, too, and makes them fail where a test says so.
static int count(const char* function)
{
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    return enter(function, false);
}

EXPORT int cublasCreate_v2(void** handle)
{
    if (count("cublasCreate_v2")) return NotInitializedStatus;
    *handle = new Handle;
    return 0;
}

EXPORT int cublasDestroy_v2(void* handle)
{
    delete (Handle*)handle;
    return 0;
}

EXPORT int cublasGetProperty(int property, int* value)
{
    *value = property == 0 ? 12 : property == 1 ? 8 : 4;
    return 0;
}

EXPORT int cublasGetVersion_v2(void*, int* version)
{
    *version = 120804;
    return 0;
}

EXPORT int cublasSetStream_v2(void* handle, void* stream)
{
    // As the real one does: a new stream gives up the workspace.
    *(Handle*)handle = { stream, nullptr };
    return 0;
}

EXPORT int cublasSetWorkspace_v2(void* handle, void* workspace, size_t bytes)
{
    if (!is_device_range(workspace, bytes)) return InvalidValueStatus;
    ((Handle*)handle)->workspace = workspace;
    return 0;
}

EXPORT int cublasSgemmStridedBatched(
    void* handle, int transpose_a, int transpose_b, int m, int n, int k, const float* alpha_pointer, const float* a, int lda, long long stride_a,
    const float* b, int ldb, long long stride_b, const float* beta_pointer, float* c, int ldc, long long stride_c, int batch)
{
    auto* blas = (Handle*)handle;
    if (count("cublasSgemmStridedBatched")) return ExecutionFailed;
    // Without a workspace of its own it would allocate in a capture.
    if (blas == nullptr || blas->workspace == nullptr) return NotInitializedStatus;
    if (m < 1 || n < 1 || k < 1 || batch < 1 || lda < (transpose_a ? k : m) || ldb < (transpose_b ? n : k) || ldc < m) return InvalidValueStatus;
    const size_t extent_a = (size_t)(batch - 1) * stride_a + (size_t)((transpose_a ? m : k) - 1) * lda + (transpose_a ? k : m);
    const size_t extent_b = (size_t)(batch - 1) * stride_b + (size_t)((transpose_b ? k : n) - 1) * ldb + (transpose_b ? n : k);
    const size_t extent_c = (size_t)(batch - 1) * stride_c + (size_t)(n - 1) * ldc + m;
    if (!is_device_range(a, extent_a * 4) || !is_device_range(b, extent_b * 4) || !is_device_range(c, extent_c * 4)) return InvalidValueStatus;
    const float alpha = *alpha_pointer, beta = *beta_pointer;
    const std::function<int()> work = [=] {
        for (int i = 0; i < batch; i++)
        {
            const float *left = a + i * stride_a, *right = b + i * stride_b;
            float* result = c + i * stride_c;
            for (int column = 0; column < n; column++)
                for (int row = 0; row < m; row++)
                {
                    double sum = 0;
                    for (int j = 0; j < k; j++)
                        sum += (double)left[transpose_a ? (size_t)row * lda + j : (size_t)j * lda + row] * right[transpose_b ? (size_t)j * ldb + column : (size_t)column * ldb + j];
                    float& target = result[(size_t)column * ldc + row];
                    // β = 0 does not read what it replaces.
                    target = (float)(alpha * sum + (beta == 0 ? 0 : (double)beta * target));
                }
        }
        return Success;
    };
    return fake_cuda_enqueue(blas->stream, &work) == Success ? 0 : ExecutionFailed;
}
