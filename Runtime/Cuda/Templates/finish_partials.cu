// Adds partial results, each part's values behind the other's, in the order of the parts: many tensors in one launch.

// One tensor: values of a part, number of parts, and the values of all tensors before it.
struct PartialSums { int values, parts, first; };

// ⌈Sums::values / 256⌉ blocks of 256 threads. Sums::count tensors of Sums::values values in all. sums.at(i), sums.partials(i) and sums.store(i, index, value) describe them.
template <class Sums>
__device__ __forceinline__ void finish_partials(const Sums& sums, int block)
{
    const int index = block * 256 + threadIdx.x;
    if (index >= Sums::values) return;
    // The last tensor that begins at or before the value.
    int low = 0, high = Sums::count - 1;
    while (low < high)
    {
        const int middle = (low + high + 1) / 2;
        if (sums.at(middle).first <= index) low = middle;
        else high = middle - 1;
    }
    const PartialSums tensor = sums.at(low);
    const float* part = sums.partials(low) + (index - tensor.first);
    float sum = 0.0f;
    #pragma unroll 4
    for (int i = 0; i < tensor.parts; i++) sum += part[(long long)i * tensor.values];
    sums.store(low, index - tensor.first, sum);
}
