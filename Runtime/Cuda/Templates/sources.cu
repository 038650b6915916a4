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

// Of a source, or of whatever else knows the picture's extents.
template <class Source>
__device__ __forceinline__ bool is_inside(const Source& source, int y, int x)
{
    return (unsigned)y < (unsigned)source.height && (unsigned)x < (unsigned)source.width;
}

// One chunk from registers: of a tile in shared memory, or of packed weights.
__device__ __forceinline__ uint4 packed_chunk(const float (&v)[8])
{
    return make_uint4(pack_bf16x2(v[0], v[1]), pack_bf16x2(v[2], v[3]), pack_bf16x2(v[4], v[5]), pack_bf16x2(v[6], v[7]));
}
__device__ __forceinline__ uint4 packed_chunk(const float (&v)[4])
{
    return make_uint4(__float_as_uint(v[0]), __float_as_uint(v[1]), __float_as_uint(v[2]), __float_as_uint(v[3]));
}
template <int V> __device__ __forceinline__ void store_chunk(void* to, const float (&v)[V]) { *static_cast<uint4*>(to) = packed_chunk(v); }

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
        // Of no bytes the address may be any.
        cp_async_16_zfill(shared, source.at(image, y, x, channel), inside ? 16u : 0u);
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

// Chunks of a source that a thread has on their way to its registers, as long as these last.
template <class Source> struct LoadsAtOnce { static constexpr int most = 6; };

// The same of a source that is not direct, into registers, without a branch: what lies outside is read at the nearest pixel, and left out. So the loads of several
// chunks are on their way at once.
template <class T, int Channels, class Source>
__device__ __forceinline__ uint4 chunk_at_nearest(const Source& source, bool inside, int image, int y, int x, int channel)
{
    static_assert(Channels % Chunk<T>::channels == 0, "whole chunks");
    float v[Chunk<T>::channels];
    source.template load<Chunk<T>::channels>(v, image, min(max(y, 0), source.height - 1), min(max(x, 0), source.width - 1), channel);
    const uint4 chunk = packed_chunk(v);
    return make_uint4(inside ? chunk.x : 0u, inside ? chunk.y : 0u, inside ? chunk.z : 0u, inside ? chunk.w : 0u);
}
