"""Story text to token files, and batches out of them.

A data folder holds `*.txt.gz` files of stories separated by one blank line; the file with `heldout` in its name is
only ever measured on. A data set of the hub holds `*.txt` files, in which `<|endoftext|>` stands between stories and the
held-out file may be called `valid` or `test` too. A work folder gets tokenizer.json, train.u16, heldout.u16 (ids, each story followed by END) and
heldout.json (how many bytes of text that is).
"""
import argparse
import glob
import gzip
import itertools
import json
import os
import re

import numpy as np
import torch

from hub import HELD_OUT, fetch_texts, is_held_out, is_hub_name
from tokenizer import END, Tokenizer, learn_merges

MARK = "<|endoftext|>"


def marked_stories(file):
    """Yields the stories of an open file that stand between marks, their paragraphs as lines."""
    lines = []
    for line in itertools.chain(file, [MARK]):
        *ended, begun = line.split(MARK)
        for part in ended:
            story = "".join([*lines, part]).strip()
            lines = []
            if story:
                yield re.sub(r"\n\s*\n", "\n", story)
        lines.append(begun)


def read_stories(paths, most=None):
    """Returns the stories of text files, gzipped or not, in the order given; of each file the first `most`.

    A gzipped file has a blank line between stories; another is read only as far as it is needed.
    """
    stories = []
    for path in paths:
        if path.endswith(".gz"):
            with gzip.open(path, "rt", encoding="utf-8") as file:
                stories += file.read().rstrip("\n").split("\n\n")[:most]
        else:
            with open(path, encoding="utf-8") as file:
                stories += itertools.islice(marked_stories(file), most)
    return stories


def split_paths(data, files, folder):
    """Returns (training files, held-out files), each sorted by name, of a data folder or of a data set of the hub.

    What is fetched goes to `folder`; `files` are those of the data set to fetch.
    """
    is_remote = is_hub_name(data)
    paths = fetch_texts(data, files, folder) if is_remote else glob.glob(os.path.join(data, "*.txt.gz"))
    held = sorted(path for path in paths if is_held_out(path, HELD_OUT if is_remote else HELD_OUT[:1]))
    if not held or len(held) == len(paths):
        raise SystemExit(f"{data}: expected text files to train on and one whose name has heldout, found {sorted(paths)}")
    return sorted(path for path in paths if path not in held), held


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
    parser.add_argument("--data", required=True, help="folder with *.txt.gz story files, or a data set of the hub: org/name")
    parser.add_argument("--files", default="", help="of a data set of the hub: the text files to fetch, separated by commas")
    parser.add_argument("--stories", type=int, help="most stories of each file")
    parser.add_argument("--work", required=True, help="folder for token files, checkpoints and logs")
    parser.add_argument("--vocab-size", type=int, default=2048)
    parser.add_argument("--tokenizer", help="use this tokenizer.json instead of learning merges")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    files = [file for file in args.files.split(",") if file]
    train_paths, held_paths = split_paths(args.data, files, os.path.join(args.work, "hub"))
    stories = read_stories(train_paths, args.stories)
    tokenizer = Tokenizer.load(args.tokenizer) if args.tokenizer else Tokenizer(learn_merges(stories, args.vocab_size))
    tokenizer.save(os.path.join(args.work, "tokenizer.json"))
    for name, part in (("train", stories), ("heldout", read_stories(held_paths, args.stories))):
        tokens, size = write_tokens(tokenizer, part, os.path.join(args.work, f"{name}.u16"))
        report = {"stories": len(part), "tokens": tokens, "bytes": size}
        with open(os.path.join(args.work, f"{name}.json"), "w", encoding="utf-8") as file:
            json.dump(report, file)
        print(name, report)


if __name__ == "__main__":
    main()
