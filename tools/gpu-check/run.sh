#!/usr/bin/env bash
# On a machine with a GPU: runs the suite of the CUDA device on it, then the benchmarks, beside PyTorch where python3 has it, and writes
# gpu-check.json and gpu-check.md. Needs no .NET. Changes no setting of the device; ends within LIMIT seconds (1800), of which the suite
# may take half. What was measured until the limit is in the report, and what was not is named there.
#   run.sh [--limit SECONDS] [--out FOLDER] [--quick]      --quick: small workloads and few runs, to see that everything works
# Exit code: 0 all is well, 1 a test failed or something could not be measured, 2 wrong arguments, 3 no CUDA device that can be used.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
limit=1800 out=$PWD quick=()
while [ $# -gt 0 ]; do
    case $1 in
        --limit) limit=${2:?--limit takes seconds}; shift 2 ;;
        --out) out=${2:?--out takes a folder}; shift 2 ;;
        --quick) quick=(--quick); shift ;;
        *) echo "There is no option '$1'. The options are: --limit SECONDS, --out FOLDER, --quick." >&2; exit 2 ;;
    esac
done
case $limit in *[!0-9]* | "" | 0) echo "--limit takes a whole number of seconds, not '$limit'." >&2; exit 2 ;; esac
mkdir -p "$out" || exit 2
end=$((SECONDS + limit))
# What is left, less so many seconds for what comes after.
left() { local seconds=$((end - SECONDS - $1)); echo $((seconds > 1 ? seconds : 1)); }
bin=${GPU_CHECK_BIN:-$here/bin}
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
# How long kernels take to compile is measured: none may be there already.
FOCALNET_KERNEL_CACHE=$(mktemp -d) || exit 2
export FOCALNET_KERNEL_CACHE
trap 'rm -rf "$FOCALNET_KERNEL_CACHE"' EXIT

echo "== what is there"
timeout "$(left 0)" "$bin/focalnet" doctor | tee "$out/doctor.txt"
if ! timeout "$(left 0)" "$bin/focalnet" doctor --json > "$out/doctor.json" || ! grep -q '"cuda": true' "$out/doctor.json"; then
    echo "There is no CUDA device that can be used: see above what to install. Nothing was measured." >&2
    exit 3
fi

# The driver's own version, and limits of power and clocks under which all was measured.
nvidia-smi --query-gpu=name,driver_version,power.limit,clocks.max.sm,clocks.max.memory --format=csv > "$out/nvidia-smi.csv" 2> /dev/null || rm -f "$out/nvidia-smi.csv"

echo "== tests on the device"
# The suite runs on what is there, not on the false driver.
FOCALNET_TEST_DEVICE=cuda timeout -k 5 "$(left $((limit / 2)))" "$bin/FocalNet.Cuda.Device.Tests" > "$out/tests.txt" 2>&1
tests=$?
tail -n 8 "$out/tests.txt"

echo "== benchmarks"
rm -f "$out/times.json"
python=$(command -v python3 || true) peer=()
if [ -n "$python" ] && "$python" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
    peer=(--peer "$python" "$here/peer.py")
else
    echo "python3 with torch and CUDA was not found: only our side is timed."
fi
timeout -k 5 "$(left 10)" "$bin/FocalNet.Cuda.Benchmarks" run --out "$out/times.json" --seconds "$(left 20)" "${quick[@]}" "${peer[@]}" 2> "$out/benchmarks.txt"
times=$?

"$bin/FocalNet.Cuda.Benchmarks" report --doctor "$out/doctor.json" --tests "$out/tests.txt" --tests-exit "$tests" --times "$out/times.json" --times-exit "$times" \
    --smi "$out/nvidia-smi.csv" --commit "$here/commit" --json "$out/gpu-check.json" --markdown "$out/gpu-check.md" || exit 1
cat "$out/gpu-check.md"
[ "$tests" -eq 0 ] && [ "$times" -eq 0 ]
