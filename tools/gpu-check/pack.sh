#!/usr/bin/env bash
# Publishes the tests and benchmarks of the CUDA device with everything that they need, and packs them into one file, for a Linux
# machine (x86-64) that has a GPU and no .NET. Needs the .NET SDK and xz.  pack.sh [FILE]  writes gpu-check.tar.xz, or FILE.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$(realpath -m "${1:-gpu-check.tar.xz}")
limit=$((60 * 1024 * 1024))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The suite brings the command line and the benchmarks along. Not trimmed and not a single file, which test projects do not bear.
# A lock file lists what any machine needs, which a runtime identifier adds to: it is left alone.
dotnet publish "$root/tests/Cuda.Device.Tests" -c Release -r linux-x64 --self-contained -p:RestoreLockedMode=false -p:NuGetLockFilePath=obj/gpu-check.lock.json \
    -p:DebugType=none -p:RunAnalyzers=false -p:SatelliteResourceLanguages=en -o "$work/gpu-check/bin" -v q --nologo
# What neither needs on the device: pictures' codecs, documentation of the API, symbols.
find "$work/gpu-check/bin" \( -name '*.xml' -o -name '*.pdb' -o -name 'libvips*' -o -name '*.dbg' \) -delete
cp "$here/run.sh" "$here/peer.py" "$here/focalnet_torch.py" "$work/gpu-check/"
git -C "$root" rev-parse HEAD > "$work/gpu-check/commit" 2>/dev/null || echo unknown > "$work/gpu-check/commit"
tar -C "$work" -cf - gpu-check | xz -T0 -9e > "$out.part"
size=$(stat -c %s "$out.part")
if [ "$size" -gt "$limit" ]; then
    rm -f "$out.part"
    echo "The package has $size bytes; $limit are the most." >&2
    exit 1
fi
mv "$out.part" "$out"
echo "$out: $size bytes. On the machine with the GPU: tar xf $(basename "$out") && gpu-check/run.sh"
