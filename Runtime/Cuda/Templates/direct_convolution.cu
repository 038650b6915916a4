// needs: arithmetic.cu
// Dense convolution and its two adjoints as implicit matrix products with FFMA, float32 throughout but for what memory holds.
// Weights are read as they lie in the parameters, [O][ky][kx][I] in float32. Strict precision, and every shape that the tensor cores' tiles
// do not take: any channels, strides, dilations and borders.

// Rows (pixels) and columns (written channels) of a tile: 256 threads with 4 columns and 1, 2 or 4 rows each.
__host__ __device__ constexpr int direct_columns(int outputs) { return outputs > 32 ? 64 : outputs > 16 ? 32 : outputs > 8 ? 16 : outputs > 4 ? 8 : 4; }
__host__ __device__ constexpr int direct_rows(int outputs) { return 4096 / direct_columns(outputs) > 256 ? 256 : 4096 / direct_columns(outputs); }

__host__ __device__ constexpr int divisor_of_both(int a, int b) { return b == 0 ? a : divisor_of_both(b, a % b); }

// INPUTS are summed over, OUTPUTS written. TRANSPOSED: the adjoint with respect to the input, so that INPUTS are the convolution's O;
// its STRIDE² phases of pixels, which different taps reach, are tiles of their own.
// Blocks: phases × (pixels of a phase over direct_rows) × (OUTPUTS over direct_columns), a phase having (height over STRIDE) × (width over STRIDE) pixels.
// STEP 2: x is twice as large as said, and every second pixel of it is read.
// Shared memory: (16 · (rows + 4) + 16 · (columns + 4) + 3 · rows) · 4 bytes.
template <int INPUTS, int OUTPUTS, int KH, int KW, int STRIDE, int PADDING, int DILATION, bool TRANSPOSED, int PITCH, int STEP, class T, class Body>
__device__ __forceinline__ void direct_convolution(
    Body& body, const T* x, const float* weight, int images, int in_height, int in_width, int height, int width, int block, unsigned char* memory)
{
    constexpr int columns = direct_columns(OUTPUTS), rows = direct_rows(OUTPUTS), per_thread = rows * columns / 1024, slab = 16;
    constexpr int column_tiles = (OUTPUTS + columns - 1) / columns;
    constexpr int phases = TRANSPOSED ? STRIDE : 1, tap_step = TRANSPOSED ? STRIDE / divisor_of_both(STRIDE, DILATION) : 1;
    constexpr int move = TRANSPOSED ? -(tap_step * DILATION / STRIDE) : DILATION;
    float* a = reinterpret_cast<float*>(memory);             // [k][row]
    float* b = a + slab * (rows + 4);                        // [k][column]
    int* origin_y = reinterpret_cast<int*>(b + slab * (columns + 4));
    int* origin_x = origin_y + rows;
    int* base = origin_x + rows;

    const int phase_height = (height + phases - 1) / phases, phase_width = (width + phases - 1) / phases;
    const int row_tiles = (images * phase_height * phase_width + rows - 1) / rows;
    const int column0 = block % column_tiles * columns, row0 = block / column_tiles % row_tiles * rows, phase = block / column_tiles / row_tiles;
    const int phase_y = phase / phases, phase_x = phase % phases;
    // The first tap of the phase along each axis, and how many there are.
    int first_ky = 0, first_kx = 0;
    if (TRANSPOSED)
    {
        while (first_ky < KH && (phase_y + PADDING - first_ky * DILATION) % STRIDE != 0) first_ky++;
        while (first_kx < KW && (phase_x + PADDING - first_kx * DILATION) % STRIDE != 0) first_kx++;
    }
    const int taps_y = (KH - first_ky + tap_step - 1) / tap_step, taps_x = (KW - first_kx + tap_step - 1) / tap_step;
    const int depth = taps_y * taps_x * INPUTS;

    for (int row = threadIdx.x; row < rows; row += 256)
    {
        const int index = row0 + row, column = index % phase_width, line = index / phase_width;
        const int y = line % phase_height * phases + phase_y, xx = column * phases + phase_x, image = line / phase_height;
        base[row] = image < images && y < height && xx < width ? image * STEP * in_height * STEP * in_width : -1;
        origin_y[row] = TRANSPOSED ? (y + PADDING - first_ky * DILATION) / STRIDE : y * STRIDE - PADDING;
        origin_x[row] = TRANSPOSED ? (xx + PADDING - first_kx * DILATION) / STRIDE : xx * STRIDE - PADDING;
    }
    __syncthreads();

    const int tr = threadIdx.x / (columns / 4) * per_thread, tc = threadIdx.x % (columns / 4) * 4;
    float sums[per_thread][4];
    #pragma unroll
    for (int i = 0; i < per_thread; i++)
    {
        #pragma unroll
        for (int j = 0; j < 4; j++) sums[i][j] = 0.0f;
    }
    for (int k0 = 0; k0 < depth; k0 += slab)
    {
        for (int item = threadIdx.x; item < rows * slab; item += 256)
        {
            const int k = item % slab, row = item / slab, tap = (k0 + k) / INPUTS, channel = (k0 + k) % INPUTS;
            float value = 0.0f;
            if (k0 + k < depth && base[row] >= 0)
            {
                const int y = origin_y[row] + tap / taps_x * move, xx = origin_x[row] + tap % taps_x * move;
                if (y >= 0 && y < in_height && xx >= 0 && xx < in_width) value = load_at(x + (base[row] + (y * STEP * in_width + xx) * STEP) * PITCH + channel);
            }
            a[k * (rows + 4) + row] = value;
        }
        for (int item = threadIdx.x; item < columns * slab; item += 256)
        {
            // Neighbours in memory are neighbours among the threads: inputs of a convolution, outputs of its adjoint.
            const int k = TRANSPOSED ? item / columns : item % slab, column = TRANSPOSED ? item % columns : item / slab;
            const int output = column0 + column, tap = (k0 + k) / INPUTS, channel = (k0 + k) % INPUTS;
            float value = 0.0f;
            if (k0 + k < depth && output < OUTPUTS)
            {
                const int ky = first_ky + tap / taps_x * tap_step, kx = first_kx + tap % taps_x * tap_step;
                value = TRANSPOSED ? weight[((channel * KH + ky) * KW + kx) * OUTPUTS + output] : weight[((output * KH + ky) * KW + kx) * INPUTS + channel];
            }
            b[k * (columns + 4) + column] = value;
        }
        __syncthreads();
        #pragma unroll
        for (int k = 0; k < slab; k++)
        {
            const float4 w = *reinterpret_cast<const float4*>(b + k * (columns + 4) + tc);
            #pragma unroll
            for (int i = 0; i < per_thread; i++)
            {
                const float v = a[k * (rows + 4) + tr + i];
                sums[i][0] += v * w.x;
                sums[i][1] += v * w.y;
                sums[i][2] += v * w.z;
                sums[i][3] += v * w.w;
            }
        }
        __syncthreads();
    }

    constexpr int group = OUTPUTS % 4 == 0 ? 4 : OUTPUTS % 2 == 0 ? 2 : 1;
    #pragma unroll
    for (int i = 0; i < per_thread; i++)
    {
        const int index = row0 + tr + i, column = index % phase_width, line = index / phase_width;
        const int y = line % phase_height * phases + phase_y, xx = column * phases + phase_x, image = line / phase_height;
        #pragma unroll
        for (int j = 0; j < 4; j += group)
        {
            const int channel = column0 + tc + j;
            if (base[tr + i] >= 0 && channel < OUTPUTS)
            {
                float value[group];
                #pragma unroll
                for (int v = 0; v < group; v++) value[v] = sums[i][j + v];
                body.apply(value, (image * height + y) * width + xx, image, y, xx, channel);
            }
        }
    }
}

__host__ __device__ constexpr int gradient_rows(int outputs) { return outputs > 32 ? 64 : outputs > 16 ? 32 : 16; }

// Σ dy · x over the pixels of a chunk: partial results [chunk][O][ky][kx][I]. Rows of a tile are O, columns taps × I.
// Blocks: CHUNKS × (OUTPUTS over gradient_rows) × (KH · KW · INPUTS over 4096 / gradient_rows).
// Shared memory: (16 · (rows + 4) + 16 · (columns + 4) + 48) · 4 bytes.
template <int INPUTS, int OUTPUTS, int KH, int KW, int STRIDE, int PADDING, int DILATION, int CHUNKS, int X_PITCH, int DY_PITCH, class X, class DY>
__device__ __forceinline__ void direct_weight_gradient(
    const X* x, const DY* dy, float* partial, int images, int in_height, int in_width, int height, int width, int block, unsigned char* memory)
{
    constexpr int rows = gradient_rows(OUTPUTS), columns = 4096 / rows, slab = 16, depth = KH * KW * INPUTS;
    constexpr int row_tiles = (OUTPUTS + rows - 1) / rows, column_tiles = (depth + columns - 1) / columns;
    float* a = reinterpret_cast<float*>(memory);             // [pixel][row]
    float* b = a + slab * (rows + 4);                        // [pixel][column]
    int* origin_y = reinterpret_cast<int*>(b + slab * (columns + 4));
    int* origin_x = origin_y + slab;
    int* base = origin_x + slab;

    const int column0 = block % column_tiles * columns, row0 = block / column_tiles % row_tiles * rows, chunk = block / column_tiles / row_tiles;
    const int pixels = images * height * width, length = (pixels + CHUNKS - 1) / CHUNKS;
    const int first = min(chunk * length, pixels), last = min(first + length, pixels);
    const int tr = threadIdx.x / (columns / 4) * 4, tc = threadIdx.x % (columns / 4) * 4;
    float sums[4][4];
    #pragma unroll
    for (int i = 0; i < 4; i++)
    {
        #pragma unroll
        for (int j = 0; j < 4; j++) sums[i][j] = 0.0f;
    }
    for (int pixel0 = first; pixel0 < last; pixel0 += slab)
    {
        if (threadIdx.x < slab)
        {
            const int pixel = pixel0 + threadIdx.x, column = pixel % width, line = pixel / width;
            base[threadIdx.x] = pixel < last ? line / height * in_height * in_width : -1;
            origin_y[threadIdx.x] = line % height * STRIDE - PADDING;
            origin_x[threadIdx.x] = column * STRIDE - PADDING;
        }
        __syncthreads();
        for (int item = threadIdx.x; item < rows * slab; item += 256)
        {
            const int row = item % rows, k = item / rows;
            a[k * (rows + 4) + row] = base[k] >= 0 && row0 + row < OUTPUTS ? load_at(dy + (pixel0 + k) * DY_PITCH + row0 + row) : 0.0f;
        }
        for (int item = threadIdx.x; item < columns * slab; item += 256)
        {
            const int column = item % columns, k = item / columns, tap = (column0 + column) / INPUTS, channel = (column0 + column) % INPUTS;
            const int y = origin_y[k] + tap / KW * DILATION, xx = origin_x[k] + tap % KW * DILATION;
            const bool inside = base[k] >= 0 && column0 + column < depth && y >= 0 && y < in_height && xx >= 0 && xx < in_width;
            b[k * (columns + 4) + column] = inside ? load_at(x + (base[k] + y * in_width + xx) * X_PITCH + channel) : 0.0f;
        }
        __syncthreads();
        #pragma unroll
        for (int k = 0; k < slab; k++)
        {
            const float4 g = *reinterpret_cast<const float4*>(a + k * (rows + 4) + tr), v = *reinterpret_cast<const float4*>(b + k * (columns + 4) + tc);
            const float gs[4] = { g.x, g.y, g.z, g.w }, vs[4] = { v.x, v.y, v.z, v.w };
            #pragma unroll
            for (int i = 0; i < 4; i++)
            {
                #pragma unroll
                for (int j = 0; j < 4; j++) sums[i][j] += gs[i] * vs[j];
            }
        }
        // No barrier here: what the next round writes before its first one is read behind that one alone.
    }
    #pragma unroll
    for (int i = 0; i < 4; i++)
    {
        #pragma unroll
        for (int j = 0; j < 4; j++)
            if (row0 + tr + i < OUTPUTS && column0 + tc + j < depth) partial[(chunk * OUTPUTS + row0 + tr + i) * depth + column0 + tc + j] = sums[i][j];
    }
}
