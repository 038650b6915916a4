"""FocalNet in PyTorch, the peer to measure against. Parameter names are those of the published checkpoints."""
import json
import struct

import torch
import torch.nn.functional as F
from torch import nn

BLOCKS = {"Tiny": 1, "Dehaze": 4, "Desnow": 4, "Deblur": 16}
WIDTH = 32


class Conv(nn.Module):
    """Convolution (or its transpose, kernel 4 and stride 2), then exact GELU unless told otherwise."""

    def __init__(self, inputs, outputs, kernel, stride=1, act=True, transposed=False):
        super().__init__()
        layer = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1) if transposed else nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)
        self.main = nn.Sequential(layer, *([nn.GELU()] if act else []))

    def forward(self, x):
        return self.main(x)


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.main = nn.Sequential(Conv(channels, channels, 3), Conv(channels, channels, 3, act=False))

    def forward(self, x):
        return self.main(x) + x


class Stage(nn.Module):
    def __init__(self, channels, blocks):
        super().__init__()
        self.layers = nn.Sequential(*[Residual(channels) for _ in range(blocks)])

    def forward(self, x):
        return self.layers(x)


class Pair(nn.Module):
    """A residual block of each resolution."""

    def __init__(self, channels):
        super().__init__()
        self.main = nn.Sequential(Conv(channels, channels, 3), Conv(channels, channels, 3, act=False))
        self.main1 = nn.Sequential(Conv(channels, channels, 3), Conv(channels, channels, 3, act=False))

    def forward(self, full, half):
        return self.main(full) + full, self.main1(half) + half


class MultiScale(nn.Module):
    """Half of the channels at full resolution, half of them at half resolution."""

    def __init__(self, channels, blocks):
        super().__init__()
        half = channels // 2
        self.down = nn.Conv2d(half, half, 2, 2, groups=half)
        self.layers = nn.ModuleList([Pair(half) for _ in range(blocks)])

    def forward(self, x):
        full, half = torch.chunk(x, 2, dim=1)
        half = self.down(half)
        for pair in self.layers:
            full, half = pair(full, half)
        half = F.interpolate(half, size=full.shape[2:], mode="bilinear", align_corners=False)
        return torch.cat((full, half), dim=1)


class Shallow(nn.Module):
    """SCM: features of the smaller picture."""

    def __init__(self, channels):
        super().__init__()
        self.main = nn.Sequential(
            Conv(3, channels // 4, 3), Conv(channels // 4, channels // 2, 1), Conv(channels // 2, channels // 2, 3),
            Conv(channels // 2, channels, 1, act=False), nn.InstanceNorm2d(channels, affine=True))

    def forward(self, x):
        return self.main(x)


class Merge(nn.Module):
    """FAM."""

    def __init__(self, channels):
        super().__init__()
        self.merge = Conv(channels * 2, channels, 3, act=False)

    def forward(self, x, y):
        return self.merge(torch.cat((x, y), dim=1))


class Plain(nn.Module):
    """A convolution under the name conv."""

    def __init__(self, *args, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(*args, **kwargs)

    def forward(self, x):
        return self.conv(x)


class SpatialGate(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.spatial = Plain(2, 1, 3, padding=1)
        self.dw1 = nn.Sequential(
            Plain(channels, channels, 5, padding=4, dilation=2, groups=channels), Plain(channels, channels, 7, padding=9, dilation=3, groups=channels))
        self.dw2 = Plain(channels, channels, 3, padding=1, groups=channels)

    def forward(self, x):
        gate = self.spatial(torch.cat((x.amax(1, keepdim=True), x.mean(1, keepdim=True)), dim=1))
        return self.dw1(x) * gate + self.dw2(x)


class FrequencyGate(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.a = nn.Parameter(torch.zeros(channels, 1, 1))
        self.b = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, y):
        return self.a * (y - y.mean((2, 3), keepdim=True)) * y + self.b * y


class DualSelection(nn.Module):
    """DSM."""

    def __init__(self, channels):
        super().__init__()
        self.spatial_gate = SpatialGate(channels)
        self.local_attention = nn.Sequential(FrequencyGate(channels))
        self.a = nn.Parameter(torch.zeros(channels, 1, 1))
        self.b = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x):
        return self.a * self.local_attention(self.spatial_gate(x)) + self.b * x


class Holder(nn.Module):
    """A part under the name layers."""

    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x):
        return self.layers(x)


class FocalNet(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        c = WIDTH
        self.Encoder = nn.ModuleList([Holder(MultiScale(c, blocks)), Stage(2 * c, blocks), Stage(4 * c, blocks)])
        self.feat_extract = nn.ModuleList([
            Conv(3, c, 3), Conv(c, 2 * c, 3, 2), Conv(2 * c, 4 * c, 3, 2), Conv(4 * c, 2 * c, 4, transposed=True),
            Conv(2 * c, c, 4, transposed=True), Conv(c, 3, 3, act=False)])
        self.Decoder = nn.ModuleList([Stage(4 * c, blocks), Stage(2 * c, blocks), Holder(MultiScale(c, blocks))])
        self.Convs = nn.ModuleList([Conv(4 * c, 2 * c, 1), Conv(2 * c, c, 1)])
        self.ConvsOut = nn.ModuleList([Conv(4 * c, 3, 3, act=False), Conv(2 * c, 3, 3, act=False)])
        self.FAM1, self.SCM1 = Merge(4 * c), Shallow(4 * c)
        self.FAM2, self.SCM2 = Merge(2 * c), Shallow(2 * c)
        self.pyramid_attentions = nn.ModuleList([DualSelection(4 * c)])

    def forward(self, x):
        """Restored at full, half and quarter resolution."""
        x2 = F.interpolate(x, scale_factor=0.5)
        x4 = F.interpolate(x2, scale_factor=0.5)
        r1 = self.Encoder[0](self.feat_extract[0](x))
        r2 = self.Encoder[1](self.FAM2(self.feat_extract[1](r1), self.SCM2(x2)))
        z = self.Encoder[2](self.FAM1(self.feat_extract[2](r2), self.SCM1(x4)))
        z = self.Decoder[0](self.pyramid_attentions[0](z))
        out4 = self.ConvsOut[0](z) + x4
        z = self.Decoder[1](self.Convs[0](torch.cat((self.feat_extract[3](z), r2), dim=1)))
        out2 = self.ConvsOut[1](z) + x2
        z = self.Decoder[2](self.Convs[1](torch.cat((self.feat_extract[4](z), r1), dim=1)))
        return self.feat_extract[5](z) + x, out2, out4


def loss_of(outputs, target):
    """L1 at three scales, and 0.1 of L1 between the Fourier transforms; float32 or wider, as transforms have no half precision."""
    total = 0
    for output, scale in zip(outputs, (1, 0.5, 0.25)):
        label = target if scale == 1 else F.interpolate(target, scale_factor=scale, mode="bilinear", align_corners=False)
        output = output.to(label.dtype)
        spectrum = torch.view_as_real(torch.fft.fft2(output)) - torch.view_as_real(torch.fft.fft2(label))
        total = total + (output - label).abs().mean() + 0.1 * spectrum.abs().mean()
    return total


def load_safetensors(path):
    """Names to float32 tensors."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: {name} is {entry['dtype']}, not F32")
        start, end = entry["data_offsets"]
        tensors[name] = torch.frombuffer(data, dtype=torch.float32, count=(end - start) // 4, offset=start).reshape(entry["shape"]).clone()
    return tensors
