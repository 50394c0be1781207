"""A finished run to a model folder in the hub's layout, and the model card that goes with it.

    python3 training/export.py story-draft --work train-work --models public/models

Without a checkpoint in the work folder the weights in the model folder are kept and only the other files are written
again. Every number of the card is measured on the exported f16 file or copied from training/records/<id>.json, which
is the record.json that the training loop wrote.
"""
import argparse
import json
import os
import shutil

import torch

from data import HeldOut
from evaluate import OWN_TEXT, measure, measure_own_text
from model import LanguageModel, Shape
from weights import load_model, save_model, weights_hash, write_json
import train_story_draft
import train_story_target

RECORDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "records")
SHAPES = {"story-target": train_story_target.SHAPE, "story-draft": train_story_draft.SHAPE}
TARGETS = {"story-draft": "story-target"}

GENERATION = {"bos_token_id": 0, "eos_token_id": 0, "do_sample": True, "temperature": 0.7, "top_k": 40,
              "max_new_tokens": 200}

ABOUT = {
    "story-target": "A small Llama that writes children's stories in simple English; the target that the bundled "
                    "drafts are checked against.",
    "story-draft": "A smaller Llama with the tokenizer of story-target, trained to guess what story-target would "
                   "write next: the draft model of speculative decoding.",
}

CARD = """---
language: en
pipeline_tag: text-generation
tags: [text-generation, tinystories]
---

# {id}

{about}

| | |
| --- | --- |
| parameters | {parameters} |
| shape | width {shape.dim}, {shape.n_layers} layers, {shape.n_heads} query heads over {shape.n_kv_heads} key/value \
heads of {shape.head_dim}, feed-forward {shape.hidden_dim}, tied head, vocabulary {shape.vocab_size}, \
context {shape.context} |
| storage | float16, {size} bytes |
| SHA-256 of model.safetensors | `{sha256}` |
{training}
## Measured on held-out text

{heldout_tokens} tokens of stories that were never trained on; windows of {shape.context} tokens without overlap; the \
stored float16 weights, computed in float32.

| figure | value |
| --- | --- |
{figures}

```
{command}
```

## Data and licence

TinyStories (Eldan and Li 2023, arXiv:2305.07759; `roneneldan/TinyStories`): stories written by GPT-3.5 and GPT-4. The
data set is under CDLA-Sharing-1.0; under that licence results such as these weights carry no obligation from the data.

The text is for showing how decoding works. It is fiction by a very small model: it repeats itself, loses its thread and
knows nothing.
"""

FIGURES = {
    "bits_per_byte": "bits per byte",
    "greedy_agreement": "share of positions where the most likely token is the target's",
    "sum_min_p_q": "mean of sum_x min(p(x), q(x)) at temperature 1, p the target's law: "
                   "the chance that a drafted token is accepted",
    "own_text_greedy_agreement": "the same share on text that the target wrote at temperature 1",
    "own_text_sum_min_p_q": "the same mean on text that the target wrote at temperature 1",
}


def model_from_checkpoint(name, path):
    """Returns the model of a run's checkpoint."""
    model = LanguageModel(SHAPES[name])
    model.load_state_dict(torch.load(path)["model"])
    return model


def training_rows(record):
    """Returns the rows of the card that say how the weights came to be."""
    rows = {"tokens seen in training": f"{record['tokens_seen']:,}", "steps": record.get("steps"),
            "seed": record.get("seed"), "note": record.get("note"),
            "options": " ".join(f"--{key.replace('_', '-')} {value}" for key, value in record.get("options", {}).items())}
    return "".join(f"| {key} | {value} |\n" for key, value in rows.items() if value not in (None, ""))


def write_card(name, folder, models, work):
    """Measures the weights in `folder` and writes card.md next to them."""
    model = load_model(folder)
    heldout = HeldOut(work, model.shape.context)
    command = f"python3 training/evaluate.py public/models/{name} --work train-work"
    target = None
    if name in TARGETS:
        target = load_model(os.path.join(models, TARGETS[name]))
        command += f" --target public/models/{TARGETS[name]}"
    figures = measure(model, heldout, target)
    if target is not None:
        figures.update(measure_own_text(model, target, os.path.join(work, OWN_TEXT)))
    with open(os.path.join(RECORDS, f"{name}.json"), encoding="utf-8") as file:
        record = json.load(file)
    card = CARD.format(
        id=name, about=ABOUT[name], parameters=f"{model.parameter_count():,}", shape=model.shape,
        size=f"{os.path.getsize(os.path.join(folder, 'model.safetensors')):,}", sha256=weights_hash(folder),
        training=training_rows(record), heldout_tokens=f"{heldout.inputs.numel():,}", command=command,
        figures="\n".join(f"| {FIGURES[key]} | {value:.4f} |" for key, value in figures.items()))
    with open(os.path.join(folder, "card.md"), "w", encoding="utf-8") as file:
        file.write(card)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=sorted(SHAPES))
    parser.add_argument("--work", required=True, help="folder with the token files and runs")
    parser.add_argument("--models", required=True, help="folder of model folders to write to")
    args = parser.parse_args()
    torch.set_num_threads(1)
    folder = os.path.join(args.models, args.model)
    run = os.path.join(args.work, "runs", args.model)
    if os.path.exists(os.path.join(run, "record.json")):
        save_model(model_from_checkpoint(args.model, os.path.join(run, "checkpoint.pt")), folder)
        os.makedirs(RECORDS, exist_ok=True)
        shutil.copy(os.path.join(run, "record.json"), os.path.join(RECORDS, f"{args.model}.json"))
    shutil.copy(os.path.join(args.work, "tokenizer.json"), os.path.join(folder, "tokenizer.json"))
    write_json(os.path.join(folder, "generation_config.json"), GENERATION)
    print(json.dumps(write_card(args.model, folder, args.models, args.work)))


if __name__ == "__main__":
    main()
