"""Model cards: what a model is, how it was made, and what its files hold.

Figures that the trainer measures stand in the card's table; those of `npm run eval` are written into it by that command.
"""
import json
import os

from mixture_files import THRESHOLD
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
    "story-mor": "A mixture of recursions of stories: a first layer, two shared layers that a router lets each token pass "
                 "once, twice or three times, and a last layer. Grown from story-target.",
    "story-mor-token": "A mixture of recursions of stories in which each token chooses once, before the first recursion, how "
                       "often it passes the two shared layers. Grown from story-mor.",
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

MIXTURE = """| recursion | first layer, {shared} shared layers up to {shape.recursions} times, last layer; expert choice, linear \
routers, gate up to {shape.alpha}; trained on shares {shares} of the rows |
"""

CHOOSING = """| recursion | first layer, {shared} shared layers up to {shape.recursions} times, last layer; token choice, linear \
router with softmax, the last result weighted by up to {shape.alpha} |
"""

BY_CHOICE = """
## Measured by depth

{tokens:,} tokens of held-out stories, windows of {context}; the stored float16 weights, computed in float32. No token looks at
others to choose, so a text is routed in writing as it was in training.

| depth by | bits per byte | mean depth | share of tokens of depth {depths} | keys kept, of those of full depth |
| --- | --- | --- | --- | --- |
{table}

Depth follows the token more than the place: of the {often} tokens seen often, {one_depth:.1%} of places have the depth that is
usual for their token.

| depth | the most frequent tokens of it |
| --- | --- |
{examples}

```
python3 training/token_choice_figures.py public/models/{name} --work train-work
```
{verdict}"""

BY_ROUTING = """
## Measured by routing

{tokens:,} tokens of held-out stories, windows of {context}; the stored float16 weights, computed in float32. A gate
decides by a threshold when text is written; training took the highest gates of a whole window, which looks ahead.

| routing | bits per byte | mean depth | share of tokens of depth {depths} | keys kept, of those of full depth |
| --- | --- | --- | --- | --- |
{table}

Threshold and highest gates agree in {agreement:.1%} of decisions from the second recursion on; {same_depth:.1%} of tokens get the
same depth. Depth follows the token more than the place: of the {often} tokens seen often, {one_depth:.1%} of places have the
depth that is usual for their token.

| depth | the most frequent tokens of it |
| --- | --- |
{examples}

```
python3 training/mixture_figures.py public/models/{name} --work train-work
```
"""

BESIDE_FIXED = """
A model of the same layers and start in which every token runs {recursions} recursions, gates included, trained for as many steps on the
same batches ({tokens_seen:,} tokens), is worth {bits_per_byte:.4f} bits per byte on the same text; it is not bundled.
The mixture at {way} and mean depth {depth:.2f} needs {difference:.1%} {direction} than it.
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

# By a field that only such shapes have.
DEPTH_TAGS = {"n_core": "depth-recurrent", "recursions": "mixture-of-recursions"}

ATTENTION = {"bidirectional": "both sides; row i speaks of position i",
             "prompt_isolated": "both sides, but rows of the prompt see only the prompt; row i speaks of position i"}


def training_rows(record):
    """Returns the rows of the card that say how the weights came to be."""
    rows = {"tokens seen in training": f"{record['tokens_seen']:,}", "steps": record.get("steps"),
            "seed": record.get("seed"), "note": record.get("note"),
            "options": " ".join(option(key, value) for key, value in record.get("options", {}).items() if value is not False)}
    return "".join(f"| {key} | {value} |\n" for key, value in rows.items() if value not in (None, ""))


def option(key, value):
    """Returns an option as it is given on the command line."""
    name = f"--{key.replace('_', '-')}"
    return name if value is True else f"{name} {value}"


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


def depth_tables(figures, shape):
    """Returns what sections of figures by depth have in common: {field: text}."""
    lines = [[way, f"{row['bits_per_byte']:.4f}", f"{row['mean_depth']:.2f}",
              ", ".join(f"{share:.1%}" for share in row["depth_shares"]), f"{row['entries']:.1%}"]
             for way, row in figures["rows"].items()]
    tokens = figures["by_token"]["examples"]
    return {"table": "\n".join(f"| {' | '.join(line)} |" for line in lines), "context": shape.context,
            "depths": ", ".join(str(depth + 1) for depth in range(shape.recursions)),
            "examples": "\n".join(f"| {depth} | {' '.join(f'`{json.dumps(text)}`' for text in texts)} |"
                                  for depth, texts in tokens.items()),
            "often": figures["by_token"]["often"], "one_depth": figures["by_token"]["one_depth"], "tokens": figures["tokens"]}


def by_routing_section(name, figures, shape, fixed):
    """Returns the section of the figures of mixture_figures.py; `fixed` is the record of the model without routing, or None."""
    section = BY_ROUTING.format(name=name, agreement=figures["agreement"], same_depth=figures["same_depth"],
                                **depth_tables(figures, shape))
    return section + (beside_fixed(figures, fixed) if fixed else "")


def by_choice_section(name, figures, shape):
    """Returns the section of the figures of token_choice_figures.py."""
    own, *forced = [row["bits_per_byte"] for way, row in figures["rows"].items() if "keys" not in way]
    best = min(range(len(forced)), key=forced.__getitem__)
    difference = own / forced[best] - 1
    verdict = (f"\nThe tokens' own choice needs {abs(difference):.1%} {'more' if difference > 0 else 'fewer'} bits per byte than "
               f"the best single depth, {best + 1} for all, of the same weights.\n")
    return BY_CHOICE.format(name=name, verdict=verdict, **depth_tables(figures, shape))


def beside_fixed(figures, fixed):
    """Returns the paragraph that compares routing by the usual threshold with the model without routing."""
    way = f"threshold {THRESHOLD}"
    row = figures["rows"][way]
    difference = row["bits_per_byte"] / fixed["bits_per_byte"] - 1
    return BESIDE_FIXED.format(**fixed, way=way, depth=row["mean_depth"], difference=abs(difference),
                               direction="more" if difference > 0 else "fewer")


def depth_row(shape):
    """Returns the row of the card that says how often which layers run, empty for a plain Llama."""
    if hasattr(shape, "n_core"):
        return RECURRENCE.format(shape=shape)
    if hasattr(shape, "capacities"):
        shares = ", ".join(f"{capacity}/{shape.recursions}" for capacity in shape.capacities)
        return MIXTURE.format(shape=shape, shared=shape.n_layers - 2, shares=shares)
    if hasattr(shape, "recursions"):
        return CHOOSING.format(shape=shape, shared=shape.n_layers - 2)
    return ""


def card_of(name, folder, model, record, measured):
    """Returns the text of card.md; `measured` is a section of figures or empty."""
    is_story = name.startswith("story-")
    tags = ["text-generation", "tinystories" if is_story else "tasks"] + ([] if model.shape.causal else ["masked-diffusion"])
    tags += [tag for field, tag in DEPTH_TAGS.items() if hasattr(model.shape, field)]
    head = (["language: en"] if is_story else []) + ["pipeline_tag: text-generation", f"tags: [{', '.join(tags)}]"]
    return CARD.format(
        id=name, recurrence=depth_row(model.shape), about=ABOUT[name], head="\n".join(head),
        parameters=f"{model.parameter_count():,}", shape=model.shape,
        attention="causal" if model.shape.causal else ATTENTION[model.shape.attention],
        size=f"{os.path.getsize(os.path.join(folder, 'model.safetensors')):,}", sha256=weights_hash(folder),
        training=training_rows(record), measured=measured, data=STORIES if is_story else TASKS)
