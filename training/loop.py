"""The training loop every model shares: schedule, several processes, checkpoints, and a log in JSON Lines.

A run lives in <work>/runs/<id>: log.jsonl, checkpoint.pt and, at the end, record.json for the model card. Starting the
same command again continues from the checkpoint; the random numbers of a step depend only on seed, step and process.
"""
import json
import math
import os
import time

import torch
from torch import distributed

from optimiser import MuonAdamW
from weights import write_json

FINAL_SCALE = 0.01


def add_arguments(parser, steps, batch):
    """Adds the options of a run; `steps` and `batch` are the defaults of the model."""
    parser.add_argument("--work", required=True, help="folder that data.py wrote; runs go to <work>/runs")
    parser.add_argument("--steps", type=int, default=steps, help="length of the run and of the cosine schedule")
    parser.add_argument("--minutes", type=float, help="length of the run in time instead of steps")
    parser.add_argument("--batch", type=int, default=batch, help="windows per step, over all processes")
    parser.add_argument("--processes", type=int, default=1, help="single-thread processes that share a step")
    parser.add_argument("--rate", type=float, default=5e-3, help="learning rate of embedding and norms (AdamW)")
    parser.add_argument("--matrix-rate", type=float, default=0.02, help="learning rate of the other matrices (Muon)")
    parser.add_argument("--weight-decay", type=float, default=0.1)
    parser.add_argument("--warmup", type=int, default=100, help="steps until the full learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-minutes", type=float, default=3, help="time between checkpoints")


def schedule(step, progress, warmup):
    """Returns the learning rate factor: linear warm-up, then a cosine in `progress`, 0 to 1, down to FINAL_SCALE."""
    cosine = 0.5 * (1 + math.cos(math.pi * progress))
    return min(1, (step + 1) / warmup) * (FINAL_SCALE + (1 - FINAL_SCALE) * cosine)


def launch(train, args):
    """Calls train(rank, args) in `args.processes` processes of one thread each."""
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29511")
    if args.processes == 1:
        torch.set_num_threads(1)
        train(0, args)
    else:
        torch.multiprocessing.spawn(join_and_train, (train, args), nprocs=args.processes)


def join_and_train(rank, train, args):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", rank=rank, world_size=args.processes)
    train(rank, args)


def run(name, rank, args, model, step_loss, measure):
    """Trains `model` in place for `args.steps` steps or `args.minutes` minutes.

    step_loss(count, generator, progress) returns (loss to differentiate, {figure: float for the log}) for `count`
    windows, with `progress` from 0 to 1. measure(model) returns held-out figures; only process 0 calls it.
    """
    folder = os.path.join(args.work, "runs", name)
    os.makedirs(folder, exist_ok=True)
    checkpoint = os.path.join(folder, "checkpoint.pt")
    optimiser = MuonAdamW(model, args.rate, args.matrix_rate, args.weight_decay)
    first, seconds_before = load_checkpoint(checkpoint, model, optimiser)
    step, began, saved = first, time.time(), time.time()
    generator = torch.Generator()
    tokens_per_step = args.batch * model.shape.context
    log = open(os.path.join(folder, "log.jsonl"), "a", encoding="utf-8")

    def seconds():
        return seconds_before + time.time() - began

    def write(**figures):
        log.write(json.dumps(figures) + "\n")
        log.flush()

    def save():
        if rank == 0:
            minutes = round(seconds() / 60, 2)
            write(step=step, tokens=step * tokens_per_step, minutes=minutes, heldout=measure(model))
            save_checkpoint(checkpoint, model, optimiser, step, seconds())

    while True:
        progress = shared_progress(seconds() / 60 / args.minutes if args.minutes else step / args.steps, args.processes)
        if progress >= 1:
            break
        generator.manual_seed((args.seed * 1_000_003 + step) * args.processes + rank)
        model.zero_grad()
        loss, figures = step_loss(args.batch // args.processes, generator, progress)
        loss.backward()
        average_gradients(model, args.processes)
        optimiser.step(schedule(step, progress, args.warmup))
        step += 1
        if rank == 0 and step % 20 == 0:
            rate = (step - first) * tokens_per_step / (time.time() - began)
            write(step=step, progress=round(progress, 4), **figures, tokens_per_second=round(rate))
        if time.time() - saved > 60 * args.save_minutes:
            save()
            saved = time.time()
    save()
    log.close()
    if rank == 0:
        left_out = ("work", "tasks", "target", "init", "steps" if args.minutes else "minutes")
        options = {key: value for key, value in vars(args).items() if key not in left_out}
        write_json(os.path.join(folder, "record.json"), {
            "id": name, "steps": step, "tokens_seen": step * tokens_per_step, "seed": args.seed,
            "minutes": round(seconds() / 60, 1), "options": options})


def shared_progress(progress, processes):
    """Returns the progress of process 0, so that all processes stop at the same step."""
    if processes == 1:
        return progress
    value = torch.tensor([progress], dtype=torch.float64)
    distributed.broadcast(value, 0)
    return value.item()


def average_gradients(model, processes):
    if processes > 1:
        for parameter in model.parameters():
            distributed.all_reduce(parameter.grad)
            parameter.grad.div_(processes)


def save_checkpoint(path, model, optimiser, step, seconds):
    """Writes the state of a run; a crash in the middle leaves the previous checkpoint whole."""
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state(), "step": step, "seconds": seconds},
               path + ".part")
    os.replace(path + ".part", path)


def load_checkpoint(path, model, optimiser):
    """Returns (steps done, seconds spent), (0, 0.0) if there is no checkpoint."""
    if not os.path.exists(path):
        return 0, 0.0
    state = torch.load(path)
    model.load_state_dict(state["model"])
    optimiser.load_state(state["optimiser"])
    return state["step"], state["seconds"]
