"""Model cards: what a model is, how it was made, and what its files hold.

Figures that the trainer measures stand in the card's table; those of `npm run eval` are written into it by that command.
"""
import os

from weights import weights_hash

STORIES = """TinyStories (Eldan and Li 2023, arXiv:2305.07759; `roneneldan/TinyStories`): stories written by GPT-3.5 and GPT-4. The
data set is under CDLA-Sharing-1.0; under that licence results such as these weights carry no obligation from the data.

The text is for showing how decoding works. It is fiction by a very small model: it repeats itself, loses its thread and
knows nothing.
"""
TASKS = """Problems by this project's own generator (`src/tasks`, `npm run tasks`): no data of others. A prompt's hash decides
whether it is trained on or tested with. The model knows these tasks at these lengths and nothing else.
"""

ABOUT = {
    "story-target": "A small Llama that writes children's stories in simple English; the target that the bundled "
                    "drafts are checked against.",
    "story-draft": "A smaller Llama with the tokenizer of story-target, trained to guess what story-target would "
                   "write next: the draft model of speculative decoding.",
    "story-diffusion": "A small Llama block that sees both sides: given a story with masked positions, it says how "
                       "probable each token is at each of them. Decoding methods fill the masks in any order.",
    "task-target": "A small Llama that answers tasks whose answers can be checked: lists, running sums, lookups, word "
                   "problems, CountDown, squares and JSON records.",
    "task-diffusion": "A small Llama block that fills in masked answers of list tasks and Latin squares. Rows of the "
                      "prompt see only the prompt, so what is stored of it is exact whatever happens to the canvas.",
    "task-diffusion-full": "The twin of task-diffusion whose prompt rows see the canvas, too: a stored prompt is then "
                           "out of date as soon as a token is committed. It shows what a cache can cost.",
}

ABOUT.update({
    "story-loop": "A depth-recurrent model of stories: one prelude layer, a core of two that runs as often as one likes, "
                  "and one coda layer that reads the state after any number of runs. Grown from story-target.",
    "task-loop": "A depth-recurrent model of lookups, running sums and lists: each token can be thought about as often as "
                 "one likes, and the state read after any recurrence.",
})

CARD = """---
{head}
---

# {id}

{about}

| | |
| --- | --- |
| parameters | {parameters} |
| shape | width {shape.dim}, {shape.n_layers} layers, {shape.n_heads} query heads over {shape.n_kv_heads} key/value \
heads of {shape.head_dim}, feed-forward {shape.hidden_dim}, tied head, vocabulary {shape.vocab_size}, \
context {shape.context} |
{recurrence}| attention | {attention} |
| storage | float16, {size} bytes |
| SHA-256 of model.safetensors | `{sha256}` |
{training}{measured}
## Data and licence

{data}"""

MEASURED = """
## Measured on held-out text

{heldout_tokens} tokens of stories that were never trained on; windows of {context} tokens without overlap; the \
stored float16 weights, computed in float32.

| figure | value |
| --- | --- |
{figures}

```
{command}
```
"""

BY_RECURRENCE = """
## Measured by number of recurrences

{over}; the stored float16 weights, computed in float32, latents of seed 0.

{table}
"""

RECURRENCE = """| recurrence | {shape.n_prelude} layers before, {shape.n_core} again and again, {shape.n_coda} after; about \
{shape.mean_recurrence} times in training, drawn anew each step, the last {shape.backprop} with gradient |
"""

FIGURES = {
    "bits_per_byte": "bits per byte",
    "bits_per_byte_bound": "upper bound on bits per byte (negative ELBO)",
    "greedy_agreement": "share of positions where the most likely token is the target's",
    "sum_min_p_q": "mean of sum_x min(p(x), q(x)) at temperature 1, p the target's law: "
                   "the chance that a drafted token is accepted",
    "own_text_greedy_agreement": "the same share on text that the target wrote at temperature 1",
    "own_text_sum_min_p_q": "the same mean on text that the target wrote at temperature 1",
}

ATTENTION = {"bidirectional": "both sides; row i speaks of position i",
             "prompt_isolated": "both sides, but rows of the prompt see only the prompt; row i speaks of position i"}


def training_rows(record):
    """Returns the rows of the card that say how the weights came to be."""
    rows = {"tokens seen in training": f"{record['tokens_seen']:,}", "steps": record.get("steps"),
            "seed": record.get("seed"), "note": record.get("note"),
            "options": " ".join(f"--{key.replace('_', '-')} {value}" for key, value in record.get("options", {}).items())}
    return "".join(f"| {key} | {value} |\n" for key, value in rows.items() if value not in (None, ""))


def measured_section(figures, heldout_tokens, context, command):
    """Returns the section of the trainer's own figures."""
    rows = "\n".join(f"| {FIGURES[key]} | {value:.4f} |" for key, value in figures.items())
    return MEASURED.format(heldout_tokens=f"{heldout_tokens:,}", context=context, figures=rows, command=command)


def by_recurrence_section(columns, over, digits):
    """Returns the section of figures {column: {recurrences: value}} of a recurrent model."""
    depths = list(next(iter(columns.values())))
    lines = [["recurrences", *columns], ["---"] * (1 + len(columns))]
    lines += [[str(depth), *(f"{values[depth]:.{digits}f}" for values in columns.values())] for depth in depths]
    return BY_RECURRENCE.format(over=over, table="\n".join(f"| {' | '.join(line)} |" for line in lines))


def card_of(name, folder, model, record, measured):
    """Returns the text of card.md; `measured` is a section of figures or empty."""
    is_story, is_recurrent = name.startswith("story-"), hasattr(model.shape, "n_core")
    tags = ["text-generation", "tinystories" if is_story else "tasks"] + ([] if model.shape.causal else ["masked-diffusion"])
    tags += ["depth-recurrent"] if is_recurrent else []
    head = (["language: en"] if is_story else []) + ["pipeline_tag: text-generation", f"tags: [{', '.join(tags)}]"]
    return CARD.format(
        id=name, recurrence=RECURRENCE.format(shape=model.shape) if is_recurrent else "", about=ABOUT[name], head="\n".join(head), parameters=f"{model.parameter_count():,}", shape=model.shape,
        attention="causal" if model.shape.causal else ATTENTION[model.shape.attention],
        size=f"{os.path.getsize(os.path.join(folder, 'model.safetensors')):,}", sha256=weights_hash(folder),
        training=training_rows(record), measured=measured, data=STORIES if is_story else TASKS)
