"""Text the target writes itself at temperature 1: what a draft model meets in use, unlike text by people.

Writes <work>/sampled.u16, windows of context + 1 tokens. Each begins with the first tokens of a training story (1 to 64
of them) and is continued by the target. All windows advance together, one position at a time, over a key/value cache.
"""
import argparse
import os
import time

import torch
from torch.nn import functional

from blocks import RmsNorm, SwiGlu, rotate
from data import load_tokens
from tokenizer import END
from weights import load_model

LONGEST_PROMPT = 64


class CachedModel:
    """Runs a LanguageModel on B texts at once, one position per call."""

    def __init__(self, model, batch):
        shape = model.shape
        self.model, self.position = model, 0
        cache = (shape.n_layers, batch * shape.n_kv_heads, shape.context, shape.head_dim)
        self.keys, self.values = torch.zeros(cache), torch.zeros(cache)

    def step(self, ids):
        """ids [B], the tokens at the current position -> logits [B, V] of the next."""
        model, position = self.model, self.position
        x = functional.embedding(ids, model.embedding)
        for i, layer in enumerate(model.layers):
            x = x + self.attend(i, layer, RmsNorm.apply(x, layer.attention_norm))
            gate_up = functional.linear(RmsNorm.apply(x, layer.feed_forward_norm), layer.gate_up)
            x = x + functional.linear(SwiGlu.apply(gate_up), layer.down)
        self.position = position + 1
        return functional.linear(RmsNorm.apply(x, model.final_norm), model.embedding)

    def attend(self, i, layer, x):
        """x [B, D] -> attention output of layer i [B, D]; stores this position's keys and values."""
        shape, now = self.model.shape, self.position
        heads, kv_heads, width = shape.n_heads, shape.n_kv_heads, shape.head_dim
        qkv = functional.linear(x, layer.qkv).view(-1, 1, heads + 2 * kv_heads, width)
        qk = rotate(qkv[:, :, :heads + kv_heads], self.model.cos[now:now + 1], self.model.sin[now:now + 1])
        self.keys[i, :, now] = qk[:, 0, heads:].reshape(-1, width)
        self.values[i, :, now] = qkv[:, 0, heads + kv_heads:].reshape(-1, width)
        q = qk[:, 0, :heads].reshape(-1, heads // kv_heads, width) * width ** -0.5
        probs = torch.softmax(torch.bmm(q, self.keys[i, :, :now + 1].transpose(1, 2)), -1)
        out = torch.bmm(probs, self.values[i, :, :now + 1])
        return functional.linear(out.reshape(len(x), heads * width), layer.attention_out)


@torch.no_grad()
def write_windows(model, prompts, prompt_lengths, generator):
    """prompts [B, LONGEST_PROMPT + 1], prompt_lengths [B] -> windows [B, context + 1]."""
    cached = CachedModel(model, len(prompts))
    windows = torch.zeros(len(prompts), model.shape.context + 1, dtype=torch.long)
    windows[:, 0] = prompts[:, 0]
    for i in range(model.shape.context):
        probs = torch.softmax(cached.step(windows[:, i]), -1)
        # The smallest of exponential variables with rates p falls on x with probability p(x).
        waits = torch.empty_like(probs).exponential_(generator=generator)
        sampled = (probs / waits).argmax(-1)
        given = prompts[:, min(i + 1, LONGEST_PROMPT)]
        windows[:, i + 1] = torch.where(i + 1 < prompt_lengths, given, sampled)
    return windows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True, help="folder of the target model")
    parser.add_argument("--work", required=True, help="folder that data.py wrote")
    parser.add_argument("--windows", type=int, default=10240)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--out", default="sampled.u16", help="name of the file in the work folder")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(args.target)
    tokens = load_tokens(os.path.join(args.work, "train.u16"))
    starts = (tokens == END).nonzero()[:, 0]
    starts = starts[starts < len(tokens) - LONGEST_PROMPT - 1]
    generator = torch.Generator().manual_seed(args.seed)
    path = os.path.join(args.work, args.out)
    with open(path + ".part", "wb") as file:
        for done in range(args.batch, args.windows + 1, args.batch):
            began = time.time()
            chosen = starts[torch.randint(0, len(starts), (args.batch,), generator=generator)].tolist()
            prompts = torch.stack([tokens[start:start + LONGEST_PROMPT + 1] for start in chosen])
            lengths = torch.randint(1, LONGEST_PROMPT + 1, (args.batch,), generator=generator)
            windows = write_windows(model, prompts, lengths, generator)
            file.write(windows.numpy().astype("<u2").tobytes())
            rate = args.batch * model.shape.context / (time.time() - began)
            print(f"{done} of {args.windows} windows, {rate:.0f} tokens per second", flush=True)
    os.replace(path + ".part", path)


if __name__ == "__main__":
    main()
