// Number, mean and sum of squared deviations of a set of values. Sums of values and of their squares would lose the digits of a variance that is
// small beside the mean: at mean 100 and deviation 1 four of seven.

struct Moments { float count, mean, squares; };

// Values as they come: their deviations from the first one. `count` is their number without this one.
struct MomentSums { float first, sum, squares; };

__device__ __forceinline__ void add_value(MomentSums& sums, float count, float value)
{
    if (count == 0.0f) sums.first = value;
    const float deviation = value - sums.first;
    sums.sum += deviation;
    sums.squares = fmaf(deviation, deviation, sums.squares);
}

__device__ __forceinline__ Moments moments_of(const MomentSums& sums, float count)
{
    const float shift = count == 0.0f ? 0.0f : sums.sum / count;
    return { count, sums.first + shift, fmaxf(sums.squares - sums.sum * shift, 0.0f) };
}

// Both sets together (Chan, Golub and LeVeque 1979).
__device__ __forceinline__ Moments together(const Moments& a, const Moments& b)
{
    const float count = a.count + b.count;
    if (count == 0.0f) return { 0.0f, 0.0f, 0.0f };
    const float share = b.count / count, difference = b.mean - a.mean;
    return { count, a.mean + difference * share, a.squares + b.squares + difference * difference * a.count * share };
}

// With the lane whose number differs in bit `lanes`: the lower lane's set is the first one, so that both get the same.
__device__ __forceinline__ Moments together_across(const Moments& mine, int lane, int lanes)
{
    const Moments other = {
        __shfl_xor_sync(0xffffffffu, mine.count, lanes), __shfl_xor_sync(0xffffffffu, mine.mean, lanes), __shfl_xor_sync(0xffffffffu, mine.squares, lanes) };
    return (lane & lanes) == 0 ? together(mine, other) : together(other, mine);
}
