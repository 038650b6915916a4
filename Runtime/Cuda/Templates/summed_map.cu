// needs: reduction.cu
// Arithmetic on pixels that takes a sum over all pixels of their picture: a block adds the partial results, [pictures, chunks, channels], itself, always in the
// same order. The sum, and what else a body reads of each channel, lie in shared memory as rows of floats, [row][channel], for all pixels of the block. A Body has
//     Operands<V>                         what it reads of V channels of a pixel
//     fetch(operands, pixel, …)           reads it
//     apply(value, operands, pixel, …)    does the arithmetic, and stores; there is no value

// What is read of each channel beside the sum, and how far it is from one picture's to the next one's.
template <int ROWS> struct ChannelRows
{
    static constexpr int rows = ROWS;
    const float* from[larger_of(ROWS, 1)];
    int step[larger_of(ROWS, 1)];
};

// KEEP: other kernels read the sum, PITCH elements a picture; the first block of each picture stores it. Threads side by side have a channel each, and where there are
// few channels SLICES of them share the chunks of one.
template <int CHANNELS, int CHUNKS, bool MAXIMUM, bool KEEP, int PITCH> struct PictureSum
{
    static constexpr int channels = CHANNELS, columns = smaller_of(power_of_two_from(CHANNELS), 256), slices = 256 / columns, length = (CHUNKS + slices - 1) / slices;
    static constexpr int shared_floats = slices * CHANNELS;
    const float* partial;
    float* result;

    // Of the chunks of a slice, with all loads on their way before any is waited for.
    __device__ __forceinline__ void load(float (&terms)[length], int image, int channel, int slice) const
    {
        const float* from = partial + (image * CHUNKS + slice * length) * CHANNELS + channel;
        #pragma unroll
        for (int i = 0; i < length; i++) terms[i] = CHUNKS % slices == 0 || slice * length + i < CHUNKS ? from[i * CHANNELS] : neutral_of(MAXIMUM);
    }

    __device__ __forceinline__ float added(const float (&terms)[length]) const
    {
        float total = terms[0];
        #pragma unroll
        for (int i = 1; i < length; i++) total = combine(MAXIMUM, total, terms[i]);
        return total;
    }

    __device__ __forceinline__ float together(const float* parts, int channel) const
    {
        float total = parts[channel];
        #pragma unroll
        for (int slice = 1; slice < slices; slice++) total = combine(MAXIMUM, total, parts[slice * CHANNELS + channel]);
        return total;
    }

    __device__ __forceinline__ void keep(float total, int image, int channel, bool is_first) const
    {
        if (KEEP && is_first) result[image * PITCH + channel] = total;
    }
};

// The rows of a picture: the sum's first. Shared memory: (1 + Rows::rows) · channels + Sum::shared_floats floats.
template <class Sum, class Rows> __device__ __forceinline__ void bring_rows(const Sum& sum, const Rows& rows, float* shared, int image, bool is_first)
{
    constexpr int channels = Sum::channels;
    const int slice = threadIdx.x / Sum::columns;
    float* parts = shared + (1 + Rows::rows) * channels;
    #pragma unroll 1
    for (int channel = threadIdx.x % Sum::columns; channel < channels; channel += Sum::columns)
    {
        // Slices share the rows, too.
        float row[larger_of(Rows::rows, 1)], terms[Sum::length];
        #pragma unroll
        for (int r = 0; r < Rows::rows; r++) row[r] = slice == r % Sum::slices ? rows.from[r][image * rows.step[r] + channel] : 0.0f;
        sum.load(terms, image, channel, slice);
        #pragma unroll
        for (int r = 0; r < Rows::rows; r++)
        {
            if (slice == r % Sum::slices) shared[(1 + r) * channels + channel] = row[r];
        }
        parts[slice * channels + channel] = sum.added(terms);
    }
    __syncthreads();
    #pragma unroll 1
    for (int channel = threadIdx.x; channel < channels; channel += 256)
    {
        const float total = sum.together(parts, channel);
        shared[channel] = total;
        sum.keep(total, image, channel, is_first);
    }
    __syncthreads();
}

// V channels of a pixel of a tile. Outside of the tile, or of the picture, another one is read, so that no load waits for a branch.
template <int V, int CHANNELS, int HEIGHT, int WIDTH> struct MapUnit
{
    static constexpr int groups = CHANNELS / V, count = HEIGHT * WIDTH * groups;
    int y, x, channel;
    bool inside;
    __device__ __forceinline__ MapUnit(unsigned unit, int y0, int x0, int height, int width)
    {
        const unsigned of = min(unit, count - 1u);
        const int row = y0 + (int)(of / groups / WIDTH), column = x0 + (int)(of / groups % WIDTH);
        channel = of % groups * V;
        inside = unit < count && row < height && column < width;
        y = min(row, height - 1);
        x = min(column, width - 1);
    }
};

// Blocks: tiles of HEIGHT × WIDTH pixels of all pictures.
template <int V, int HEIGHT, int WIDTH, class Sum, class Rows, class Body>
__device__ __forceinline__ void summed_map(const Sum& sum, const Rows& rows, Body& body, int height, int width, int block, unsigned char* memory)
{
    typedef MapUnit<V, Sum::channels, HEIGHT, WIDTH> Unit;
    const unsigned down = (height + HEIGHT - 1) / HEIGHT, across = (width + WIDTH - 1) / WIDTH, strip = block / across, image = block / (down * across);
    const int y0 = (strip - image * down) * HEIGHT, x0 = (block - strip * across) * WIDTH;
    #pragma unroll 1
    for (int start = 0; start < Unit::count; start += 512)
    {
        // Two at a time; the first pixels are on their way while the rows come.
        const Unit one(start + threadIdx.x, y0, x0, height, width), two(start + 256 + threadIdx.x, y0, x0, height, width);
        const int first = (image * height + one.y) * width + one.x, second = (image * height + two.y) * width + two.x;
        typename Body::template Operands<V> of_one, of_two;
        float none[V] = {};
        body.fetch(of_one, first, image, one.y, one.x, one.channel);
        body.fetch(of_two, second, image, two.y, two.x, two.channel);
        if (start == 0) bring_rows(sum, rows, reinterpret_cast<float*>(memory), image, y0 + x0 == 0);
        if (one.inside) body.apply(none, of_one, first, image, one.y, one.x, one.channel);
        if (two.inside) body.apply(none, of_two, second, image, two.y, two.x, two.channel);
    }
}
