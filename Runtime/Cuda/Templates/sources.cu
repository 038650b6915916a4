// needs: vectors.cu gemm_tile.cu
// What a convolution reads: a picture of `height` × `width` whose chunks of 16 bytes are brought into shared memory as elements of a tile.
// A source that is `direct` has them in memory as the tile wants them, and cp.async copies them past the registers; any other
// computes them in float (a prologue: a norm, a resampling, a conversion). Generated sources have the members of these.

template <class T, int Pitch>
struct PlainSource
{
    typedef T Element;
    static constexpr bool direct = true;
    static constexpr int pitch = Pitch;
    const T* pointer;
    int height, width;
    __device__ __forceinline__ const T* at(int image, int y, int x, int channel) const
    {
        return pointer + ((image * height + y) * width + x) * Pitch + channel;
    }
};

// Stored as T, computed with as something else, or too few channels for whole chunks: pictures of 3 channels. Of a picture Step times as
// large every Step-th pixel is read.
template <class T, int Pitch, int Alignment, int Step = 1>
struct LoadedSource
{
    static constexpr bool direct = false;
    const T* pointer;
    int height, width;
    template <int V> __device__ __forceinline__ void load(float (&out)[V], int image, int y, int x, int channel) const
    {
        load_channels<T, V, Alignment>(pointer + ((image * height + y) * Step * (width * Step) + x * Step) * Pitch + channel, out);
    }
};

// Pieces side by side, each brought as it is best brought: channels from Split on are the second's. Split is a multiple of a chunk, and the
// second may have pieces itself.
template <class First, int Split, class Second>
struct PiecedSource
{
    static constexpr bool direct = false;
    First first;
    Second second;
    int height, width;
};

// One chunk from registers: of a tile in shared memory, or of packed weights.
__device__ __forceinline__ void store_chunk(void* to, const float (&v)[8])
{
    *static_cast<uint4*>(to) = make_uint4(pack_bf16x2(v[0], v[1]), pack_bf16x2(v[2], v[3]), pack_bf16x2(v[4], v[5]), pack_bf16x2(v[6], v[7]));
}
__device__ __forceinline__ void store_chunk(void* to, const float (&v)[4]) { *static_cast<float4*>(to) = make_float4(v[0], v[1], v[2], v[3]); }

// The chunk from `channel` on of one pixel, zeros where it is not `inside` the picture. Channels are the source's: what is missing at the end of
// the last chunk is zero.
template <class T, int Channels, class Source>
__device__ __forceinline__ void load_chunk(float (&v)[Chunk<T>::channels], const Source& source, bool inside, int image, int y, int x, int channel)
{
    constexpr int count = Chunk<T>::channels;
    #pragma unroll
    for (int e = 0; e < count; e++) v[e] = 0.0f;
    if constexpr (Channels % count == 0)
    {
        if (inside) source.template load<count>(v, image, y, x, channel);
    }
    else
    {
        #pragma unroll
        for (int e = 0; e < count; e++)
        {
            float one[1];
            if (inside && channel + e < Channels)
            {
                source.template load<1>(one, image, y, x, channel + e);
                v[e] = one[0];
            }
        }
    }
}

// Brings such a chunk into shared memory as elements T. The caller commits and waits.
template <class T, int Channels, class Source>
__device__ __forceinline__ void bring_chunk(void* shared, const Source& source, bool inside, int image, int y, int x, int channel)
{
    if constexpr (Source::direct)
    {
        static_assert(Channels % Chunk<T>::channels == 0, "a direct source has whole chunks");
        cp_async_16_zfill(shared, inside ? source.at(image, y, x, channel) : source.at(0, 0, 0, 0), inside ? 16u : 0u);
    }
    else
    {
        float v[Chunk<T>::channels];
        load_chunk<T, Channels>(v, source, inside, image, y, x, channel);
        store_chunk(shared, v);
    }
}

template <class T, int Channels, class First, int Split, class Second>
__device__ __forceinline__ void bring_chunk(void* shared, const PiecedSource<First, Split, Second>& source, bool inside, int image, int y, int x, int channel)
{
    static_assert(Split % Chunk<T>::channels == 0, "a piece begins with a chunk");
    if (channel < Split) bring_chunk<T, Split>(shared, source.first, inside, image, y, x, channel);
    else bring_chunk<T, Channels - Split>(shared, source.second, inside, image, y, x, channel - Split);
}
