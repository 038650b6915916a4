// needs: elementwise.cu
// Convolutions of stride 1 of a map or two as sources: each result gathers its few products through the caches, all loads at once. Weights are [O][ky][kx][I], float32.

template <int INPUTS, int OUTPUTS, int KH, int KW, int STRIDE, int PADDING, int DILATION, bool ADJOINT, int PITCH, class T> struct GatheredConvolution
{
    static_assert(STRIDE == 1, "every pixel has the same taps");
    const T* x;
    const float* weight;
    int height, width;   // of x

    template <int V> __device__ __forceinline__ void load(float (&value)[V], int image, int y, int column, int channel) const
    {
        static_assert(V == 1, "a result alone");
        value[0] = 0.0f;
        #pragma unroll
        for (int tap = 0; tap < KH * KW; tap++)
        {
            const int down = tap / KW * DILATION - PADDING, right = tap % KW * DILATION - PADDING;
            const int from_y = ADJOINT ? y - down : y + down, from_x = ADJOINT ? column - right : column + right;
            const bool inside = (unsigned)from_y < (unsigned)height && (unsigned)from_x < (unsigned)width;
            #pragma unroll
            for (int input = 0; input < INPUTS; input++)
            {
                // The adjoint reads what the convolution wrote.
                const float of = weight[ADJOINT ? (input * KH * KW + tap) * OUTPUTS + channel : (channel * KH * KW + tap) * INPUTS + input];
                const float in = inside ? load_at(x + ((image * height + from_y) * width + from_x) * PITCH + input) : 0.0f;
                value[0] += in * of;
            }
        }
    }
};
