// needs: depthwise_tile.cu
// The adjoint of a depthwise convolution of stride 1 with respect to its weight: Σ dy · x over the pixels of a chunk, [chunk][channel][ky][kx].

// What a block holds: x as the convolution reads it, dy without a halo. A thread has one column of taps, and of a tile's columns every `beside`-th.
template <class Tile, class DY, int PITCH> struct DepthwiseGradient
{
    static constexpr int beside = Tile::slots / Tile::taps_x, sums = Tile::slots * Tile::taps_y * Tile::group * 4;
    static constexpr int dy_bytes = Tile::height * Tile::width * Tile::group * (int)sizeof(DY), pitch = PITCH;
    static constexpr int shared_bytes = larger_of(Tile::in_bytes + dy_bytes, sums);
    static_assert(beside >= 1, "a row of taps has no more columns than a block has threads for a channel");
};

// One column of dy with a column of x: each dy meets the taps of a column.
template <class Tile, class DY>
__device__ __forceinline__ void add_column(float (&sums)[Tile::taps_y][2], const typename Tile::Element* x, const DY* dy)
{
    float in[Tile::run][2], gradient[Tile::rows][2];
    #pragma unroll
    for (int r = 0; r < Tile::rows; r++) load_channels<DY, 2, 2>(dy + r * Tile::width * Tile::group, gradient[r]);
    #pragma unroll
    for (int i = 0; i < Tile::run; i++) load_channels<typename Tile::Element, 2, 2>(x + i * Tile::in_width * Tile::group, in[i]);
    #pragma unroll
    for (int r = 0; r < Tile::rows; r++)
    {
        #pragma unroll
        for (int ky = 0; ky < Tile::taps_y; ky++)
        {
            sums[ky][0] += gradient[r][0] * in[r + ky][0];
            sums[ky][1] += gradient[r][1] * in[r + ky][1];
        }
    }
}

// A chunk has every CHUNKS-th tile of the batch. Blocks: CHUNKS × groups of channels. Shared memory: Gradient::shared_bytes.
template <class Tile, class Gradient, int CHUNKS, class DY>
__device__ __forceinline__ void depthwise_tile_gradient(
    const typename Tile::Element* x, const DY* dy, float* partial, int images, int in_height, int in_width, int height, int width, int block, unsigned char* memory)
{
    const int channel = block % Tile::groups * Tile::group, chunk = block / Tile::groups, last = images * depthwise_tiles<Tile>(height, width);
    const int lane = threadIdx.x % Tile::lanes, slot = threadIdx.x / Tile::lanes, kx = slot / Gradient::beside;
    float sums[Tile::taps_y][2] = {};
    for (int tile = chunk; tile < last; tile += CHUNKS)
    {
        const DepthwisePlace place = depthwise_place<Tile>(tile, height, width);
        bring_residue<Tile::in_height, Tile::in_width, Tile::group, Tile::dilation, Tile::pitch>(
            memory, x, place.image, place.y - Tile::padding, place.x - Tile::padding, channel, in_height, in_width);
        bring_residue<Tile::height, Tile::width, Tile::group, Tile::dilation, Gradient::pitch>(
            memory + Tile::in_bytes, dy, place.image, place.y, place.x, channel, height, width);
        cp_async_commit();
        cp_async_wait<0>();
        __syncthreads();
        const int columns = min(Tile::width, (width - place.x + Tile::dilation - 1) / Tile::dilation);
        if (kx < Tile::taps_x)
        {
            #pragma unroll 1
            for (int row = 0; row < Tile::height; row += Tile::rows)
                #pragma unroll 1
                for (int column = slot % Gradient::beside; column < columns; column += Gradient::beside)
                    add_column<Tile>(
                        sums, reinterpret_cast<const typename Tile::Element*>(memory) + (row * Tile::in_width + column + kx) * Tile::group + lane * 2,
                        reinterpret_cast<const DY*>(memory + Tile::in_bytes) + (row * Tile::width + column) * Tile::group + lane * 2);
        }
        __syncthreads();
    }
    float* shared = reinterpret_cast<float*>(memory);
    #pragma unroll
    for (int ky = 0; ky < Tile::taps_y; ky++) store_vector<2, 2>(shared + (slot * Tile::taps_y + ky) * Tile::group + lane * 2, sums[ky]);
    __syncthreads();
    for (int unit = threadIdx.x; unit < Tile::taps * Tile::group; unit += 256)
    {
        const int of = unit / Tile::taps, tap = unit % Tile::taps, first = tap % Tile::taps_x * Gradient::beside;
        float total = 0.0f;
        #pragma unroll
        for (int from = 0; from < Gradient::beside; from++) total += shared[((first + from) * Tile::taps_y + tap / Tile::taps_x) * Tile::group + of];
        partial[(chunk * Tile::channels + channel) * Tile::taps + unit] = total;
    }
}
