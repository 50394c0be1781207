"""Checks the hand-written backward passes: every gradient of both losses against autograd through reference.py.

    python3 training/check_blocks.py

Prints the largest relative error of each tensor and fails above 1e-12 (float64 throughout).
"""
import torch
from torch.nn import functional

from losses import TiedCrossEntropy, TiedDistillation
from model import LanguageModel, Shape
from reference import forward_named
from weights import hub_parameters

LIMIT = 1e-12
SHAPE = Shape(vocab_size=50, dim=24, n_layers=2, n_heads=4, n_kv_heads=2, head_dim=8, hidden_dim=20, context=16)
WEIGHTS = (0.3, 0.2, 2.0)


def double_model(shape, seed):
    """Returns a float64 model with random weights, its norms included."""
    torch.manual_seed(seed)
    model = LanguageModel(shape).double()
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    frequency = shape.rope_theta ** (-torch.arange(0, shape.head_dim, 2).double() / shape.head_dim)
    angles = torch.outer(torch.arange(shape.context).double(), frequency)[:, None]
    model.cos, model.sin = angles.cos(), angles.sin()
    return model


def reference_gradients(model, loss_of_logits, windows):
    """Returns (loss, {Llama name: gradient}) of loss_of_logits(logits [B*T, V]) by autograd through reference.py."""
    named = {name: tensor.clone().requires_grad_() for name, tensor in hub_parameters(model).items()}
    logits = torch.cat([dict(forward_named(named, model.shape, ids))["logits"] for ids in windows])
    loss = loss_of_logits(logits)
    return loss.item(), dict(zip(named, torch.autograd.grad(loss, list(named.values()))))


def written_gradients(model, loss):
    """Returns (value, {Llama name: gradient}) of a loss by the hand-written passes."""
    model.zero_grad()
    loss.backward()
    gradients = LanguageModel(model.shape).double()
    for mine, theirs in zip(gradients.parameters(), model.parameters()):
        mine.data = theirs.grad
    return loss.item(), hub_parameters(gradients)


def compare(title, written, reference, limit=LIMIT):
    (loss, gradients), (expected_loss, expected) = written, reference
    errors = {name: ((gradients[name] - expected[name]).abs().max() / expected[name].abs().max()).item()
              for name in expected}
    errors["loss"] = abs(loss - expected_loss) / abs(expected_loss)
    worst = max(errors, key=errors.get)
    print(f"{title}: {len(errors)} tensors, worst {worst} {errors[worst]:.1e}")
    if errors[worst] > limit:
        raise SystemExit(f"{title}: {worst} differs by {errors[worst]:.1e}, above {limit}")


def main():
    model, target = double_model(SHAPE, 1), double_model(SHAPE, 2)
    windows = torch.randint(0, SHAPE.vocab_size, (3, SHAPE.context))
    wanted = torch.randint(0, SHAPE.vocab_size, (windows.numel(),))
    hidden = model(windows).view(-1, SHAPE.dim)
    compare("cross-entropy", written_gradients(model, TiedCrossEntropy.apply(hidden, model.embedding, wanted)),
            reference_gradients(model, lambda logits: functional.cross_entropy(logits, wanted), windows))

    with torch.no_grad():
        target_hidden = target(windows).view(-1, SHAPE.dim)
        p = (target_hidden @ target.embedding.T).softmax(-1)

    def distillation(logits):
        imitate, text, overlap = WEIGHTS
        log_q = logits.log_softmax(-1)
        goal = (1 - text) * p + text * functional.one_hot(wanted, SHAPE.vocab_size).double()
        rejected = 1 - torch.minimum(p, log_q.exp()).sum(-1).mean()
        return -imitate * (goal * log_q).sum(-1).mean() + overlap * rejected

    loss, _ = TiedDistillation.apply(model(windows).view(-1, SHAPE.dim), model.embedding, target_hidden,
                                     target.embedding.data, wanted, WEIGHTS)
    compare("distillation", written_gradients(model, loss), reference_gradients(model, distillation, windows))


if __name__ == "__main__":
    main()
