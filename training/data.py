"""Story text to token files, and batches out of them.

A data folder holds `*.txt.gz` files of stories separated by one blank line; the file with `heldout` in its name is
only ever measured on. A work folder gets tokenizer.json, train.u16, heldout.u16 (ids, each story followed by END) and
heldout.json (how many bytes of text that is).
"""
import argparse
import glob
import gzip
import json
import os

import numpy as np
import torch

from tokenizer import END, Tokenizer, learn_merges


def read_stories(paths):
    """Returns the stories of gzipped text files, in the order given."""
    stories = []
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            stories += file.read().rstrip("\n").split("\n\n")
    return stories


def split_paths(folder):
    """Returns (training files, held-out files) of a data folder, each sorted by name."""
    paths = sorted(glob.glob(os.path.join(folder, "*.txt.gz")))
    held = [path for path in paths if "heldout" in os.path.basename(path)]
    if not held or len(held) == len(paths):
        raise SystemExit(f"{folder}: expected training files *.txt.gz and one named heldout, found {paths}")
    return [path for path in paths if path not in held], held


def write_tokens(tokenizer, stories, path):
    """Writes ids as little-endian u16, END after each story; returns (tokens, bytes of text)."""
    ids = []
    for story in stories:
        ids += tokenizer.encode(story)
        ids.append(END)
    np.array(ids, dtype="<u2").tofile(path)
    return len(ids), sum(len(story.encode()) + 1 for story in stories)


def load_tokens(path):
    """Returns a token file as an int64 tensor [tokens]."""
    return torch.from_numpy(np.fromfile(path, dtype="<u2").astype(np.int64))


def random_windows(tokens, count, length, generator):
    """Returns `count` windows [count, length] at uniformly random places of a token stream."""
    starts = torch.randint(0, len(tokens) - length + 1, (count,), generator=generator)
    return torch.stack([tokens[start:start + length] for start in starts.tolist()])


class HeldOut:
    """The held-out text cut into windows: `inputs` and `targets` [W, T], and bytes of text per token."""

    def __init__(self, work, context, limit=None):
        tokens = load_tokens(os.path.join(work, "heldout.u16"))
        with open(os.path.join(work, "heldout.json"), encoding="utf-8") as file:
            self.bytes_per_token = json.load(file)["bytes"] / len(tokens)
        count = (len(tokens) - 1) // context
        count = count if limit is None else min(limit, count)
        self.inputs = tokens[:count * context].view(count, context)
        self.targets = tokens[1:count * context + 1].view(count, context)


def main():
    parser = argparse.ArgumentParser(description="Write the token files that training reads.")
    parser.add_argument("--data", required=True, help="folder with *.txt.gz story files")
    parser.add_argument("--work", required=True, help="folder for token files, checkpoints and logs")
    parser.add_argument("--vocab-size", type=int, default=2048)
    parser.add_argument("--tokenizer", help="use this tokenizer.json instead of learning merges")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    train_paths, held_paths = split_paths(args.data)
    stories = read_stories(train_paths)
    tokenizer = Tokenizer.load(args.tokenizer) if args.tokenizer else Tokenizer(learn_merges(stories, args.vocab_size))
    tokenizer.save(os.path.join(args.work, "tokenizer.json"))
    for name, part in (("train", stories), ("heldout", read_stories(held_paths))):
        tokens, size = write_tokens(tokenizer, part, os.path.join(args.work, f"{name}.u16"))
        report = {"stories": len(part), "tokens": tokens, "bytes": size}
        with open(os.path.join(args.work, f"{name}.json"), "w", encoding="utf-8") as file:
            json.dump(report, file)
        print(name, report)


if __name__ == "__main__":
    main()
