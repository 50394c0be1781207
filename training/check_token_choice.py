"""Checks token choice: gradients against autograd through reference_token_choice.py, and its files read back.

    python3 training/check_token_choice.py

Prints the largest relative error of each check and fails above 1e-12 (float64 throughout).
"""
import torch
from torch.nn import functional

from check_blocks import compare
from losses import TiedCrossEntropy
from reference_token_choice import by_router, forward_token_choice
from token_choice import TokenChoiceModel, TokenChoiceShape, balance_loss, z_loss
from token_choice_files import BALANCE, load_named, token_choice_parameters

SHAPE = TokenChoiceShape(vocab_size=50, dim=24, n_layers=4, n_heads=4, n_kv_heads=2, head_dim=6, hidden_dim=20, context=17,
                         recursions=3, alpha=0.7)
WINDOWS, LIMIT, NOISE, BALANCE_WEIGHT, Z_WEIGHT = 3, 1e-12, 0.3, 0.3, 0.2


def double_model(seed):
    """Returns a float64 model with random weights, its norms and its balance included."""
    torch.manual_seed(seed)
    model = TokenChoiceModel(SHAPE).double()
    for parameter in model.parameters():
        parameter.data += NOISE * torch.randn_like(parameter)
    model.balance += NOISE * torch.randn_like(model.balance)
    frequency = SHAPE.rope_theta ** (-torch.arange(0, SHAPE.head_dim, 2).double() / SHAPE.head_dim)
    angles = torch.outer(torch.arange(SHAPE.context).double(), frequency)[:, None]
    model.cos, model.sin = angles.cos(), angles.sin()
    return model


def total(cross_entropy, logits, shares):
    return cross_entropy + BALANCE_WEIGHT * balance_loss(logits, shares) + Z_WEIGHT * z_loss(logits)


def check_gradients():
    """Compares losses and gradients of a few random texts; every depth must occur among their rows."""
    model = double_model(1)
    windows = torch.randint(0, SHAPE.vocab_size, (WINDOWS, SHAPE.context))
    wanted = torch.randint(0, SHAPE.vocab_size, (windows.numel(),))
    hidden, logits, depths = model(windows)
    shares = model.share_of_depths(depths).double()
    if shares.min() == 0:
        raise SystemExit(f"a depth that no row chose is not checked: shares {shares.tolist()}; choose another seed")
    total(TiedCrossEntropy.apply(hidden.view(-1, SHAPE.dim), model.embedding, wanted), logits, shares).backward()
    loss = functional.cross_entropy(hidden.detach().view(-1, SHAPE.dim) @ model.embedding.detach().T, wanted)
    gradients = TokenChoiceModel(SHAPE).double()
    for mine, theirs in zip(gradients.parameters(), model.parameters()):
        mine.data = theirs.grad
    written = total(loss, logits.detach(), shares).item(), token_choice_parameters(gradients)

    named = {name: tensor.clone().requires_grad_() for name, tensor in token_choice_parameters(model).items()}
    rows, firsts, chosen = [], [], []
    for ids in windows:
        outputs, depth = forward_token_choice(named, SHAPE, ids, by_router)
        rows.append(dict(outputs)["logits"])
        firsts.append(dict(outputs)["first"])
        chosen.append(depth)
    if not torch.equal(torch.stack(chosen), depths):
        raise SystemExit("the two forward passes choose other depths")
    expected_loss = total(functional.cross_entropy(torch.cat(rows), wanted),
                          torch.stack(firsts) @ named["model.router.weight"].T, shares)
    trained = {name: tensor for name, tensor in named.items() if name != BALANCE}
    expected = dict(zip(trained, torch.autograd.grad(expected_loss, list(trained.values()))))
    compare(f"depths {[round(share, 2) for share in shares.tolist()]}", written, (expected_loss.item(), expected), LIMIT)


def main():
    check_gradients()
    copy, model = double_model(2), double_model(3)
    stored = {name: tensor.clone() for name, tensor in token_choice_parameters(model).items()}
    load_named(copy, stored)
    pairs = zip([*copy.parameters(), copy.balance], [*model.parameters(), model.balance])
    same = all(torch.equal(a, b) for a, b in pairs)
    print(f"files read back: {'the same' if same and not stored else 'not the same'}")
    if not same or stored:
        raise SystemExit(f"weights written and read differ; left over: {sorted(stored)}")


if __name__ == "__main__":
    main()
