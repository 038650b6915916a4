"""PyTorch's side of the comparison: takes commands from the standard input, a line each, and answers each by a line of JSON.

    python3 peer.py serve eager|compiled

`FocalNet.Cuda.Benchmarks run --peer` starts it and asks:

    hello                          what it is and runs on
    reference WORKLOAD FOLDER      computes in float64 what FOLDER's inputs give, keeps it there, and says how far our output is from it
    float32 WORKLOAD FOLDER        says how far this model in float32 is from it
    open WORKLOAD FOLDER           gets ready, and says how long the first run took and how far its result is from float64
    time RUNS                      milliseconds of each run
    close                          frees what is open

WORKLOAD is six words: NETWORK inference|training strict|fast|bf16 N H W. FOLDER has weights, inputs and our outputs as safetensors files.

Fairness: the same weights, pictures, precision and outputs; channels_last and cudnn.benchmark, and torch.compile with max-autotune; times by
events of the device. Where there is no GPU it runs on the processor, to see that it works and that the models are the same.
"""
import json
import math
import os
import sys
import time
import traceback
from pathlib import Path

import torch

from focalnet_torch import BLOCKS, FocalNet, load_safetensors, loss_of

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Workload:
    """Six words."""

    def __init__(self, words):
        self.network, mode, self.precision = words[:3]
        self.training = mode == "training"


class Peer:
    """A workload that is ready to run."""

    def __init__(self, workload, folder, compiled):
        self.bf16, self.training = workload.precision == "bf16", workload.training
        self.inputs = {name: value.to(DEVICE) for name, value in load_safetensors(folder / "inputs.safetensors").items()}
        self.model = FocalNet(BLOCKS[workload.network])
        self.model.load_state_dict(load_safetensors(folder / "weights.safetensors"))
        self.model = self.model.to(DEVICE).to(memory_format=torch.channels_last)
        self.image = self.inputs["image"].to(memory_format=torch.channels_last)
        if self.training:
            self.target = self.inputs["target"].to(memory_format=torch.channels_last)
            # Fused updates, as ours are.
            fused = {"fused": True} if DEVICE.type == "cuda" else {}
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=float(self.inputs["learning_rate"]), **fused)
            self.clip = float(self.inputs["clip"])
        elif self.bf16:
            self.model, self.image = self.model.bfloat16(), self.image.bfloat16()
        self.run = self.step if self.training else self.forward
        self.call = torch.compile(self.model, mode="max-autotune") if compiled else self.model

    def forward(self):
        with torch.inference_mode():
            return self.call(self.image)[0]

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=self.bf16):
            outputs = self.call(self.image)
        loss = loss_of(outputs, self.target)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()
        return loss

    def time(self, runs):
        """Milliseconds of each run."""
        if DEVICE.type == "cpu":
            clock = [time.perf_counter()]
            for _ in range(runs):
                self.run()
                clock.append(time.perf_counter())
            return [1000 * (b - a) for a, b in zip(clock, clock[1:])]
        events = [torch.cuda.Event(enable_timing=True) for _ in range(runs + 1)]
        events[0].record()
        for event in events[1:]:
            self.run()
            event.record()
        torch.cuda.synchronize()
        return [a.elapsed_time(b) for a, b in zip(events, events[1:])]


def computed(workload, folder, dtype):
    """In a precision: the restored picture of the first image, or the loss."""
    model = FocalNet(BLOCKS[workload.network]).to(dtype)
    model.load_state_dict({name: value.to(dtype) for name, value in load_safetensors(folder / "weights.safetensors").items()})
    model = model.to(DEVICE)
    inputs = {name: value.to(DEVICE, dtype) for name, value in load_safetensors(folder / "inputs.safetensors").items()}
    with torch.no_grad():
        if not workload.training:
            return model(inputs["image"][:1])[0]
        losses = [loss_of(model(inputs["image"][i:i + 1]), inputs["target"][i:i + 1]) for i in range(len(inputs["image"]))]
        return torch.stack(losses).mean()


def deviation(value, truth):
    """The largest error over the largest value; no number where the result has none."""
    error = float((value.detach().to(truth.device).double().reshape(-1) - truth.reshape(-1)).abs().max() / truth.abs().max())
    return error if math.isfinite(error) else "NaN"


class Server:
    def __init__(self, compiled):
        self.compiled, self.peer = compiled, None

    def hello(self):
        on = torch.cuda.get_device_name() if DEVICE.type == "cuda" else "the processor"
        cudnn = f", cuDNN {torch.backends.cudnn.version()}" if DEVICE.type == "cuda" else ""
        return {"description": f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}{cudnn}, on {on}"}

    def reference(self, workload, folder):
        truth = computed(workload, folder, torch.float64)
        torch.save(truth.cpu(), folder / "truth.pt")
        outputs = load_safetensors(folder / "outputs.safetensors")
        return {"deviation": deviation(outputs["loss"] if workload.training else outputs["restored"][:1], truth.cpu())}

    def float32(self, workload, folder):
        return {"deviation": deviation(computed(workload, folder, torch.float32), torch.load(folder / "truth.pt"))}

    def open(self, workload, folder):
        self.close()
        start = time.monotonic()
        self.peer = Peer(workload, folder, self.compiled)
        value = self.peer.run()
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()
        answer = {"seconds": time.monotonic() - start}
        # Float64 may have needed more memory than there is.
        if (folder / "truth.pt").exists():
            answer["deviation"] = deviation(value if workload.training else value[:1], torch.load(folder / "truth.pt"))
        return answer

    def close(self):
        self.peer = None
        if DEVICE.type == "cuda":
            torch.cuda.empty_cache()
        return {"closed": True}

    def answer(self, line):
        command, *words = line.split()
        if command in ("reference", "float32", "open") and len(words) > 6:
            # A folder's name may have spaces.
            return getattr(self, command)(Workload(words[:6]), Path(line.split(maxsplit=7)[7]))
        if command == "time" and self.peer is not None:
            return {"milliseconds": self.peer.time(int(words[0]))}
        if command in ("hello", "close"):
            return getattr(self, command)()
        raise ValueError(f"'{line}' is no command, or needs an open workload")


def main():
    if sys.argv[1:] not in (["serve", "eager"], ["serve", "compiled"]):
        print("Use: peer.py serve eager|compiled", file=sys.stderr)
        return 2
    # What PyTorch prints while it tunes must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    server = Server(sys.argv[2] == "compiled")
    for line in sys.stdin:
        try:
            answer = server.answer(line.rstrip("\n"))
        except Exception as problem:  # whatever it is, who asked is told, and judges
            traceback.print_exc()
            answer = {"error": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(answer), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
