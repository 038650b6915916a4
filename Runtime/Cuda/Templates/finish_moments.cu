// needs: arithmetic.cu moments.cu
// Moments of the parts of a picture (scm.cu), [pictures, PARTS, 3, ELEMENTS], put together in a fixed order: the mean is stored, the variance goes
// to the body. A warp has one result. Blocks: results over 8.
template <int ELEMENTS, int PARTS, int PITCH, class Body>
__device__ __forceinline__ void finish_moments(Body& body, const float* partial, float* mean, int results, int block)
{
    const int index = block * 8 + threadIdx.x / 32, lane = threadIdx.x % 32, element = index % ELEMENTS, picture = index / ELEMENTS;
    Moments total = { 0.0f, 0.0f, 0.0f };
    if (index < results)
    {
        for (int part = lane; part < PARTS; part += 32)
        {
            const float* from = partial + (picture * PARTS + part) * 3 * ELEMENTS + element;
            total = together(total, { from[0], from[ELEMENTS], from[2 * ELEMENTS] });
        }
    }
    #pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2) total = together_across(total, lane, lanes);
    if (index < results && lane == 0)
    {
        mean[picture * PITCH + element] = total.mean;
        float variance[1] = { total.squares / total.count };
        body.apply(variance, picture, picture, 0, 0, element);
    }
}
