"""The latent that a recurrence starts from, keyed by (seed, position, channel): the page's src/base/rng.ts in NumPy.

Entries are normal, with the radius of the Box-Muller pair cut off at 3 standard deviations.
"""
import numpy as np
import torch

LATENT = 32
CUT = 3.0


def pcg4d(x, y, z, w):
    """Returns the first of four scrambled u32 arrays (Jarzynski and Olano 2020); arguments are u32 arrays."""
    with np.errstate(over="ignore"):
        x, y, z, w = (v * np.uint32(1664525) + np.uint32(1013904223) for v in (x, y, z, w))
        x, y, z, w = mix(x, y, z, w)
        x, y, z, w = (v ^ (v >> np.uint32(16)) for v in (x, y, z, w))
        return mix(x, y, z, w)[0]


def mix(x, y, z, w):
    x = x + y * w
    y = y + z * x
    z = z + x * y
    return x, y, z, w + y * z


def uniforms(seed, positions, channels, which):
    """Returns numbers in (0, 1) of index 2 * channel + which, [positions, channels], float64."""
    node = np.arange(positions, dtype=np.uint32)[:, None]
    index = (2 * np.arange(channels, dtype=np.uint32) + np.uint32(which))[None]
    seed, step, key = np.uint32([[seed]]), np.uint32([[0]]), np.uint32(LATENT << 24) | (node << np.uint32(8))
    drawn = pcg4d(*(np.broadcast_to(v, (positions, channels)).copy() for v in (seed, step, key, index)))
    return ((drawn >> np.uint32(9)).astype(np.float64) + 0.5) * 2.0 ** -23


def latent(seed, positions, channels, deviation):
    """Returns the start of the recurrence [positions, channels], float64, of standard deviation about `deviation`."""
    least = np.exp(-CUT * CUT / 2)
    radius = np.sqrt(-2 * np.log(least + (1 - least) * uniforms(seed, positions, channels, 0)))
    return torch.from_numpy(deviation * radius * np.cos(2 * np.pi * uniforms(seed, positions, channels, 1)))


def random_latent(size, deviation, generator):
    """Returns a start for training: as `latent`, from torch's generator, float32 [*size]."""
    least = np.exp(-CUT * CUT / 2)
    radius = (-2 * torch.log(least + (1 - least) * torch.rand(size, generator=generator))).sqrt()
    return deviation * radius * torch.cos(2 * np.pi * torch.rand(size, generator=generator))
