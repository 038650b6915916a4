// Number, mean and sum of squared deviations of a set of values. Sums of values and of their squares would lose the digits of a variance that is
// small beside the mean: at mean 100 and deviation 1 four of seven.

struct Moments { float count, mean, squares; };

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
