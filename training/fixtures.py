"""Writes the test fixtures of a model folder: tests/fixtures/models/<id>.json and <id>.bin.

    python3 training/fixtures.py public/models/story-target public/models/story-draft --work train-work

The numbers come from the stored float16 weights through reference.py (float64), rounded to float32 at the end. The
.bin is little-endian float32 without a header; the .json says where each tensor lies in it. The same weights and
held-out text give the same files.
"""
import argparse
import json
import os

import numpy as np
import torch

from data import load_tokens
from reference import forward
from tokenizer import END, Tokenizer
from weights import load_model, weights_hash

TEXT_TOKENS = 32
LOGIT_POSITIONS = [0, 1, 2, 7, 15, 16, 30, 31]
PROMPT = "Once upon a time, there was a little"
GREEDY_TOKENS = 40


def heldout_tokens(work):
    """Returns the first TEXT_TOKENS ids of the held-out text, END in front of them."""
    tokens = load_tokens(os.path.join(work, "heldout.u16"))
    return [END, *tokens[:TEXT_TOKENS - 1].tolist()]


@torch.no_grad()
def tensors_of(model, ids):
    """Returns [(name, float32 array)]: every [T, D] output, and the logits of LOGIT_POSITIONS."""
    outputs = forward(model, torch.tensor(ids))
    outputs = [(name, x[LOGIT_POSITIONS] if name == "logits" else x) for name, x in outputs]
    return [(name, x.numpy().astype("<f4")) for name, x in outputs]


@torch.no_grad()
def greedy(model, prompt):
    """Returns (the GREEDY_TOKENS most likely next ids, lead of each over the second most likely in logits)."""
    ids, leads = list(prompt), []
    for _ in range(GREEDY_TOKENS):
        logits = forward(model, torch.tensor(ids))[-1][1][-1]
        best = logits.topk(2)
        ids.append(best.indices[0].item())
        leads.append(round((best.values[0] - best.values[1]).item(), 6))
    return ids[len(prompt):], leads


def write_fixture(folder, work, out):
    """Writes the two files of one model."""
    name = os.path.basename(os.path.normpath(folder))
    model, tokenizer = load_model(folder), Tokenizer.load(os.path.join(folder, "tokenizer.json"))
    ids = heldout_tokens(work)
    layout, offset, chunks = [], 0, []
    for label, array in tensors_of(model, ids):
        layout.append({"name": label, "shape": list(array.shape), "offsetFloats": offset})
        chunks.append(np.ascontiguousarray(array).tobytes())
        offset += array.size
    prompt = [END, *tokenizer.encode(PROMPT)]
    tokens, leads = greedy(model, prompt)
    content = {
        "model": name, "weightsSha256": weights_hash(folder), "text": tokenizer.decode(ids[1:]), "tokens": ids,
        "logitPositions": LOGIT_POSITIONS, "tensors": layout,
        "greedy": {"prompt": PROMPT, "promptTokens": prompt, "tokens": tokens, "text": tokenizer.decode(tokens),
                   "leads": leads}}
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, f"{name}.json"), "w", encoding="utf-8") as file:
        fields = (f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items())
        file.write("{\n" + ",\n".join(fields) + "\n}\n")
    with open(os.path.join(out, f"{name}.bin"), "wb") as file:
        file.write(b"".join(chunks))
    print(f"{name}: {4 * offset} bytes, smallest lead {min(leads)}, text: {tokenizer.decode(prompt[1:] + tokens)!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", help="model folders; the folder name is the model id")
    parser.add_argument("--work", required=True, help="folder that data.py wrote")
    parser.add_argument("--out", default=os.path.join("tests", "fixtures", "models"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    for folder in args.folders:
        write_fixture(folder, args.work, args.out)


if __name__ == "__main__":
    main()
