#!/usr/bin/env bash
# On a machine with a GPU: runs the suite of the CUDA device on it, then the benchmarks, beside PyTorch where python3 has it, and writes
# gpu-check.json and gpu-check.md. Needs no .NET. Changes no setting of the device; ends within LIMIT seconds (1800).
#   run.sh [--limit SECONDS] [--out FOLDER] [--quick]      --quick: small workloads and few runs, to see that everything works
# Exit code: 0 all is well, 1 a test failed or a benchmark could not run, 2 wrong arguments, 3 no CUDA device that can be used.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
limit=1800 out=$PWD quick=
while [ $# -gt 0 ]; do
    case $1 in
        --limit) limit=${2:?--limit takes seconds}; shift 2 ;;
        --out) out=${2:?--out takes a folder}; shift 2 ;;
        --quick) quick=--quick; shift ;;
        *) echo "There is no option '$1'. The options are: --limit SECONDS, --out FOLDER, --quick." >&2; exit 2 ;;
    esac
done
case $limit in *[!0-9]* | "" | 0) echo "--limit takes a whole number of seconds, not '$limit'." >&2; exit 2 ;; esac
mkdir -p "$out" || exit 2
end=$((SECONDS + limit))
left() { echo $((end - SECONDS > 1 ? end - SECONDS : 1)); }
bin=${GPU_CHECK_BIN:-$here/bin}
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
failed=0

echo "== what is there"
timeout "$(left)" "$bin/focalnet" doctor | tee "$out/doctor.txt"
if ! timeout "$(left)" "$bin/focalnet" doctor --json > "$out/doctor.json" || ! grep -q '"cuda": true' "$out/doctor.json"; then
    echo "There is no CUDA device that can be used: see above what to install. Nothing was measured." >&2
    exit 3
fi

echo "== tests on the device"
# The suite runs on what is there, not on the false driver.
FOCALNET_TEST_DEVICE=cuda timeout "$(left)" "$bin/FocalNet.Cuda.Device.Tests" > "$out/tests.txt" 2>&1 || failed=1
tail -n 8 "$out/tests.txt"

echo "== benchmarks"
python=$(command -v python3 || true)
if [ -n "$python" ] && "$python" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
    timeout "$(left)" "$python" "$here/peer.py" --program "$bin/FocalNet.Cuda.Benchmarks" --seconds "$(left)" --out "$out/times.json" $quick || failed=1
else
    echo "python3 with torch and CUDA was not found: only our side is timed."
    timeout "$(left)" "$bin/FocalNet.Cuda.Benchmarks" $([ -n "$quick" ] && echo quick || echo run) > "$out/times.json" || failed=1
fi

if [ -n "$python" ]; then
    "$python" "$here/report.py" --doctor "$out/doctor.json" --tests "$out/tests.txt" --times "$out/times.json" --commit "$here/commit" \
        --json "$out/gpu-check.json" --markdown "$out/gpu-check.md" || failed=1
    [ ! -f "$out/gpu-check.md" ] || cat "$out/gpu-check.md"
else
    echo "Without python3 the parts stay apart: doctor.json, tests.txt and times.json in $out."
fi
exit "$failed"
