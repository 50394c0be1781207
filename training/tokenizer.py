"""Byte-level BPE: train it, encode and decode with it, read and write the hub's tokenizer.json.

Pure Python and count based: every distinct piece of text between split points is merged once, however often it occurs.
"""
import collections
import json
import re

# Ids 0 to 7. `<|end|>` ends a story and starts the next one; the bytes follow at id 8, the merges at id 264.
SPECIAL = ["<|end|>", "<|mask|>", "<|pad|>", "<|user|>", "<|assistant|>", "<|task|>", "<|answer|>", "<|r7|>"]
END, MASK = 0, 1
N_SPECIAL = len(SPECIAL)
FIRST_MERGE = N_SPECIAL + 256

# Python's `re` has no \p{L} and \p{N}; the two patterns agree on Latin script and ASCII digits.
SPLIT_HUB = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
SPLIT = re.compile(SPLIT_HUB.replace(r"[^\s\p{L}\p{N}]", r"[^\sA-Za-z0-9\u00c0-\u024f]")
                   .replace(r"\p{L}", r"[A-Za-z\u00c0-\u024f]").replace(r"\p{N}", r"[0-9]"))


def learn_merges(texts, vocab_size):
    """Returns the list of merges (left id, right id), most frequent pair first, that fills `vocab_size` ids."""
    counts = collections.Counter()
    for text in texts:
        counts.update(SPLIT.findall(text))
    words = [[byte + N_SPECIAL for byte in word.encode()] for word in counts]
    counts = list(counts.values())
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for index, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += counts[index]
            where[pair].add(index)
    merges = []
    while FIRST_MERGE + len(merges) < vocab_size:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if pairs[best] < 2:
            break
        new_id = FIRST_MERGE + len(merges)
        merges.append(best)
        for index in where[best]:
            for pair in zip(words[index], words[index][1:]):
                pairs[pair] -= counts[index]
            words[index] = join_pair(words[index], best, new_id)
            for pair in zip(words[index], words[index][1:]):
                pairs[pair] += counts[index]
                if pair != best:
                    where[pair].add(index)
        del pairs[best], where[best]
    return merges


def join_pair(ids, pair, new_id):
    """Returns `ids` with every occurrence of `pair`, from the left, replaced by `new_id`."""
    joined, i = [], 0
    while i < len(ids):
        if tuple(ids[i:i + 2]) == pair:
            joined.append(new_id)
            i += 2
        else:
            joined.append(ids[i])
            i += 1
    return joined


class Tokenizer:
    """Encoder and decoder over a list of merges."""

    def __init__(self, merges):
        self.merges = [tuple(pair) for pair in merges]
        self.rank = {pair: i for i, pair in enumerate(self.merges)}
        self.pieces = [name.encode() for name in SPECIAL] + [bytes([byte]) for byte in range(256)]
        for left, right in self.merges:
            self.pieces.append(self.pieces[left] + self.pieces[right])
        self.known = {}

    def encode(self, text):
        """Returns the ids of `text`; special names inside the text are treated as plain characters."""
        return [token for word in SPLIT.findall(text) for token in self.encode_word(word)]

    def encode_word(self, word):
        ids = self.known.get(word)
        if ids is None:
            ids = [byte + N_SPECIAL for byte in word.encode()]
            while len(ids) > 1:
                rank = min(self.rank.get(pair, len(self.merges)) for pair in zip(ids, ids[1:]))
                if rank == len(self.merges):
                    break
                ids = join_pair(ids, self.merges[rank], FIRST_MERGE + rank)
            self.known[word] = ids
        return ids

    def decode(self, ids):
        return b"".join(self.pieces[i] for i in ids).decode("utf-8", "replace")

    def save(self, path):
        """Writes the hub's tokenizer.json, byte for byte the same for the same merges."""
        letter = byte_letters()
        spell = [name for name in SPECIAL]
        spell += ["".join(letter[byte] for byte in piece) for piece in self.pieces[N_SPECIAL:]]
        added = [{"id": i, "content": name, "single_word": False, "lstrip": False, "rstrip": False,
                  "normalized": False, "special": True} for i, name in enumerate(SPECIAL)]
        pre_tokenizers = [
            {"type": "Split", "pattern": {"Regex": SPLIT_HUB}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}]
        model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                 "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
                 "vocab": {text: i for i, text in enumerate(spell)},
                 "merges": [spell[left] + " " + spell[right] for left, right in self.merges]}
        content = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
                   "pre_tokenizer": {"type": "Sequence", "pretokenizers": pre_tokenizers},
                   "post_processor": None, "decoder": {"type": "ByteLevel"}, "model": model}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False)

    @staticmethod
    def load(path):
        """Reads the merges back from a tokenizer.json that `save` wrote."""
        with open(path, encoding="utf-8") as file:
            model = json.load(file)["model"]
        pairs = (merge.split(" ") for merge in model["merges"])
        return Tokenizer([(model["vocab"][left], model["vocab"][right]) for left, right in pairs])


def byte_letters():
    """Returns the visible character that stands for each byte in tokenizer.json (the table GPT-2 introduced)."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in visible}
    for byte in range(256):
        if byte not in letters:
            letters[byte] = chr(256 + len(letters) - len(visible))
    return letters
