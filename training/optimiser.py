"""One optimiser for the whole model: Muon for the matrices inside the layers, AdamW for embedding and norms.

Muon (Jordan and others 2024): momentum, then the nearest orthogonal matrix by five Newton-Schulz steps. Matrices that
the model stores joined are orthogonalised one by one.
"""
import torch

BETA1, BETA2, ADAM_EPS = 0.9, 0.95, 1e-8
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrix, steps=5):
    """Returns about the closest matrix with all singular values 1; matrix [R, C] -> [R, C]."""
    a, b, c = NEWTON_SCHULZ
    x = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.t()
    for _ in range(steps):
        square = x @ x.t()
        x = a * x + (b * square + c * square @ square) @ x
    return x.t() if tall else x


class MuonAdamW:
    """Updates a LanguageModel in place from the `.grad` of its parameters."""

    def __init__(self, model, rate, matrix_rate, weight_decay):
        self.rate, self.matrix_rate, self.weight_decay = rate, matrix_rate, weight_decay
        self.steps = 0
        self.matrices, self.others = [], []
        rows = {parameter: split for layer in model.layers for parameter, split in layer.split_rows().items()}
        for parameter in model.parameters():
            if parameter.dim() == 2 and parameter is not model.embedding:
                start = 0
                for count in rows.get(parameter, [len(parameter)]):
                    momentum = torch.zeros(count, parameter.shape[1])
                    self.matrices.append((parameter, slice(start, start + count), momentum))
                    start += count
            else:
                self.others.append((parameter, torch.zeros_like(parameter), torch.zeros_like(parameter)))

    @torch.no_grad()
    def step(self, scale):
        """Applies one update with both learning rates multiplied by `scale`."""
        self.steps += 1
        for parameter, mean, square in self.others:
            rate = self.rate * scale
            mean.lerp_(parameter.grad, 1 - BETA1)
            square.lerp_(parameter.grad * parameter.grad, 1 - BETA2)
            update = mean / (1 - BETA1 ** self.steps)
            update /= (square / (1 - BETA2 ** self.steps)).sqrt_().add_(ADAM_EPS)
            if parameter.dim() == 2:
                parameter.mul_(1 - rate * self.weight_decay)
            parameter.sub_(update, alpha=rate)
        beta = 0.85 + 0.1 * min(1, self.steps / 300)
        for parameter, part, momentum in self.matrices:
            rate = self.matrix_rate * scale
            gradient = parameter.grad[part]
            momentum.lerp_(gradient, 1 - beta)
            update = orthogonalise(gradient.lerp(momentum, beta))
            growth = max(1, update.shape[0] / update.shape[1]) ** 0.5
            parameter[part] = (parameter[part] * (1 - rate * self.weight_decay)).sub_(update, alpha=rate * growth)

    def state(self):
        """Returns everything `load_state` needs to continue as if nothing had happened."""
        return {"steps": self.steps, "momenta": [momentum for _, _, momentum in self.matrices],
                "moments": [moments for _, *moments in self.others]}

    def load_state(self, state):
        self.steps = state["steps"]
        for (_, _, momentum), saved in zip(self.matrices, state["momenta"]):
            momentum.copy_(saved)
        for (_, mean, square), (saved_mean, saved_square) in zip(self.others, state["moments"]):
            mean.copy_(saved_mean)
            square.copy_(saved_square)
