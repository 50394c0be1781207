"""Losses on top of a tied head; the gradient is computed together with the value, one chunk of positions at a time.

The logits of a whole batch (positions x vocabulary) never exist at once, and no softmax is computed twice.
"""
import torch
from torch.autograd import Function

CHUNK = 512


class TiedCrossEntropy(Function):
    """Sum of -weight * log softmax(hidden @ embedding.T)[target]: the mean where no weights are given.

    hidden [N, D], embedding [V, D], target [N], weight [N] or None -> [].
    """

    @staticmethod
    def forward(ctx, hidden, embedding, target, weight=None):
        count = len(hidden)
        weight = hidden.new_full((count,), 1 / count) if weight is None else weight
        grad_hidden, grad_embedding = torch.empty_like(hidden), torch.zeros_like(embedding)
        loss = hidden.new_zeros(())
        for start in range(0, count, CHUNK):
            part = slice(start, start + CHUNK)
            wanted, share = target[part, None], weight[part, None]
            probs = torch.softmax(hidden[part] @ embedding.t(), -1)
            at_target = probs.gather(1, wanted)
            loss -= (at_target.log() * share).sum()
            probs.scatter_(1, wanted, at_target - 1).mul_(share)
            torch.mm(probs, embedding, out=grad_hidden[part])
            grad_embedding.addmm_(probs.t(), hidden[part])
        ctx.save_for_backward(grad_hidden, grad_embedding)
        return loss

    @staticmethod
    def backward(ctx, grad):
        grad_hidden, grad_embedding = ctx.saved_tensors
        return grad_hidden * grad, grad_embedding * grad, None, None


class TiedDistillation(Function):
    """Mean distance of the draft's law q from the target's law p, both over the same vocabulary.

    loss = imitate * KL(p' || q) + overlap * (1 - sum_x min(p, q)), where p' = (1 - text) p + text * onehot(next token).
    The second term is the chance that speculative sampling rejects a token drawn from q.

    hidden [N, D], embedding [V, D]: the draft. target_hidden [N, E], target_embedding [V, E]: the target, constant.
    next_token [N]. weights = (imitate, text, overlap). Returns [2]: the loss (KL given up to the constant entropy of
    p'), and the mean of sum_x min(p, q), which carries no gradient.
    """

    @staticmethod
    def forward(ctx, hidden, embedding, target_hidden, target_embedding, next_token, weights):
        imitate, text, overlap = weights
        count = len(hidden)
        grad_hidden, grad_embedding = torch.empty_like(hidden), torch.zeros_like(embedding)
        cross_entropy, accepted = hidden.new_zeros(()), hidden.new_zeros(())
        for start in range(0, count, CHUNK):
            part = slice(start, start + CHUNK)
            wanted = next_token[part, None]
            p = torch.softmax(target_hidden[part] @ target_embedding.t(), -1)
            log_q = torch.log_softmax(hidden[part] @ embedding.t(), -1)
            q = log_q.exp()
            accepted += torch.minimum(p, q).sum() / count
            cross_entropy -= ((1 - text) * (p * log_q).sum() + text * log_q.gather(1, wanted).sum()) / count
            grad = (q - p * (1 - text)).mul_(imitate)
            grad.scatter_add_(1, wanted, grad.new_full(wanted.shape, -text * imitate))
            if overlap:
                below = (q < p).to(q.dtype)
                share = (below * q).sum(-1, keepdim=True)
                grad.add_(q * (share - below), alpha=overlap)
            grad.mul_(1 / count)
            torch.mm(grad, embedding, out=grad_hidden[part])
            grad_embedding.addmm_(grad.t(), hidden[part])
        ctx.save_for_backward(grad_hidden, grad_embedding)
        return torch.stack([imitate * cross_entropy + overlap * (1 - accepted), accepted])

    @staticmethod
    def backward(ctx, grad):
        grad_hidden, grad_embedding = ctx.saved_tensors
        return grad_hidden * grad[0], grad_embedding * grad[0], None, None, None, None
