"""Times FocalNet.Compiler's device beside PyTorch, eager and compiled, in turns on one GPU, and writes the times as JSON.

Fairness: the same weights, pictures, precision and outputs; channels_last and cudnn.benchmark on PyTorch's side, and torch.compile with
max-autotune; random pictures; 50 warm-ups and 200 timed runs at least, by events of the device, in turns of a few runs each; the error of
both sides against float64.

With --check nothing is timed: ours and PyTorch's model are compared with float64, on the processor where PyTorch has no GPU.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from focalnet_torch import BLOCKS, FocalNet, load_safetensors, loss_of

WARM_UPS, RUNS, TURN = 50, 200, 20
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# What float32 sums in another order may differ by, of the largest value; bfloat16 has 8 bits.
TOLERANCE = {"strict": 2e-5, "fast": 2e-5, "bf16": 2e-2}


class Ours:
    """The benchmark program: a line is asked, a line of JSON answers."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the benchmark program ended at '{command}'")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Peer:
    """PyTorch's side of a workload."""

    def __init__(self, workload, folder, compiled):
        self.network, mode, self.precision, *_ = workload.split()
        self.training = mode == "training"
        weights = load_safetensors(folder / "weights.safetensors")
        self.inputs = {name: value.cuda() for name, value in load_safetensors(folder / "inputs.safetensors").items()}
        self.model = FocalNet(BLOCKS[self.network])
        self.model.load_state_dict(weights)
        self.model = self.model.cuda().to(memory_format=torch.channels_last)
        self.image = self.inputs["image"].to(memory_format=torch.channels_last)
        if self.training:
            self.target = self.inputs["target"].to(memory_format=torch.channels_last)
            # With a rate in memory and fused updates it can be captured, as our step is.
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=float(self.inputs["learning_rate"]), fused=True)
        elif self.precision == "bf16":
            self.model, self.image = self.model.bfloat16(), self.image.bfloat16()
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        self.run = self.step if self.training else self.forward
        self.call = torch.compile(self.model, mode="max-autotune") if compiled else self.model

    def forward(self):
        with torch.inference_mode():
            return self.call(self.image)[0]

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16, enabled=self.precision == "bf16"):
            outputs = self.call(self.image)
        loss = loss_of(outputs, self.target)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), float(self.inputs["clip"]))
        self.optimizer.step()
        return loss

    def time(self, runs):
        events = [torch.cuda.Event(enable_timing=True) for _ in range(runs + 1)]
        events[0].record()
        for event in events[1:]:
            self.run()
            event.record()
        torch.cuda.synchronize()
        return [a.elapsed_time(b) for a, b in zip(events, events[1:])]


def reference(workload, folder, dtype=torch.float64):
    """The same in float64, or float32: the restored picture of the first image, or the loss."""
    network, mode, *_ = workload.split()
    model = FocalNet(BLOCKS[network]).to(dtype)
    model.load_state_dict({name: value.to(dtype) for name, value in load_safetensors(folder / "weights.safetensors").items()})
    model = model.to(DEVICE)
    inputs = {name: value.to(DEVICE, dtype) for name, value in load_safetensors(folder / "inputs.safetensors").items()}
    with torch.no_grad():
        if mode == "inference":
            return model(inputs["image"][:1])[0]
        losses = [loss_of(model(inputs["image"][i:i + 1]), inputs["target"][i:i + 1]) for i in range(len(inputs["image"]))]
        return torch.stack(losses).mean()


def error_of(value, truth):
    return float((value.double().reshape(-1) - truth.reshape(-1)).abs().max() / truth.abs().max())


def summary(times):
    times = sorted(times)
    return {"median": statistics.median(times), "p95": times[min(len(times) - 1, len(times) * 95 // 100)], "runs": len(times)}


def measure(ours, workload, folder, warm_ups, runs):
    result = {"workload": workload, "facts": ours.ask("open " + workload)}
    ours.ask(f"write {folder}")
    is_training = "training" in workload.split()
    truth = reference(workload, folder)
    outputs = load_safetensors(folder / "outputs.safetensors")
    own = outputs["loss"] if is_training else outputs["restored"][:1]
    result["error"] = {"ours": error_of(own.to(DEVICE), truth)}
    sides = {"ours": lambda count: ours.ask(f"time {count}")["milliseconds"]}
    for name, compiled in (("eager", False), ("compile", True)):
        try:
            peer = Peer(workload, folder, compiled)
            start = time.monotonic()
            value = peer.run()
            torch.cuda.synchronize()
            result.setdefault("first_run_seconds", {})[name] = time.monotonic() - start
            result["error"][name] = error_of(value if is_training else value[:1], truth)
            sides[name] = peer.time
        except Exception as problem:  # a peer that can't run is no reason to measure nothing
            result.setdefault("problems", {})[name] = f"{type(problem).__name__}: {problem}"
    for side in sides.values():
        side(warm_ups)
    times = {name: [] for name in sides}
    while len(times["ours"]) < runs:
        for name, side in sides.items():
            times[name] += side(min(TURN, runs))
    result["milliseconds"] = {name: summary(values) for name, values in times.items()}
    result["ratios"] = {name: result["milliseconds"][name]["median"] / result["milliseconds"]["ours"]["median"] for name in sides if name != "ours"}
    return result


def check(ours, workload, folder):
    """Errors of both sides against float64; whether they are as small as the precision lets them be."""
    ours.ask("open " + workload)
    ours.ask(f"write {folder}")
    truth, outputs = reference(workload, folder), load_safetensors(folder / "outputs.safetensors")
    own = outputs["loss"] if "training" in workload.split() else outputs["restored"][:1]
    errors = error_of(own.to(DEVICE), truth), error_of(reference(workload, folder, torch.float32), truth)
    print(f"{workload}: ours {errors[0]:.1e}, PyTorch in float32 {errors[1]:.1e} of the largest value", flush=True)
    return errors[0] <= TOLERANCE[workload.split()[2]] and errors[1] <= TOLERANCE["fast"]


def check_all(ours, workloads):
    right = True
    for workload in workloads:
        with tempfile.TemporaryDirectory() as folder:
            right = check(ours, workload, Path(folder)) and right
    return right


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--out", help="the file for the times")
    parser.add_argument("--check", action="store_true", help="compare results alone")
    parser.add_argument("--seconds", type=float, default=1500)
    parser.add_argument("--quick", action="store_true", help="small workloads and few runs, to see that it works")
    options = parser.parse_args()
    if not options.check and not options.out:
        parser.error("--out FILE is needed")
    warm_ups, runs = (5, 20) if options.quick else (WARM_UPS, RUNS)
    torch.backends.cudnn.benchmark = True
    end = time.monotonic() + options.seconds
    ours = Ours(options.program)
    results, failed = [], False
    try:
        workloads = ours.ask("workloads quick" if options.quick else "workloads")["workloads"]
        if options.check:
            return int(not check_all(ours, workloads))
        for workload in workloads:
            if time.monotonic() > end - 60:
                results.append({"workload": workload, "error": "no time was left"})
                failed = True
                continue
            print(workload, file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory() as folder:
                try:
                    results.append(measure(ours, workload, Path(folder), warm_ups, runs))
                except RuntimeError as problem:
                    results.append({"workload": workload, "error": str(problem)})
                    failed = True
            torch.cuda.empty_cache()
    finally:
        ours.end()
    document = {"torch": torch.__version__, "cuda": torch.version.cuda, "gpu": torch.cuda.get_device_name(), "results": results}
    Path(options.out).write_text(json.dumps(document, indent=2))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
