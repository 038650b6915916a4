// wgmma by its definition in the PTX ISA: matrices of 8 rows × 16 bytes (K-major, not swizzled), each 128 bytes in a row. What a warp computes needs nothing of
// other lanes, for both factors lie in shared memory. A product is made at a random moment between its issue and the wait that covers it: with seed 0 at
// once, with seed 1 as late as may be. Until then the sums are what they were, and what it reads must stay as it is.

static void read_chunk(const SharedMatrix& matrix, int row, int chunk, float (&values)[8], void* pc)
{
    const unsigned char* at = matrix.start + row / 8 * matrix.along_rows + row % 8 * 16 + chunk * matrix.along_k;
    if (!is_shared(at, 16)) fail_at(ErrorKind::OutOfBounds, at, 16, false, pc, "wgmma reads shared memory only");
    if (((uintptr_t)at & 15) != 0) fail_at(ErrorKind::Misaligned, at, 16, false, pc, "wgmma wants matrices aligned to 16 bytes");
    check_access(at, 16, false, false, pc);
    uint16_t bits[8];
    memcpy(bits, at, 16);
    for (int i = 0; i < 8; i++) values[i] = bits_to_float((uint32_t)bits[i] << 16);
}

// Rows g and g + 8 of the warp's 16, columns 2t and 2t + 1 of each 8.
static void make(const PendingProduct& product)
{
    const unsigned linear = emulator.current->index.linear, lane = linear % 32, warp = linear / 32 % 4;
    float a[2][16], b[16];
    for (int h = 0; h < 2; h++)
        for (int chunk = 0; chunk < 2; chunk++)
            read_chunk(product.a, (int)(warp * 16 + h * 8 + lane / 4), chunk, reinterpret_cast<float (&)[8]>(a[h][chunk * 8]), product.pc);
    for (int tile = 0; tile < product.tiles; tile++)
        for (int e = 0; e < 2; e++)
        {
            for (int chunk = 0; chunk < 2; chunk++)
                read_chunk(product.b, (int)(tile * 8 + lane % 4 * 2 + e), chunk, reinterpret_cast<float (&)[8]>(b[chunk * 8]), product.pc);
            for (int h = 0; h < 2; h++)
            {
                double sum = product.sums[tile * 4 + h * 2 + e];
                for (int k = 0; k < 16; k++) sum += (double)a[h][k] * b[k];
                product.sums[tile * 4 + h * 2 + e] = (float)sum;
            }
        }
}

static void make_products(Thread& thread, size_t count)
{
    for (size_t i = 0; i < count; i++) make(thread.products[i]);
    thread.products.erase(thread.products.begin(), thread.products.begin() + (long)count);
}

extern "C" void emu_wgmma(float* sums, int tiles, SharedMatrix a, SharedMatrix b)
{
    Thread& thread = *emulator.current;
    thread.products.push_back({ sums, tiles, a, b, thread.product_group, __builtin_return_address(0) });
    const uint64_t seed = emulator.launch->seed;
    // In order: the sums are the same.
    if (seed == 0 || (seed > 1 && next_random() % 4 == 0)) make_products(thread, thread.products.size());
}

extern "C" void emu_wgmma_commit() { emulator.current->product_group++; }

extern "C" void emu_wgmma_wait(unsigned groups_left)
{
    Thread& thread = *emulator.current;
    size_t count = 0;
    while (count < thread.products.size() && thread.products[count].group + groups_left < thread.product_group) count++;
    make_products(thread, count);
}
