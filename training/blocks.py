"""The parts of a Llama block with hand-written backward passes, about twice as fast on a CPU as what autograd derives.

Shape letters: B batch, T positions, D residual width, F feed-forward width, H query heads, K key/value heads,
G = H / K query heads per key/value head, A head width.
"""
import torch
from torch.autograd import Function

EPS = 1e-5


class RmsNorm(Function):
    """y = x / sqrt(mean(x^2) + EPS) * weight; x [..., D], weight [D] -> y [..., D]."""

    @staticmethod
    def forward(ctx, x, weight):
        inverse = torch.rsqrt((x * x).mean(-1, keepdim=True) + EPS)
        normal = x * inverse
        ctx.save_for_backward(normal, inverse, weight)
        return normal * weight

    @staticmethod
    def backward(ctx, grad):
        normal, inverse, weight = ctx.saved_tensors
        grad_weight = (grad * normal).view(-1, grad.shape[-1]).sum(0)
        grad_normal = grad * weight
        along = (grad_normal * normal).mean(-1, keepdim=True)
        return grad_normal.sub_(normal * along).mul_(inverse), grad_weight


class SwiGlu(Function):
    """y = silu(gate) * up; gate_up [..., 2F] holds gate, then up -> y [..., F]."""

    @staticmethod
    def forward(ctx, gate_up):
        gate, up = gate_up.chunk(2, -1)
        sigmoid = torch.sigmoid(gate)
        ctx.save_for_backward(gate_up, sigmoid)
        return (gate * sigmoid).mul_(up)

    @staticmethod
    def backward(ctx, grad):
        gate_up, sigmoid = ctx.saved_tensors
        gate, up = gate_up.chunk(2, -1)
        grad_gate_up = torch.empty_like(gate_up)
        grad_gate, grad_up = grad_gate_up.chunk(2, -1)
        silu = gate * sigmoid
        torch.mul(grad, silu, out=grad_up)
        grad_gate.copy_((sigmoid + silu * (1 - sigmoid)).mul_(up).mul_(grad))
        return grad_gate_up


class Rotary(Function):
    """Rotates the pairs (i, i + A/2) of x [B, T, heads, A] by the angles in cos, sin [T, 1, A/2]."""

    @staticmethod
    def forward(ctx, x, cos, sin):
        ctx.angles = cos, sin
        return rotate(x, cos, sin)

    @staticmethod
    def backward(ctx, grad):
        cos, sin = ctx.angles
        return rotate(grad, cos, -sin), None, None


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    out = torch.empty_like(x)
    torch.sub(a * cos, b * sin, out=out[..., :half])
    torch.add(b * cos, a * sin, out=out[..., half:])
    return out


class Attention(Function):
    """Attention in blocks of queries; a causal block never touches the keys after it.

    q [BK, G, T, A], k and v [BK, T, A] -> [BK, G, T, A]. `masks` has one [1, G*S, end] tensor to add per block of S
    queries (0 where a query may look), or is None for attention over all positions.
    """

    @staticmethod
    def forward(ctx, q, k, v, masks):
        blocks = 1 if masks is None else len(masks)
        pairs, groups, length, width = q.shape
        size = length // blocks
        q = q.view(pairs, groups, blocks, size, width)
        keys = (k * width ** -0.5).transpose(1, 2)
        out, probs = torch.empty_like(q), []
        for i in range(blocks):
            end = (i + 1) * size
            logits = torch.bmm(q[:, :, i].reshape(pairs, groups * size, width), keys[:, :, :end])
            if masks is not None:
                logits.add_(masks[i])
            probs.append(torch.softmax(logits, -1))
            out[:, :, i] = torch.bmm(probs[i], v[:, :end]).view(pairs, groups, size, width)
        ctx.save_for_backward(q, k, v, *probs)
        return out.view(pairs, groups, length, width)

    @staticmethod
    def backward(ctx, grad):
        q, k, v, *probs = ctx.saved_tensors
        pairs, groups, blocks, size, width = q.shape
        scale = width ** -0.5
        grad = grad.contiguous().view_as(q)
        grad_q, values = torch.empty_like(q), v.transpose(1, 2)
        grad_k, grad_v = torch.zeros_like(k), torch.zeros_like(v)
        for i in range(blocks):
            end = (i + 1) * size
            grad_out = grad[:, :, i].reshape(pairs, groups * size, width)
            queries = q[:, :, i].reshape(pairs, groups * size, width)
            grad_v[:, :end] += torch.bmm(probs[i].transpose(1, 2), grad_out)
            grad_probs = torch.bmm(grad_out, values[:, :, :end])
            grad_logits = torch._softmax_backward_data(grad_probs, probs[i], 2, grad_probs.dtype)
            grad_q[:, :, i] = torch.bmm(grad_logits, k[:, :end]).mul_(scale).view(pairs, groups, size, width)
            grad_k[:, :end] += torch.bmm(grad_logits.transpose(1, 2), queries)
        return grad_q.view(pairs, groups, blocks * size, width), grad_k.mul_(scale), grad_v, None


def causal_masks(length, groups, blocks):
    """Returns the list of masks [1, groups * length / blocks, end] that `Attention` takes."""
    size, masks = length // blocks, []
    for i in range(blocks):
        mask = torch.triu(torch.full((size, (i + 1) * size), -1e9), 1 + i * size)
        masks.append(mask.repeat(groups, 1)[None].contiguous())
    return masks
