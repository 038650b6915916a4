// needs: halo_tile.cu moments.cu
// Four convolutions in a row as one kernel: 3×3 from few channels (a picture), 1×1, 3×3, 1×1, each but the last followed by what its middle body
// does (bias, GELU). The last is followed by the moments of each channel, of which the consumer makes an instance norm (finish_moments.cu).
// A block walks over the tiles of one part of one image in order. The parts are fixed in the plan, so that the sums depend on no GPU.
// Weights are read from global memory, in whole fragments: the 3×3 in the middle has more of them than shared memory would hold beside the
// tiles, and the eight warps of a block read the same lines of L1 at about the same time.

// TileH × TileW output pixels; 8 warps, WarpsM of them along pixels. C1, C2 and C3 channels between, Written in the end.
template <class T, int Read_, int C1_, int C2_, int C3_, int Written_, int TileH_, int TileW_, int WarpsM_>
struct ScmTile
{
    typedef T Element;
    static constexpr int Read = Read_, C1 = C1_, C2 = C2_, C3 = C3_, Written = Written_, TileH = TileH_, TileW = TileW_, WarpsM = WarpsM_;
    static constexpr int threads = 256, WarpsN = 8 / WarpsM;
    typedef HaloTile<T, Read, TileH + 4, TileW + 4> Input;
    typedef HaloTile<T, C1, TileH + 2, TileW + 2> First;
    typedef HaloTile<T, C2, TileH + 2, TileW + 2> Second;
    typedef HaloTile<T, C3, TileH, TileW> Third;
    // The third takes the place of input and first, which are read by then.
    static constexpr int second = larger_of(Input::bytes + First::bytes, Third::bytes), sums = second + Second::bytes;
    static constexpr int shared_bytes = sums + WarpsM * Written * 12;
};

// Puts what a convolution gives into the next one's input tile. Zero outside of the picture, if the next one looks there.
template <class To, int TileH, int TileW, class Body>
struct StoreTile
{
    Body& body;
    unsigned char* tile;
    int height, width, y0, x0;
    template <int V> __device__ __forceinline__ void apply(float (&value)[V], int index, int image, int y, int x, int channel)
    {
        if ((unsigned)y < (unsigned)height && (unsigned)x < (unsigned)width)
        {
            const bool own = (unsigned)(y - y0) < (unsigned)TileH && (unsigned)(x - x0) < (unsigned)TileW;
            body.template apply<V>(value, (image * height + y) * width + x, image, y, x, channel, own);
        }
        else
        {
            #pragma unroll
            for (int v = 0; v < V; v++) value[v] = 0.0f;
        }
        To::template store<V>(tile, index, channel, value);
    }
};

// One convolution from a tile to a tile. A warp has OutH·OutW / WarpsM pixels and Written / WarpsN channels, both rounded up to 16.
template <class Scm, class From, class To, int Kernel, int OutH, int OutW, class Body>
__device__ __forceinline__ void convolve_to_tile(
    const unsigned char* from, const void* weights, Body& body, unsigned char* to, int height, int width, int image, int y, int x, int y0, int x0)
{
    constexpr int blocks = ceil_div(To::Channels, 16), rows = ceil_div(OutH * OutW, 16 * Scm::WarpsM) * 16, columns = ceil_div(blocks, Scm::WarpsN) * 16;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first = warp % Scm::WarpsM * rows, column = warp / Scm::WarpsM * columns;
    // Warps without channels have nothing to do: the second half of a narrow layer.
    if (column >= blocks * 16) return;
    float acc[rows / 16][columns / 8][4] = {};
    convolve_halo<From, Kernel, OutH, OutW>(acc, from, first, static_cast<const unsigned char*>(weights), column, blocks, lane);
    StoreTile<To, Scm::TileH, Scm::TileW, Body> store = { body, to, height, width, y0, x0 };
    const TilePlaces<OutW> places = { first, OutH * OutW, image, y, x };
    finish_tile<To::Channels>(store, acc, places, column, lane);
}

// Moments of one lane's channels, of whatever the body leaves in `value`.
template <class Scm, int Groups, class Body>
struct ChannelMoments
{
    Body& body;
    int height, width, first_channel;
    float count[Groups];
    MomentSums sums[Groups][8];
    template <int V> __device__ __forceinline__ void apply(float (&value)[V], int, int image, int y, int x, int channel)
    {
        if (y >= height || x >= width) return;
        body.template apply<V>(value, (image * height + y) * width + x, image, y, x, channel, true);
        // Four lanes have the four groups of 8 channels of 32: which 32 is known when the text is compiled.
        #pragma unroll
        for (int group = 0; group < Groups; group++)
            if ((channel - first_channel) / 32 == group)
            {
                #pragma unroll
                for (int v = 0; v < V; v++) add_value(sums[group][v], count[group], value[v]);
                count[group] += 1.0f;
            }
    }
};

// One part of one image: block = image · Parts + part. All bodies are middle bodies as in fused_residual_block.cu; `body` gets the last convolution's
// sum and leaves in `value` that of which moments are wanted: [image][part][count, mean, squared deviations][Written].
template <class Scm, int Parts, class Source, class First, class Second, class Third, class Body>
__device__ __forceinline__ void scm(
    const Source& source, const void* weights1, First& first, const void* weights2, Second& second, const void* weights3,
    Third& third, const void* weights4, Body& body, float* moments, int images, int height, int width, int block, unsigned char* shared)
{
    constexpr int TileH = Scm::TileH, TileW = Scm::TileW, blocks = Scm::Written / 16;
    constexpr int rows = ceil_div(TileH * TileW, 16 * Scm::WarpsM) * 16, columns = Scm::Written / Scm::WarpsN, groups = columns / 32;
    static_assert(columns % 32 == 0, "a lane has whole groups of 8 channels");
    unsigned char* input = shared;
    unsigned char* tile1 = input + Scm::Input::bytes;
    unsigned char* tile2 = shared + Scm::second;
    unsigned char* tile3 = shared;
    Moments* warp_moments = reinterpret_cast<Moments*>(shared + Scm::sums);
    const int image = block / Parts, part = block % Parts, across = (width + TileW - 1) / TileW, tiles = (height + TileH - 1) / TileH * across;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first_row = warp % Scm::WarpsM * rows, column = warp / Scm::WarpsM * columns;
    ChannelMoments<Scm, groups, Body> total = { body, height, width, column, {}, {} };

    const int end = (int)((long long)tiles * (part + 1) / Parts);
    for (int tile = (int)((long long)tiles * part / Parts); tile < end; tile++)
    {
        const int y0 = tile / across * TileH, x0 = tile % across * TileW;
        bring_halo<typename Scm::Input, Scm::threads>(input, source, image, y0 - 2, x0 - 2);
        cp_async_commit();
        cp_async_wait<0>();
        __syncthreads();
        convolve_to_tile<Scm, typename Scm::Input, typename Scm::First, 3, TileH + 2, TileW + 2>(
            input, weights1, first, tile1, height, width, image, y0 - 1, x0 - 1, y0, x0);
        __syncthreads();
        convolve_to_tile<Scm, typename Scm::First, typename Scm::Second, 1, TileH + 2, TileW + 2>(
            tile1, weights2, second, tile2, height, width, image, y0 - 1, x0 - 1, y0, x0);
        __syncthreads();
        convolve_to_tile<Scm, typename Scm::Second, typename Scm::Third, 3, TileH, TileW>(tile2, weights3, third, tile3, height, width, image, y0, x0, y0, x0);
        __syncthreads();
        float acc[rows / 16][columns / 8][4] = {};
        convolve_halo<typename Scm::Third, 1, TileH, TileW>(acc, tile3, first_row, static_cast<const unsigned char*>(weights4), column, blocks, lane);
        const TilePlaces<TileW> places = { first_row, TileH * TileW, image, y0, x0 };
        finish_tile<Scm::Written>(total, acc, places, column, lane);
        // The next input lies where the third tile is.
        __syncthreads();
    }

    // Over the eight rows of a warp by shuffles, over the warps along pixels in their order.
    #pragma unroll
    for (int group = 0; group < groups; group++)
        #pragma unroll
        for (int v = 0; v < 8; v++)
        {
            Moments sum = moments_of(total.sums[group][v], total.count[group]);
            #pragma unroll
            for (int lanes = 4; lanes < 32; lanes *= 2) sum = together_across(sum, lane, lanes);
            if (lane < 4) warp_moments[warp % Scm::WarpsM * Scm::Written + column + group * 32 + lane * 8 + v] = sum;
        }
    __syncthreads();
    for (int channel = threadIdx.x; channel < Scm::Written; channel += Scm::threads)
    {
        Moments sum = warp_moments[channel];
        #pragma unroll
        for (int i = 1; i < Scm::WarpsM; i++) sum = together(sum, warp_moments[i * Scm::Written + channel]);
        float* mine = moments + block * 3 * Scm::Written + channel;
        mine[0] = sum.count, mine[Scm::Written] = sum.mean, mine[2 * Scm::Written] = sum.squares;
    }
}
