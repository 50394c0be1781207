"""Trains task-diffusion, which fills in masked answers. Prompt rows see only the prompt, so their cache is exact."""
import argparse

import torch

from loop import add_arguments, launch, run
from losses import TiedCrossEntropy
from masking import stratified
from model import LanguageModel, Shape
from task_data import MASK, Tasks, canvas_batch, isolated_mask

SHAPE = Shape(vocab_size=112, dim=96, n_layers=4, n_heads=3, n_kv_heads=3, hidden_dim=256, context=40, causal=False)
# Tasks whose answers have a fixed shape; sums, words and searches are the causal model's.
TASKS = ("copy", "reverse", "sort", "shuffle", "replace_index", "replace_random", "insert_index", "insert_random",
         "remove_index", "remove_random", "latin", "sudoku")
ROOM = 4
LEAST_RATE = 0.02


@torch.no_grad()
def accuracy(model, tasks, count=40):
    """Returns {task: share of test problems answered with the reference when the most certain token is set first}."""
    generator, shares = torch.Generator().manual_seed(5), {}
    for name in tasks.names:
        ids, is_prompt, is_canvas = canvas_batch(tasks.by_task[name][:count], model.shape.context, 0, generator)
        masks = [isolated_mask(is_prompt, is_canvas, model.shape.n_kv_heads)]
        canvas = ids.masked_fill(is_canvas, MASK)
        while (canvas == MASK).any():
            hidden = model(canvas, masks).reshape(-1, model.shape.dim)
            logits = (hidden @ model.embedding.t()).view(*canvas.shape, -1)
            logits[..., MASK] = -1e30
            certain, best = logits.softmax(-1).max(-1)
            place = certain.masked_fill(canvas != MASK, -1).argmax(-1, keepdim=True)
            open_rows = (canvas == MASK).any(-1, keepdim=True)
            canvas.scatter_(1, place, torch.where(open_rows, best.gather(1, place), canvas.gather(1, place)))
        shares[name] = round((canvas == ids).all(-1).float().mean().item(), 3)
    return shares


def train(rank, args):
    torch.manual_seed(args.seed)
    model = LanguageModel(SHAPE)
    problems = Tasks(args.tasks, "train", SHAPE.context, TASKS)
    test = Tasks(args.tasks, "test", SHAPE.context, TASKS)

    def step_loss(count, generator, progress):
        ids, is_prompt, is_canvas = canvas_batch(problems.draw(count, generator), SHAPE.context, ROOM, generator)
        rate = stratified(count, generator).clamp(LEAST_RATE, 1)[:, None]
        hidden = is_canvas & (torch.rand(ids.shape, generator=generator) < rate)
        weight = (1 / rate).expand(ids.shape)[hidden] / is_canvas.sum()
        masks = [isolated_mask(is_prompt, is_canvas, SHAPE.n_kv_heads)]
        states = model(ids.masked_fill(hidden, MASK), masks).reshape(-1, SHAPE.dim)[hidden.reshape(-1)]
        loss = TiedCrossEntropy.apply(states, model.embedding, ids[hidden], weight)
        return loss, {"loss": round(loss.item(), 4)}

    run("task-diffusion", rank, args, model, step_loss, lambda model: accuracy(model, test))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, steps=8000, batch=64)
    parser.add_argument("--tasks", required=True, help="folder that `npm run tasks` wrote")
    launch(train, parser.parse_args())


if __name__ == "__main__":
    main()
