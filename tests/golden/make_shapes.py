#!/usr/bin/env python3
"""Makes the golden sets of shapes that no published network has: tests/data/golden/shapes_*.

    make_shapes.py OUT_DIR [--check GOLDEN_DIR]

Wants torch and safetensors, and torchvision for RAFT. Depth Anything V2 and Video Depth Anything are written out below in
PyTorch's plain operators; --check compares them with sets that the networks' own code made (folders depth_anything_v2 and
video_depth_anything of GOLDEN_DIR). RAFT is torchvision's, with narrow layers.
"""
import argparse
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

HEAD = {False: "depth_head", True: "head"}  # of one picture, of films


class Network:
    """Forward passes over named weights."""

    def __init__(self, weights, heads, taps):
        self.w, self.heads, self.taps = weights, heads, taps
        self.film = "head.projects.0.weight" in weights
        self.head = HEAD[self.film]

    def linear(self, name, x):
        return F.linear(x, self.w[name + ".weight"], self.w.get(name + ".bias"))

    def norm(self, name, x, eps):
        return F.layer_norm(x, x.shape[-1:], self.w[name + ".weight"], self.w[name + ".bias"], eps)

    def conv(self, name, x, stride=1):
        weight = self.w[name + ".weight"]
        return F.conv2d(x, weight, self.w.get(name + ".bias"), stride, weight.shape[-1] // 2)

    def attend(self, q, k, v, heads):
        split = lambda t: t.reshape(*t.shape[:2], heads, -1).transpose(1, 2)
        q, k, v = split(q), split(k), split(v)
        shares = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1)
        return (shares @ v).transpose(1, 2).flatten(2)

    def positions(self, rows, columns):
        at = self.w["pretrained.pos_embed"]
        side = math.isqrt(at.shape[1] - 1)
        if rows == columns == side:
            return at
        grid = at[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
        grid = F.interpolate(grid, scale_factor=((rows + 0.1) / side, (columns + 0.1) / side), mode="bicubic")
        return torch.cat((at[:, :1], grid.permute(0, 2, 3, 1).flatten(1, 2)), 1)

    def block(self, name, t):
        n = self.norm(name + ".norm1", t, 1e-6)
        attended = self.attend(*self.linear(name + ".attn.qkv", n).chunk(3, -1), self.heads)
        t = t + self.w[name + ".ls1.gamma"] * self.linear(name + ".attn.proj", attended)
        n = self.norm(name + ".norm2", t, 1e-6)
        if name + ".mlp.w12.weight" in self.w:
            gate, value = self.linear(name + ".mlp.w12", n).chunk(2, -1)
            n = self.linear(name + ".mlp.w3", F.silu(gate) * value)
        else:
            n = self.linear(name + ".mlp.fc2", F.gelu(self.linear(name + ".mlp.fc1", n)))
        return t + self.w[name + ".ls2.gamma"] * n

    def encode(self, x):
        rows, columns = x.shape[2] // 14, x.shape[3] // 14
        patches = F.conv2d(x, self.w["pretrained.patch_embed.proj.weight"], self.w["pretrained.patch_embed.proj.bias"], 14)
        t = torch.cat((self.w["pretrained.cls_token"].expand(len(x), -1, -1), patches.flatten(2).transpose(1, 2)), 1)
        t, maps = t + self.positions(rows, columns), []
        for i in range(max(self.taps) + 1):
            t = self.block(f"pretrained.blocks.{i}", t)
            if i in self.taps:
                tokens = self.norm("pretrained.norm", t, 1e-6)[:, 1:]
                maps.append(tokens.transpose(1, 2).reshape(len(x), -1, rows, columns))
        return maps

    def motion(self, j, x, films):
        """Attention over the frames of each place."""
        if not self.film:
            return x
        name = f"head.motion_modules.{j}.temporal_transformer"
        block, (_, channels, h, w) = name + ".transformer_blocks.0", x.shape
        frames = len(x) // films
        y = F.group_norm(x, 32, self.w[name + ".norm.weight"], self.w[name + ".norm.bias"], 1e-6)
        y = self.linear(name + ".proj_in", y.permute(0, 2, 3, 1)).reshape(films, frames, h * w, channels)
        y = y.transpose(1, 2).reshape(films * h * w, frames, channels)
        for i in range(2):
            attention = f"{block}.attention_blocks.{i}"
            z = self.norm(f"{block}.norms.{i}", y, 1e-5) + self.w[attention + ".pos_encoder.pe"][:, :frames]
            q, k, v = (self.linear(f"{attention}.to_{part}", z) for part in "qkv")
            y = y + self.linear(attention + ".to_out.0", self.attend(q, k, v, 8))
        value, gate = self.linear(block + ".ff.net.0.proj", self.norm(block + ".ff_norm", y, 1e-5)).chunk(2, -1)
        y = self.linear(name + ".proj_out", y + self.linear(block + ".ff.net.2", value * F.gelu(gate)))
        y = y.reshape(films, h, w, frames, channels).permute(0, 3, 4, 1, 2)
        return x + y.reshape(x.shape)

    def residual(self, name, x):
        return x + self.conv(name + ".conv2", F.relu(self.conv(name + ".conv1", F.relu(x))))

    def fuse(self, i, path, side, size):
        name = f"{self.head}.scratch.refinenet{i}"
        if side is not None:
            path = path + self.residual(name + ".resConfUnit1", side)
        path = self.residual(name + ".resConfUnit2", path)
        return self.conv(name + ".out_conv", F.interpolate(path, size, mode="bilinear", align_corners=True))

    def __call__(self, x):
        """(N,3,H,W) -> (N,H,W), or (films,frames,3,H,W) -> (films,frames,H,W)."""
        films, shape = len(x), x.shape[:-3] + x.shape[-2:]
        x = x.flatten(0, -4)
        maps = [self.conv(f"{self.head}.projects.{i}", m) for i, m in enumerate(self.encode(x))]
        for i, factor in ((0, 4), (1, 2)):
            name = f"{self.head}.resize_layers.{i}"
            maps[i] = F.conv_transpose2d(maps[i], self.w[name + ".weight"], self.w[name + ".bias"], factor)
        maps[3] = self.conv(self.head + ".resize_layers.3", maps[3], stride=2)
        maps[2], maps[3] = self.motion(0, maps[2], films), self.motion(1, maps[3], films)
        maps = [self.conv(f"{self.head}.scratch.layer{i + 1}_rn", m) for i, m in enumerate(maps)]
        sizes = [m.shape[2:] for m in maps]
        path = self.motion(2, self.fuse(4, maps[3], None, sizes[2]), films)
        path = self.motion(3, self.fuse(3, path, maps[2], sizes[1]), films)
        path = self.fuse(2, path, maps[1], sizes[0])
        path = self.fuse(1, path, maps[0], [2 * n for n in sizes[0]])
        fine = F.interpolate(self.conv(self.head + ".scratch.output_conv1", path), x.shape[2:], mode="bilinear",
                             align_corners=True)
        fine = F.relu(self.conv(self.head + ".scratch.output_conv2.0", fine))
        return F.relu(self.conv(self.head + ".scratch.output_conv2.2", fine)).reshape(shape)


def make_weights(config, random):
    """Uniform values under the published names, scaled so that no layer drowns the next."""
    w, width, film = {}, config["embed_dim"], config.get("film", False)
    uniform = lambda *shape: torch.rand(*shape, generator=random) * 2 - 1

    def layer(name, *shape, inputs=None, gain=1.0, bias=True):
        w[name + ".weight"] = uniform(*shape) * (gain * math.sqrt(3 / (inputs or math.prod(shape[1:]))))
        if bias:
            w[name + ".bias"] = uniform(shape[0]) * 0.1

    def norm(name, size):
        w[name + ".weight"], w[name + ".bias"] = 1 + uniform(size) * 0.1, uniform(size) * 0.1

    layer("pretrained.patch_embed.proj", width, 3, 14, 14)
    w["pretrained.cls_token"], w["pretrained.mask_token"] = uniform(1, 1, width), torch.zeros(1, width)
    smooth = F.interpolate(uniform(1, width, 9, 9), (37, 37), mode="bicubic").flatten(2).transpose(1, 2)
    w["pretrained.pos_embed"] = torch.cat((uniform(1, 1, width), smooth), 1) * 0.5
    for i in range(config["depth"]):
        name = f"pretrained.blocks.{i}"
        norm(name + ".norm1", width), norm(name + ".norm2", width)
        layer(name + ".attn.qkv", 3 * width, width, gain=1.5), layer(name + ".attn.proj", width, width)
        if config["ffn_layer"] == "swiglufused":
            hidden = (4 * width * 2 // 3 + 7) // 8 * 8
            layer(name + ".mlp.w12", 2 * hidden, width), layer(name + ".mlp.w3", width, hidden)
        else:
            layer(name + ".mlp.fc1", 4 * width, width), layer(name + ".mlp.fc2", width, 4 * width)
        for part in ("ls1", "ls2"):
            w[f"{name}.{part}.gamma"] = 0.5 + uniform(width) * 0.4
    norm("pretrained.norm", width)

    head, channels, features = HEAD[film], config["out_channels"], config["features"]
    for i, c in enumerate(channels):
        layer(f"{head}.projects.{i}", c, width, 1, 1)
    for i, factor in ((0, 4), (1, 2)):
        layer(f"{head}.resize_layers.{i}", channels[i], channels[i], factor, factor, inputs=channels[i])
    layer(head + ".resize_layers.3", channels[3], channels[3], 3, 3)
    scratch = head + ".scratch"
    for i, c in enumerate(channels, 1):
        layer(f"{scratch}.layer{i}_rn", features, c, 3, 3, gain=1.3, bias=False)
        for part in ("resConfUnit1.conv1", "resConfUnit1.conv2", "resConfUnit2.conv1", "resConfUnit2.conv2"):
            layer(f"{scratch}.refinenet{i}.{part}", features, features, 3, 3, gain=1.3)
        layer(f"{scratch}.refinenet{i}.out_conv", features, features, 1, 1)
    layer(scratch + ".output_conv1", features // 2, features, 3, 3, gain=1.3)
    layer(scratch + ".output_conv2.0", 32, features // 2, 3, 3, gain=1.3)
    layer(scratch + ".output_conv2.2", 1, 32, 1, 1)
    w[scratch + ".output_conv2.2.bias"] += 2  # most of a picture lies above zero
    for j, c in enumerate((channels[2], channels[3], features, features) if film else ()):
        name = f"head.motion_modules.{j}.temporal_transformer"
        block = name + ".transformer_blocks.0"
        norm(name + ".norm", c), layer(name + ".proj_in", c, c), layer(name + ".proj_out", c, c)
        angle = torch.arange(32)[:, None] * torch.exp(torch.arange(0, c, 2) * (-math.log(10000) / c))
        for i in range(2):
            attention = f"{block}.attention_blocks.{i}"
            for part in ("to_q", "to_k", "to_v"):
                layer(f"{attention}.{part}", c, c, bias=False)
            layer(attention + ".to_out.0", c, c)
            w[attention + ".pos_encoder.pe"] = torch.stack((angle.sin(), angle.cos()), -1).reshape(1, 32, c)
            norm(f"{block}.norms.{i}", c)
        layer(block + ".ff.net.0.proj", 8 * c, c), layer(block + ".ff.net.2", c, 4 * c), norm(block + ".ff_norm", c)
    return w


def save(folder, config, weights, tensors, suffix=""):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    save_file({name: t.contiguous() for name, t in weights.items()}, folder / f"weights{suffix}.safetensors")
    save_file({name: t.contiguous() for name, t in tensors.items()}, folder / f"io{suffix}.safetensors")


def make_depth(folder, config, shapes):
    random = torch.Generator().manual_seed(config["seed"])
    weights = make_weights(config, random)
    film, tensors = config.get("film", False), {}
    network = Network(weights, config["num_heads"], config["intermediate_layer_idx"])
    for i, shape in enumerate(shapes):
        x = torch.randn(*shape, generator=random)
        tensors[f"fwd{i}.x" if film else f"x{i}"] = x
        depth = tensors[f"fwd{i}.depth" if film else f"disparity{i}"] = network(x)
        print(f"{folder.name} {list(shape)}: {(depth > 0).float().mean():.0%} above 0, up to {depth.max():.3g}")
    save(folder, config, weights, tensors)


def make_raft(folder, seed):
    from torchvision.models.optical_flow import raft
    from torch.nn import BatchNorm2d, InstanceNorm2d
    torch.manual_seed(seed)
    widths = dict(feature_encoder_layers=(16, 16, 8, 24, 32), context_encoder_layers=(16, 16, 8, 24, 40),
                  motion_encoder_corr_layers=(48, 24), motion_encoder_flow_layers=(16, 8),
                  motion_encoder_out_channels=30, recurrent_block_hidden_state_size=24, flow_head_hidden_size=20)
    model = raft._raft(feature_encoder_block=raft.ResidualBlock, feature_encoder_norm_layer=InstanceNorm2d,
                       context_encoder_block=raft.ResidualBlock, context_encoder_norm_layer=BatchNorm2d,
                       corr_block_num_levels=4, corr_block_radius=4, recurrent_block_kernel_size=((1, 5), (5, 1)),
                       recurrent_block_padding=((0, 2), (2, 0)), use_mask_predictor=True, weights=None, progress=False,
                       **widths).eval()
    for module in model.modules():
        if isinstance(module, BatchNorm2d):
            module.running_mean.normal_(0, 0.2), module.running_var.uniform_(0.5, 2)
    tensors, runs = {}, [(2, 128, 136, 5), (3, 136, 128, 1)]
    for i, (batch, height, width, updates) in enumerate(runs):
        picture = F.interpolate(torch.rand(batch, 3, height // 8, width // 8), (height, width), mode="bicubic")
        first = (picture.clamp(0, 1) * 255).round().to(torch.uint8)
        second = torch.roll(first, (2, -3), (2, 3))
        flows = model(first / 255 * 2 - 1, second / 255 * 2 - 1, num_flow_updates=updates)
        tensors |= {f"run{i}.frame1_u8": first, f"run{i}.frame2_u8": second,
                    f"run{i}.flow_first": flows[0].clone(), f"run{i}.flow_last": flows[-1].clone()}
    config = dict(large=widths, runs_h_w_updates=[list(run[1:]) for run in runs], seed=seed)
    save(folder, config, model.state_dict(), tensors, "_large")


def check(golden):
    for folder in ("depth_anything_v2", "video_depth_anything"):
        config = json.loads((golden / folder / "config.json").read_text())
        weights, tensors = (load_file(golden / folder / f"{name}.safetensors") for name in ("weights", "io"))
        network = Network(weights, config["num_heads"], config["intermediate_layer_idx"])
        for x, depth in (("x0", "disparity0"), ("x1", "disparity1"), ("fwd0.x", "fwd0.depth"), ("fwd1.x", "fwd1.depth")):
            if x in tensors:
                wanted = tensors[depth]
                error = (network(tensors[x]) - wanted).abs().max() / (wanted.max() - wanted.min())
                print(f"{folder} {depth}: {error:.1e} of the range")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT_DIR")
    parser.add_argument("--check", type=Path, metavar="GOLDEN_DIR")
    options = parser.parse_args()
    depth = dict(depth=4, num_heads=1, intermediate_layer_idx=[0, 1, 2, 3], img_size=518, patch_size=14, ffn_layer="mlp")
    with torch.no_grad():
        if options.check:
            check(options.check)
        make_depth(options.out / "shapes_odd_heads",
                   depth | dict(embed_dim=33, features=18, out_channels=[13, 7, 21, 10], seed=1),
                   [(3, 3, 28, 126), (1, 3, 154, 126)])
        make_depth(options.out / "shapes_swiglu",
                   depth | dict(embed_dim=40, depth=6, num_heads=5, intermediate_layer_idx=[1, 2, 4, 5], features=16,
                                out_channels=[8, 12, 16, 20], ffn_layer="swiglufused", seed=2),
                   [(2, 3, 70, 56), (1, 3, 126, 154)])
        make_depth(options.out / "shapes_films",
                   depth | dict(embed_dim=40, num_heads=2, features=32, out_channels=[9, 12, 32, 64], film=True, seed=3),
                   [(3, 5, 3, 28, 70), (2, 1, 3, 56, 28)])
        make_raft(options.out / "shapes_raft", seed=4)


if __name__ == "__main__":
    main()
