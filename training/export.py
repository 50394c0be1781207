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

from cards import by_choice_section, by_recurrence_section, by_routing_section, card_of, measured_section
from data import HeldOut
from evaluate import OWN_TEXT, measure, measure_own_text
from masking import bits_per_byte_bound
from mixture import MixtureModel, MixtureShape
from mixture_figures import WINDOWS as MIXTURE_WINDOWS, measure_mixture, routed
from mixture_files import load_mixture, save_mixture
from model import LanguageModel, Shape
from recurrent import RecurrentModel, RecurrentShape
from recurrent_files import load_recurrent, save_recurrent
from reference_mixture import by_depth
from task_data import BOS, EOS, MASK, Tasks
from token_choice import TokenChoiceModel, TokenChoiceShape
from token_choice_figures import measure_token_choice
from token_choice_files import load_token_choice, save_token_choice
from tokenizer import Tokenizer
from weights import STORY_TOKENS, load_model, save_model, write_json
import train_story_diffusion
import train_story_draft
import train_story_loop
import train_story_mor
import train_story_mor_token
import train_story_target
import train_task_diffusion
import train_task_loop
import train_task_target

RECORDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "records")
SHAPES = {"story-target": train_story_target.SHAPE, "story-draft": train_story_draft.SHAPE,
          "story-diffusion": train_story_diffusion.SHAPE, "task-target": train_task_target.SHAPE,
          "task-diffusion": train_task_diffusion.SHAPE, "task-diffusion-full": train_task_diffusion.FULL_SHAPE,
          "story-loop": train_story_loop.SHAPE, "task-loop": train_task_loop.SHAPE,
          "story-mor": train_story_mor.SHAPE, "story-mor-token": train_story_mor_token.SHAPE}
# What models of each shape are, how they are written and how they are read.
KINDS = {Shape: (LanguageModel, save_model, load_model), RecurrentShape: (RecurrentModel, save_recurrent, load_recurrent),
         MixtureShape: (MixtureModel, save_mixture, load_mixture),
         TokenChoiceShape: (TokenChoiceModel, save_token_choice, load_token_choice)}
TARGETS = {"story-draft": "story-target"}
BOUND_DRAWS = 4
# Held-out windows of a recurrent story model, and test problems a task of a recurrent task model.
LOOP_WINDOWS, LOOP_PROBLEMS = 128, 400

STORY_GENERATION = {"bos_token_id": 0, "eos_token_id": 0, "do_sample": True, "temperature": 0.7, "top_k": 40,
                    "max_new_tokens": 200}
TASK_GENERATION = {"bos_token_id": BOS, "eos_token_id": EOS, "do_sample": False, "max_new_tokens": 46}


def model_from_checkpoint(shape, path):
    """Returns the model of a run's checkpoint."""
    model = KINDS[type(shape)][0](shape)
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


def measure_routing(name, folder, work):
    """Returns the section of the card with the figures of a mixture of recursions, and of the fixed depth it is compared with."""
    model = load_mixture(folder)
    heldout = HeldOut(work, model.shape.context, MIXTURE_WINDOWS)
    figures = measure_mixture(model, heldout, Tokenizer.load(os.path.join(folder, "tokenizer.json")))
    print(json.dumps(figures))
    return by_routing_section(name, figures, model.shape, fixed_depth_record(f"{name}-fixed", work, heldout))


def measure_choosing(name, folder, work):
    """Returns the section of the card with the figures of a mixture of recursions whose tokens choose their depths."""
    model = load_token_choice(folder)
    heldout = HeldOut(work, model.shape.context, MIXTURE_WINDOWS)
    figures = measure_token_choice(model, heldout, Tokenizer.load(os.path.join(folder, "tokenizer.json")))
    print(json.dumps(figures))
    return by_choice_section(name, figures, model.shape)


def fixed_depth_record(name, work, heldout):
    """Returns the record of the run without routing with its loss, measured anew if the run is there; None without one."""
    run, path = os.path.join(work, "runs", name), os.path.join(RECORDS, f"{name}.json")
    if os.path.exists(os.path.join(run, "record.json")):
        shape = train_story_mor.FIXED_SHAPE
        model = model_from_checkpoint(shape, os.path.join(run, "checkpoint.pt")).half().float()
        loss, _ = routed(model, heldout, by_depth(shape.recursions))
        with open(os.path.join(run, "record.json"), encoding="utf-8") as file:
            record = json.load(file)
        write_json(path, {**record, "recursions": shape.recursions, "bits_per_byte": round(loss, 4)})
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=sorted(SHAPES))
    parser.add_argument("--work", required=True, help="folder with the token files and runs")
    parser.add_argument("--models", required=True, help="folder of model folders to write to")
    parser.add_argument("--tasks", help="folder that `npm run tasks` wrote, for task models")
    args = parser.parse_args()
    torch.set_num_threads(1)
    name, is_story = args.model, args.model.startswith("story-")
    _, save, load = KINDS[type(SHAPES[name])]
    folder = os.path.join(args.models, name)
    run = os.path.join(args.work, "runs", name)
    if os.path.exists(os.path.join(run, "record.json")):
        tokens = STORY_TOKENS if is_story else (BOS, EOS, MASK)
        save(model_from_checkpoint(SHAPES[name], os.path.join(run, "checkpoint.pt")), folder, tokens)
        os.makedirs(RECORDS, exist_ok=True)
        shutil.copy(os.path.join(run, "record.json"), os.path.join(RECORDS, f"{name}.json"))
    source = args.work if is_story else args.tasks
    shutil.copy(os.path.join(source, "tokenizer.json"), os.path.join(folder, "tokenizer.json"))
    if SHAPES[name].causal:
        write_json(os.path.join(folder, "generation_config.json"), STORY_GENERATION if is_story else TASK_GENERATION)
    with open(os.path.join(RECORDS, f"{name}.json"), encoding="utf-8") as file:
        record = json.load(file)
    if isinstance(SHAPES[name], RecurrentShape):
        measured = measure_loop(name, folder, args)
    elif isinstance(SHAPES[name], MixtureShape):
        measured = measure_routing(name, folder, args.work)
    elif isinstance(SHAPES[name], TokenChoiceShape):
        measured = measure_choosing(name, folder, args.work)
    else:
        measured = measure_story(name, folder, args.models, args.work) if is_story else ""
    with open(os.path.join(folder, "card.md"), "w", encoding="utf-8") as file:
        file.write(card_of(name, folder, load(folder), record, measured))


if __name__ == "__main__":
    main()
