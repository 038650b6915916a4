// needs: halo_tile.cu moments.cu
// Four convolutions in a row as one kernel: 3×3 from few channels (a picture), 1×1, 3×3, 1×1, each but the last followed by what its middle body
// does (bias, GELU). The last is followed by the moments of each channel, of which the consumer makes an instance norm (finish_moments.cu).
// A block walks over the tiles of one part of one image in order. The parts are fixed in the plan, so that the sums depend on no GPU.
// Weights are read from global memory, in whole fragments: the 3×3 in the middle has more of them than shared memory would hold beside the
// tiles, and the eight warps of a block read the same lines of L1 at about the same time.

// How the pixels and channels that a convolution writes are cut into units, of which eight warps compute one after the other. Units are 32×32 pixels and
// channels where that leaves no warp without work, for they read the least for what they compute, else 16×32 or 16×16. Floats take twice the registers
// for what is on its way: 16×16 leave room for three blocks on a multiprocessor, 16×32 for two.
template <class T, int Pixels, int Channels>
struct TileUnits
{
    static constexpr int warps = 8, pieces = ceil_div(Pixels, 16) * ceil_div(Channels, 16);
    static constexpr bool is_wide = sizeof(T) == 2 && Channels % 32 == 0 && ceil_div(pieces, 2 * warps) * 2 <= ceil_div(pieces, warps);
    static constexpr bool is_high = is_wide
        && ceil_div(ceil_div(Pixels, 32) * (Channels / 32), warps) * 2 <= ceil_div(ceil_div(Pixels, 16) * (Channels / 32), warps);
    static constexpr int rows = is_high ? 32 : 16, columns = is_wide ? 32 : 16;
    static constexpr int down = ceil_div(Pixels, rows), across = ceil_div(Channels, columns), count = down * across;
};

// TileH × TileW output pixels; 8 warps. C1, C2 and C3 channels between, Written in the end.
template <class T, int Read_, int C1_, int C2_, int C3_, int Written_, int TileH_, int TileW_>
struct ScmTile
{
    typedef T Element;
    static constexpr int Read = Read_, C1 = C1_, C2 = C2_, C3 = C3_, Written = Written_, TileH = TileH_, TileW = TileW_, threads = 256, warps = 8;
    typedef HaloTile<T, Read, TileH + 4, TileW + 4, true> Input;
    typedef HaloTile<T, C1, TileH + 2, TileW + 2, true> First;
    typedef HaloTile<T, C2, TileH + 2, TileW + 2, true> Second;
    typedef HaloTile<T, C3, TileH, TileW, true> Third;
    // Of the last convolution a lane has 8 channels of each pixel, and a warp 32.
    static constexpr int rows = sizeof(T) == 2 && TileH * TileW > 64 ? 32 : 16, down = ceil_div(TileH * TileW, rows), across = Written / 32;
    static_assert(Written % 32 == 0 && Input::chunks == 1, "a warp has whole groups of 32 channels, and what is read of a pixel is one chunk");
    // The third takes the place of input and first, which are read by then.
    static constexpr int second = larger_of(Input::bytes + First::bytes, Third::bytes), sums = second + Second::bytes;
    static constexpr int shared_bytes = sums + down * Written * 12;
};

// One convolution from a tile to a tile. `ask` is called before the tile that is read is complete: in bf16, where each warp has one unit of few accumulators, its
// weights and what the body reads of channels are on their way then, and not waited for afterwards.
template <class Scm, class From, class To, int Kernel, int OutH, int OutW, class Body>
struct TileStep
{
    typedef typename Scm::Element T;
    typedef TileUnits<T, OutH * OutW, To::Channels> Units;
    typedef HaloRows<From, Kernel, OutH, OutW> Rows;
    static constexpr int NT = Units::columns / 8, MT = Units::rows / 16, V = channels_at_once<NT>(), blocks = ceil_div(To::Channels, 16);
    static constexpr bool streams = sizeof(T) == 2 && !Units::is_high && Units::count == Units::warps;
    WeightStream<Rows::steps, NT, blocks, 16 / NT> stream;
    Body& body;
    const void* weights;

    __device__ __forceinline__ TileStep(Body& body, const void* weights) : body(body), weights(weights) {}
    static __device__ __forceinline__ int column_of(int unit) { return unit % Units::across * Units::columns; }

    __device__ __forceinline__ void ask(int warp, int lane)
    {
        if constexpr (streams)
        {
            stream.begin(weights, column_of(warp), lane);
            body.template keep<V>(channel_of_lane<To::Channels, NT>(column_of(warp), lane));
        }
    }

    // `next` is what comes after it, and asks before this tile is complete.
    template <class Next>
    __device__ __forceinline__ void convolve(
        const unsigned char* from, unsigned char* to, int height, int width, int image, int y, int x, int y0, int x0, int warp, int lane, Next& next)
    {
        StoreTile<To, Body> store = { body, to, height, width, y0, x0, Scm::TileH, Scm::TileW };
        if constexpr (streams)
        {
            float acc[MT][NT][4] = {};
            const int first = warp / Units::across * Units::rows;
            stream.multiply(acc, Rows{ from, first }, lane);
            finish_tile<To::Channels>(store, acc, TilePlaces<OutW>{ first, OutH * OutW, image, y, x }, column_of(warp), lane);
            next.ask(warp, lane);
        }
        else
        {
            #pragma unroll 1
            for (int unit = warp; unit < Units::count; unit += Units::warps)
            {
                const int first = unit / Units::across * Units::rows, column = column_of(unit);
                body.template keep<V>(channel_of_lane<To::Channels, NT>(column, lane));
                float acc[MT][NT][4] = {};
                convolve_halo<From, Kernel, OutH, OutW>(acc, from, first, static_cast<const unsigned char*>(weights), column, blocks, lane);
                finish_tile<To::Channels>(store, acc, TilePlaces<OutW>{ first, OutH * OutW, image, y, x }, column, lane);
            }
            next.ask(warp, lane);
        }
    }
};

// The last convolution, in units of rows × 32 pixels and channels.
template <class Scm, class Body>
struct LastStep
{
    typedef HaloRows<typename Scm::Third, 1, Scm::TileH, Scm::TileW> Rows;
    static constexpr bool streams = sizeof(typename Scm::Element) == 2 && Scm::down * Scm::across == Scm::warps;
    WeightStream<Rows::steps, 4, Scm::Written / 16, 5> stream;
    Body& body;
    const void* weights;

    __device__ __forceinline__ LastStep(Body& body, const void* weights) : body(body), weights(weights) {}
    __device__ __forceinline__ void ask(int warp, int lane)
    {
        if constexpr (streams)
        {
            stream.begin(weights, warp % Scm::across * 32, lane);
            keep(warp, lane);
        }
    }
    __device__ __forceinline__ void keep(int unit, int lane) { body.template keep<8>(unit % Scm::across * 32 + (lane & 3) * 8); }
    __device__ __forceinline__ void multiply(float (&acc)[Scm::rows / 16][4][4], const unsigned char* from, int unit, int lane)
    {
        const int first = unit / Scm::across * Scm::rows, column = unit % Scm::across * 32;
        if constexpr (streams) stream.multiply(acc, Rows{ from, first }, lane);
        else
        {
            keep(unit, lane);
            convolve_halo<typename Scm::Third, 1, Scm::TileH, Scm::TileW>(acc, from, first, static_cast<const unsigned char*>(weights), column, Scm::Written / 16, lane);
        }
    }
};

// Sums over the eight lanes that have other pixels of the same channels.
__device__ __forceinline__ float sum_of_rows(float value)
{
    #pragma unroll
    for (int lanes = 4; lanes < 32; lanes *= 2) value += __shfl_xor_sync(0xffffffffu, value, lanes);
    return value;
}

// Moments of the values that eight lanes have of the same 8 channels, of which each lane is given one: the g-th. Deviations are from the mean of
// the values at hand. `is_there`: pixels in the picture; what the others have does not count.
template <int N>
__device__ __forceinline__ Moments moments_of_rows(const float (&value)[N][8], const bool (&is_there)[N], int g)
{
    float count = 0.0f;
    #pragma unroll
    for (int n = 0; n < N; n++) count += is_there[n] ? 1.0f : 0.0f;
    count = sum_of_rows(count);
    const float share = count == 0.0f ? 0.0f : 1.0f / count;
    Moments mine = { count, 0.0f, 0.0f };
    #pragma unroll
    for (int e = 0; e < 8; e++)
    {
        float sum = 0.0f, squares = 0.0f;
        #pragma unroll
        for (int n = 0; n < N; n++) sum += is_there[n] ? value[n][e] : 0.0f;
        const float mean = sum_of_rows(sum) * share;
        #pragma unroll
        for (int n = 0; n < N; n++)
        {
            const float deviation = is_there[n] ? value[n][e] - mean : 0.0f;
            squares = fmaf(deviation, deviation, squares);
        }
        squares = sum_of_rows(squares);
        if (e == g) mine.mean = mean, mine.squares = squares;
    }
    return mine;
}

// One part of one image: block = image · Parts + part. All bodies are those of StoreTile; `body` gets the last convolution's
// sum and leaves in `value` that of which moments are wanted: [image][part][count, mean, squared deviations][Written].
template <class Scm, int Parts, class Source, class First, class Second, class Third, class Body>
__device__ __forceinline__ void scm(
    const Source& source, const void* weights1, First& first, const void* weights2, Second& second, const void* weights3,
    Third& third, const void* weights4, Body& body, float* moments, int images, int height, int width, int block, unsigned char* shared)
{
    constexpr int TileH = Scm::TileH, TileW = Scm::TileW, units = Scm::down * Scm::across, warps = Scm::warps, N = Scm::rows / 8;
    unsigned char* input = shared;
    unsigned char* tile1 = input + Scm::Input::bytes;
    unsigned char* tile2 = shared + Scm::second;
    unsigned char* tile3 = shared;
    // Of each unit of the last convolution, whose tiles' moments its warp adds up: lane (g, t) those of channel 8t + g.
    Moments* sums = reinterpret_cast<Moments*>(shared + Scm::sums);
    const int image = block / Parts, part = block % Parts, across = (width + TileW - 1) / TileW, tiles = (height + TileH - 1) / TileH * across;
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, g = lane >> 2, t = lane & 3;
    for (int i = threadIdx.x; i < Scm::down * Scm::Written; i += Scm::threads) sums[i] = { 0.0f, 0.0f, 0.0f };

    // Tiles · Parts are two for each pixel at most, and what is written of a pixel is more.
    const int end = tiles * (part + 1) / Parts;
    #pragma unroll 1
    for (int tile = tiles * part / Parts; tile < end; tile++)
    {
        const int row = quotient(tile, across), y0 = row * TileH, x0 = (tile - row * across) * TileW;
        TileStep<Scm, typename Scm::Input, typename Scm::First, 3, TileH + 2, TileW + 2, First> step1(first, weights1);
        TileStep<Scm, typename Scm::First, typename Scm::Second, 1, TileH + 2, TileW + 2, Second> step2(second, weights2);
        TileStep<Scm, typename Scm::Second, typename Scm::Third, 3, TileH, TileW, Third> step3(third, weights3);
        LastStep<Scm, Body> last(body, weights4);
        step1.ask(warp, lane);
        // The input lies where the third tile was.
        __syncthreads();
        bring_picture<Scm>(input, source, image, y0 - 2, x0 - 2);
        __syncthreads();
        step1.convolve(input, tile1, height, width, image, y0 - 1, x0 - 1, y0, x0, warp, lane, step2);
        __syncthreads();
        step2.convolve(tile1, tile2, height, width, image, y0 - 1, x0 - 1, y0, x0, warp, lane, step3);
        __syncthreads();
        step3.convolve(tile2, tile3, height, width, image, y0, x0, y0, x0, warp, lane, last);
        __syncthreads();
        #pragma unroll 1
        for (int turn = 0; turn < ceil_div(units, warps); turn++)
        {
            const int unit = turn * warps + warp;
            if constexpr (units % warps != 0) if (unit >= units) break;
            const int first_row = unit / Scm::across * Scm::rows, column = unit % Scm::across * 32;
            float acc[Scm::rows / 16][4][4] = {};
            last.multiply(acc, tile3, unit, lane);
            const TilePlaces<TileW> places = { first_row, TileH * TileW, image, y0, x0 };
            float value[N][8];
            bool is_there[N];
            #pragma unroll
            for (int n = 0; n < N; n++)
            {
                const Place place = places.at(n * 8 + g);
                is_there[n] = place.pixel >= 0 && place.y < height && place.x < width;
                channels_of_lane(value[n], acc[n / 2], 0, n % 2);
                const int y = min(place.y, height - 1), x = min(place.x, width - 1);
                body.template apply<8>(value[n], (image * height + y) * width + x, image, y, x, column + t * 8, is_there[n]);
            }
            Moments& sum = sums[unit / Scm::across * Scm::Written + column + t * 8 + g];
            sum = together(sum, moments_of_rows(value, is_there, g));
        }
    }
    __syncthreads();
    for (int channel = threadIdx.x; channel < Scm::Written; channel += Scm::threads)
    {
        Moments sum = sums[channel];
        #pragma unroll 1
        for (int i = 1; i < Scm::down; i++) sum = together(sum, sums[i * Scm::Written + channel]);
        float* mine = moments + block * 3 * Scm::Written + channel;
        mine[0] = sum.count, mine[Scm::Written] = sum.mean, mine[2 * Scm::Written] = sum.squares;
    }
}
