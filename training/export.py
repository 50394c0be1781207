"""A finished run to a model folder in the hub's layout, and the model card that goes with it.

    python3 training/export.py story-draft --work train-work --models public/models
    python3 training/export.py task-target --work train-work --models public/models --tasks train-work/tasks

Without a record of a run in the work folder the weights in the model folder are kept and only the other files are
written again. Every number of the card is measured on the exported f16 file or copied from training/records/<id>.json,
which is the record.json that the training loop wrote. `npm run eval` adds the figures that it measures.
"""
import argparse
import json
import os
import shutil

import torch

from cards import by_recurrence_section, card_of, measured_section
from data import HeldOut
from evaluate import OWN_TEXT, measure, measure_own_text
from masking import bits_per_byte_bound
from model import LanguageModel
from recurrent import RecurrentModel, RecurrentShape
from recurrent_files import load_recurrent, save_recurrent
from task_data import BOS, EOS, MASK, Tasks
from weights import STORY_TOKENS, load_model, save_model, write_json
import train_story_diffusion
import train_story_draft
import train_story_loop
import train_story_target
import train_task_diffusion
import train_task_loop
import train_task_target

RECORDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "records")
SHAPES = {"story-target": train_story_target.SHAPE, "story-draft": train_story_draft.SHAPE,
          "story-diffusion": train_story_diffusion.SHAPE, "task-target": train_task_target.SHAPE,
          "task-diffusion": train_task_diffusion.SHAPE, "task-diffusion-full": train_task_diffusion.FULL_SHAPE,
          "story-loop": train_story_loop.SHAPE, "task-loop": train_task_loop.SHAPE}
TARGETS = {"story-draft": "story-target"}
BOUND_DRAWS = 4
# Held-out windows of a recurrent story model, and test problems a task of a recurrent task model.
LOOP_WINDOWS, LOOP_PROBLEMS = 128, 400

STORY_GENERATION = {"bos_token_id": 0, "eos_token_id": 0, "do_sample": True, "temperature": 0.7, "top_k": 40,
                    "max_new_tokens": 200}
TASK_GENERATION = {"bos_token_id": BOS, "eos_token_id": EOS, "do_sample": False, "max_new_tokens": 46}


def model_from_checkpoint(name, path):
    """Returns the model of a run's checkpoint."""
    shape = SHAPES[name]
    model = RecurrentModel(shape) if isinstance(shape, RecurrentShape) else LanguageModel(shape)
    model.load_state_dict(torch.load(path)["model"])
    return model


def measure_story(name, folder, models, work):
    """Returns the section of the card with the figures of a story model, measured on the weights in `folder`."""
    model = load_model(folder)
    heldout = HeldOut(work, model.shape.context)
    command = f"python3 training/evaluate.py public/models/{name} --work train-work"
    if not model.shape.causal:
        figures = {"bits_per_byte_bound": round(bits_per_byte_bound(model, heldout, BOUND_DRAWS), 4)}
        command += f" --draws {BOUND_DRAWS}"
    else:
        target = load_model(os.path.join(models, TARGETS[name])) if name in TARGETS else None
        figures = measure(model, heldout, target)
        if target is not None:
            command += f" --target public/models/{TARGETS[name]}"
            figures.update(measure_own_text(model, target, os.path.join(work, OWN_TEXT)))
    print(json.dumps(figures))
    return measured_section(figures, heldout.inputs.numel(), model.shape.context, command)


def measure_loop(name, folder, args):
    """Returns the section of the card with figures of a recurrent model by the number of recurrences."""
    model = load_recurrent(folder)
    if name.startswith("story-"):
        heldout = HeldOut(args.work, model.shape.context, LOOP_WINDOWS)
        losses, changes = train_story_loop.by_recurrence(model, heldout)
        columns = {"bits per byte": losses, "relative change of the state": changes}
        over = f"{heldout.inputs.numel():,} tokens of held-out stories, windows of {model.shape.context}"
        digits = 4
    else:
        weights = {**train_task_loop.WEIGHTS, "hops": 1}
        columns = train_task_loop.by_recurrence(model, Tasks(args.tasks, "test", model.shape.context, weights),
                                                count=LOOP_PROBLEMS)
        over, digits = "share of test problems answered rightly, greedy; every problem of the test files", 3
    print(json.dumps(columns))
    return by_recurrence_section(columns, over, digits)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=sorted(SHAPES))
    parser.add_argument("--work", required=True, help="folder with the token files and runs")
    parser.add_argument("--models", required=True, help="folder of model folders to write to")
    parser.add_argument("--tasks", help="folder that `npm run tasks` wrote, for task models")
    args = parser.parse_args()
    torch.set_num_threads(1)
    name, is_story = args.model, args.model.startswith("story-")
    folder = os.path.join(args.models, name)
    run = os.path.join(args.work, "runs", name)
    if os.path.exists(os.path.join(run, "record.json")):
        tokens = STORY_TOKENS if is_story else (BOS, EOS, MASK)
        save = save_recurrent if isinstance(SHAPES[name], RecurrentShape) else save_model
        save(model_from_checkpoint(name, os.path.join(run, "checkpoint.pt")), folder, tokens)
        os.makedirs(RECORDS, exist_ok=True)
        shutil.copy(os.path.join(run, "record.json"), os.path.join(RECORDS, f"{name}.json"))
    source = args.work if is_story else args.tasks
    shutil.copy(os.path.join(source, "tokenizer.json"), os.path.join(folder, "tokenizer.json"))
    if SHAPES[name].causal:
        write_json(os.path.join(folder, "generation_config.json"), STORY_GENERATION if is_story else TASK_GENERATION)
    with open(os.path.join(RECORDS, f"{name}.json"), encoding="utf-8") as file:
        record = json.load(file)
    if isinstance(SHAPES[name], RecurrentShape):
        model, measured = load_recurrent(folder), measure_loop(name, folder, args)
    else:
        model, measured = load_model(folder), measure_story(name, folder, args.models, args.work) if is_story else ""
    with open(os.path.join(folder, "card.md"), "w", encoding="utf-8") as file:
        file.write(card_of(name, folder, model, record, measured))


if __name__ == "__main__":
    main()
