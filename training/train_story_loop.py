"""Trains story-loop, the depth-recurrent model of stories, starting from the layers of story-target."""
import argparse
import math
import os

import torch
from torch.nn import functional

from blocks import RmsNorm
from data import HeldOut, load_tokens, random_windows
from latent import latent
from loop import add_arguments, launch, run
from losses import TiedCrossEntropy
from recurrent import RecurrentModel, RecurrentShape, draw_recurrences
from recurrent_files import MODEL_TYPE, load_recurrent
from weights import load_model, read_config

SHAPE = RecurrentShape(dim=128, n_layers=4, n_heads=4, n_kv_heads=4, head_dim=32, hidden_dim=352)
# Layers of story-target that become prelude, core and coda.
TAKEN = (0, 1, 2, 4)
# What the adapter passes on of the state at the start; of the embedding it passes on everything.
STATE_SHARE = 0.5
CALIBRATION = 8
# A step is cut into so many parts, each with a number of recurrences of its own.
DRAWS = 2
DEPTHS = (1, 2, 3, 4, 5, 6, 8, 12)
MEASURED_WINDOWS, BATCH = 16, 8


@torch.no_grad()
def grown_from(target, windows):
    """Returns a recurrent model made of a Llama's layers.

    The norms that a sandwich block has besides get the size that sums have in the Llama, measured on `windows` [B, T], so
    that at first they change little.
    """
    model = RecurrentModel(SHAPE)
    model.embedding.copy_(target.embedding)
    model.final_norm.copy_(target.final_norm)
    for layer, taken in zip(model.layers, TAKEN):
        take_layer(layer, target.layers[taken])
    same = torch.eye(SHAPE.dim)
    model.adapter.copy_(torch.cat([STATE_SHARE * same, same], 1))

    prelude, core, coda = model.parts()
    embedded = calibrate(model, prelude, functional.embedding(windows, model.embedding) * SHAPE.embed_scale)
    state = model.start(windows, torch.Generator().manual_seed(1))
    state = calibrate(model, core, functional.linear(torch.cat([state, embedded], -1), model.adapter))
    for layer in coda:
        # The coda's input has the size of the final norm's weight, not that of the Llama's residual stream.
        growth = model.final_norm.mean() / size(state)
        layer.attention_out.mul_(growth)
        layer.down.mul_(growth)
    calibrate(model, coda, RmsNorm.apply(state, model.final_norm))
    return model


def take_layer(layer, source):
    """Copies a Llama layer; grouped key/value heads are repeated."""
    groups = source.shape.n_heads // source.shape.n_kv_heads
    q, k, v = source.qkv.split(source.split_rows()[source.qkv])
    width, dim = source.shape.head_dim, source.shape.dim
    repeated = [part.view(-1, width, dim).repeat_interleave(groups, 0).view(-1, dim) for part in (k, v)]
    layer.qkv.copy_(torch.cat([q, *repeated]))
    for name in ("attention_norm", "feed_forward_norm", "attention_out", "gate_up", "down"):
        getattr(layer, name).copy_(getattr(source, name))


def size(x):
    """Returns the mean root mean square of x [.., D]."""
    return (x ** 2).mean(-1).sqrt().mean()


def calibrate(model, layers, x):
    """Sets the norms after the sums of `layers` to the size of what they are given, and returns the output."""
    masks = model.masks_for(x.shape[1])
    for layer in layers:
        attended = x + layer.attend(x, model.cos, model.sin, masks)
        layer.attended_norm.fill_(size(attended))
        attended = RmsNorm.apply(attended, layer.attended_norm)
        fed = attended + layer.feed(attended)
        layer.fed_norm.fill_(size(fed))
        x = RmsNorm.apply(fed, layer.fed_norm)
    return x


@torch.no_grad()
def by_recurrence(model, heldout, depths=DEPTHS):
    """Returns ([bits per byte of held-out text after each number of recurrences], [relative change of the state there])."""
    length, dim = heldout.inputs.shape[1], model.shape.dim
    start = latent(0, length, dim, model.shape.state_deviation).float()
    losses, changes = dict.fromkeys(depths, 0.0), dict.fromkeys(depths, 0.0)
    batches = range(0, len(heldout.inputs), BATCH)
    for first in batches:
        ids = heldout.inputs[first:first + BATCH]
        targets = heldout.targets[first:first + BATCH].reshape(-1)
        embedded, state = model.embed(ids), start.expand(len(ids), -1, -1)
        for depth in range(1, max(depths) + 1):
            previous, state = state, model.iterate(state, embedded)
            if depth in depths:
                logits = functional.linear(model.readout(state).reshape(-1, dim), model.embedding)
                losses[depth] += functional.cross_entropy(logits, targets, reduction="sum").item()
                changes[depth] += ((state - previous).norm(dim=-1) / state.norm(dim=-1)).mean().item() / len(batches)
    per_byte = 1 / heldout.inputs.numel() / math.log(2) / heldout.bytes_per_token
    return ({depth: round(loss * per_byte, 4) for depth, loss in losses.items()},
            {depth: round(change, 4) for depth, change in changes.items()})


def start_of(folder, windows):
    """Returns the model to train: the recurrent one in `folder`, or one grown from the Llama there."""
    is_recurrent = read_config(folder)["model_type"] == MODEL_TYPE
    return load_recurrent(folder) if is_recurrent else grown_from(load_model(folder), windows)


def train(rank, args):
    torch.manual_seed(args.seed)
    corpus = load_tokens(os.path.join(args.work, "train.u16"))
    model = start_of(args.init, random_windows(corpus, CALIBRATION, SHAPE.context, torch.Generator().manual_seed(1)))
    heldout = HeldOut(args.work, SHAPE.context, limit=MEASURED_WINDOWS)

    def step_loss(count, generator, progress):
        loss, drawn = 0, []
        for _ in range(DRAWS):
            windows = random_windows(corpus, count // DRAWS, SHAPE.context + 1, generator)
            drawn.append(draw_recurrences(SHAPE.mean_recurrence, generator))
            inputs = windows[:, :-1]
            hidden = model(inputs, model.start(inputs, generator), drawn[-1]).reshape(-1, SHAPE.dim)
            loss = loss + TiedCrossEntropy.apply(hidden, model.embedding, windows[:, 1:].reshape(-1)) / DRAWS
        return loss, {"loss": round(loss.item(), 4), "recurrences": drawn}

    def measure(model):
        losses, changes = by_recurrence(model, heldout)
        return {"bits_per_byte": losses, "relative_change": changes}

    run("story-loop", rank, args, model, step_loss, measure)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, steps=1600, batch=16)
    parser.add_argument("--init", required=True, help="model folder to start from: story-target, or story-loop itself")
    launch(train, parser.parse_args())


if __name__ == "__main__":
    main()
