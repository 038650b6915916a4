// mma.sync and ldmatrix by their definition in the PTX ISA (fragment layouts of "Matrix Fragments for mma"), and the conversions.
// Products are exact and summed in double; the tensor cores' own order and truncation are a matter of tolerance.

static float bits_to_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static uint32_t float_to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits;
}

static float half_to_float(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, mantissa = half & 1023;
    if (exponent == 31) return bits_to_float(sign | 0x7f800000u | mantissa << 13);
    if (exponent != 0) return bits_to_float(sign | (exponent + 112) << 23 | mantissa << 13);
    const float subnormal = (float)mantissa * 0x1p-24f;
    return sign ? -subnormal : subnormal;
}

// Round to nearest even. As in the hardware a NaN becomes the one canonical NaN.
static uint16_t float_to_half(float value)
{
    const uint32_t bits = float_to_bits(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return 0x7fff;
    if (magnitude >= 0x47800000u) return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000u)
    {
        // Adding 0.5 puts the unit of a subnormal half into the last bit of a float's mantissa, rounded by the adder.
        const float shifted = bits_to_float(magnitude) + 0.5f;
        return (uint16_t)(sign | (float_to_bits(shifted) - 0x3f000000u));
    }
    const uint32_t rounded = magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1);
    return (uint16_t)(sign | rounded >> 13);
}

static uint16_t float_to_brain(float value)
{
    const uint32_t bits = float_to_bits(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

extern "C" unsigned emu_pack_bf16x2(float low, float high) { return (unsigned)float_to_brain(low) | (unsigned)float_to_brain(high) << 16; }
extern "C" unsigned emu_pack_fp16x2(float low, float high) { return (unsigned)float_to_half(low) | (unsigned)float_to_half(high) << 16; }
extern "C" float emu_fp16_to_float(unsigned short bits) { return half_to_float(bits); }

template <bool brain> static float element(unsigned pair, int upper)
{
    const uint16_t half = (uint16_t)(pair >> (16 * upper));
    return brain ? bits_to_float((uint32_t)half << 16) : half_to_float(half);
}

// d[i][j] of the 16×8 tile: row g + 8·(i / 2), column 2t + i % 2 of lane 4g + t.
template <int depth> static void multiply(void** posts, const float (&a)[16][16], const float (&b)[16][8])
{
    double tile[16][8];
    for (int lane = 0; lane < 32; lane++)
        for (int i = 0; i < 4; i++) tile[lane / 4 + 8 * (i / 2)][lane % 4 * 2 + i % 2] = ((EmuMma*)posts[lane])->d[i];
    for (int row = 0; row < 16; row++)
        for (int k = 0; k < depth; k++)
            for (int column = 0; column < 8; column++) tile[row][column] += (double)a[row][k] * b[k][column];
    for (int lane = 0; lane < 32; lane++)
        for (int i = 0; i < 4; i++) ((EmuMma*)posts[lane])->d[i] = (float)tile[lane / 4 + 8 * (i / 2)][lane % 4 * 2 + i % 2];
}

// Half-precision operands, two to a register: k = 16 has four registers of A and two of B, k = 8 the first half of each.
template <bool brain, int depth> static void compute_half(void** posts, unsigned)
{
    float a[16][16], b[16][8];
    for (int lane = 0; lane < 32; lane++)
    {
        const EmuMma& post = *(EmuMma*)posts[lane];
        const int g = lane / 4, t = lane % 4;
        for (int r = 0; r < depth / 4; r++)
            for (int half = 0; half < 2; half++)
                a[g + 8 * (r % 2)][t * 2 + 8 * (r / 2) + half] = element<brain>(post.a[r], half);
        for (int r = 0; r < depth / 8; r++)
            for (int half = 0; half < 2; half++)
                b[t * 2 + 8 * r + half][g] = element<brain>(post.b[r], half);
    }
    multiply<depth>(posts, a, b);
}

// The tensor cores do not look at the 13 low bits of a tf32 operand.
static void compute_tf32(void** posts, unsigned)
{
    float a[16][16], b[16][8];
    for (int lane = 0; lane < 32; lane++)
    {
        const EmuMma& post = *(EmuMma*)posts[lane];
        const int g = lane / 4, t = lane % 4;
        for (int r = 0; r < 4; r++) a[g + 8 * (r % 2)][t + 4 * (r / 2)] = bits_to_float(post.a[r] & 0xffffe000u);
        for (int r = 0; r < 2; r++) b[t + 4 * r][g] = bits_to_float(post.b[r] & 0xffffe000u);
    }
    multiply<8>(posts, a, b);
}

extern "C" void emu_mma(EmuMma* lane, int kind, int line)
{
    static const Compute computes[] = { compute_half<true, 16>, compute_half<false, 16>, compute_half<false, 8>, compute_tf32 };
    run_collective(0xffffffffu, lane, computes[kind], "mma", line);
}

// Lane 8m + i brings the address of row i of matrix m; lane 4i + t receives columns 2t and 2t + 1 of row i, or, transposed,
// rows 2t and 2t + 1 of column i.
template <int matrices, bool transposed> static void compute_ldmatrix(void** posts, unsigned)
{
    for (int m = 0; m < matrices; m++)
    {
        uint16_t tile[8][8];
        for (int i = 0; i < 8; i++) memcpy(tile[i], ((EmuLoadMatrix*)posts[8 * m + i])->row, 16);
        for (int lane = 0; lane < 32; lane++)
        {
            const int i = lane / 4, t = lane % 4 * 2;
            const unsigned low = transposed ? tile[t][i] : tile[i][t], high = transposed ? tile[t + 1][i] : tile[i][t + 1];
            ((EmuLoadMatrix*)posts[lane])->r[m] = low | high << 16;
        }
    }
}

static bool is_shared(const void* address, unsigned bytes)
{
    const uintptr_t offset = (uintptr_t)address - emulator.shared_begin;
    return offset < emulator.shared_bytes && offset + bytes <= emulator.shared_bytes;
}

extern "C" void emu_ldmatrix(EmuLoadMatrix* lane, int matrices, int transposed, int line)
{
    static const Compute computes[] = {
        compute_ldmatrix<1, false>, compute_ldmatrix<1, true>, compute_ldmatrix<2, false>,
        compute_ldmatrix<2, true>, compute_ldmatrix<4, false>, compute_ldmatrix<4, true> };
    if ((int)(emulator.current->index.linear & 31) < 8 * matrices)
    {
        void* pc = __builtin_return_address(0);
        if (!is_shared(lane->row, 16)) fail_at(ErrorKind::OutOfBounds, lane->row, 16, false, pc, "ldmatrix reads shared memory only");
        if (((uintptr_t)lane->row & 15) != 0) fail_at(ErrorKind::Misaligned, lane->row, 16, false, pc, "a row of ldmatrix starts at a multiple of 16 bytes");
        check_access(lane->row, 16, false, false, pc);
    }
    run_collective(0xffffffffu, lane, computes[matrices / 2 * 2 + transposed], "ldmatrix", line);
}
