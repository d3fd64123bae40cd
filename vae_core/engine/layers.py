"""The layers of a VAE, forward and backward, as products into buffers that are made once.

A layer turns h into

    a = h W,   s = 1 + t G,   o = t H + b s,   y = a s + o,   h' = gelu(y)

where t, the features of beta, has one row for each group of samples, and with it s and o. With the tanh of gelu written
as a logistic function, gelu(y) = y sigmoid(k y (1 + c y^2)). The factor k is moved into s and o, so hidden activations
are k times as large here as in the model; it costs nothing, and the weights are the same.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.config import VAEConfig
from vae_core.engine.flat import FlatWeights

GELU_SLOPE = 2 * math.sqrt(2 / math.pi)  # k above
GELU_CUBIC = 0.044715 / GELU_SLOPE**2  # c above, for an argument that is k times as large


class Shared:
    """What the layers share: s, o and their gradients of all layers, and working memory.

    film [2, groups, S]: s and o; film_gradient likewise. Layers of the same width use the same working memory, which
    keeps it in the processor's cache.
    """

    def __init__(self, flat: FlatWeights, groups: int, samples: int) -> None:
        self.flat, self.groups, self.samples = flat, groups, samples
        self.film = flat.values.new_zeros(2, groups, flat.columns[-1])
        self.film_gradient = torch.zeros_like(self.film)
        self._memory: dict[int, Tensor] = {}

    def memory(self, width: int) -> Tensor:
        """Five working buffers [5, batch, width]."""
        if width not in self._memory:
            self._memory[width] = self.film.new_zeros(5, self.groups * self.samples, width)
        return self._memory[width]


class Dense:
    """A hidden layer of one batch, from its input h, [batch, inputs], to `out`, [batch, outputs].

    d_h takes the gradient of h; None where nobody needs it. d_out is where this layer's own is expected.
    """

    def __init__(
        self, shared: Shared, number: int, h: Tensor, d_h: Tensor | None, *, hidden: bool = True
    ) -> None:
        flat, columns = shared.flat, shared.flat.outputs(number)
        self.weight, self.weight_gradient = (flat.weight(vector, number) for vector in (flat.values, flat.gradient))
        self._weight_t, self._h, self._h_t, self._d_h = self.weight.t(), h, h.t(), d_h
        self._scale, self._offset = (part[:, None, columns] for part in shared.film)
        self._film_gradient = shared.film_gradient[:, :, columns]
        width = self.weight.shape[1]
        grouped = (shared.groups, shared.samples, width)
        batch = shared.groups * shared.samples
        self._a, self._slope, self.out = shared.film.new_zeros(3, batch, width)
        memory = shared.memory(width)
        self.d_out, self.y, self._square, self._gate, _ = memory
        # Backward, what forward worked with is free again.
        self._dy_a, self.dy = self._pair = memory[1:3] if hidden else memory[3:]
        self._a_grouped, self._y_grouped, self._dy_grouped = (part.view(grouped) for part in (self._a, self.y, self.dy))
        self._pair_grouped = self._pair.view(2, *grouped)  # their sums over a group are the gradients of s and o
        self._one = shared.film.new_ones(())

    def forward(self) -> None:
        """h' from h, and the slope of gelu, which is g + y g (1 - g) (1 + 3 c y^2) for y g(y)."""
        self.combine()
        torch.mul(self.y, self.y, out=self._square)
        torch.addcmul(self.y, self.y, self._square, value=GELU_CUBIC, out=self._gate)
        torch.sigmoid(self._gate, out=self._gate)
        torch.mul(self.y, self._gate, out=self.out)
        torch.addcmul(self.out, self.out, self._gate, value=-1, out=self._slope)
        torch.add(self._one, self._square, alpha=3 * GELU_CUBIC, out=self._square)
        torch.addcmul(self._gate, self._slope, self._square, out=self._slope)

    def combine(self) -> None:
        """y from h."""
        torch.mm(self._h, self.weight, out=self._a)
        torch.addcmul(self._offset, self._a_grouped, self._scale, out=self._y_grouped)

    def backward(self) -> None:
        """The gradients of W, s, o and h, from the gradient d_out of h'."""
        torch.mul(self.d_out, self._slope, out=self.dy)
        self.spread(self._scale)

    def spread(self, scale: Tensor) -> None:
        """The same from the gradient dy of y, which is overwritten."""
        torch.mul(self.dy, self._a, out=self._dy_a)
        torch.sum(self._pair_grouped, 2, out=self._film_gradient)
        self._dy_grouped.mul_(scale)
        torch.mm(self._h_t, self.dy, out=self.weight_gradient)
        if self._d_h is not None:
            torch.mm(self.dy, self._weight_t, out=self._d_h)


class Logits(Dense):
    """The decoder's last layer with the distortion of the samples x.

    weight: the share of one sample in the batch's loss. The gradients of s and o come out too large by the factor
    1 / `factor`.
    """

    def __init__(
        self, shared: Shared, number: int, h: Tensor, d_h: Tensor, *, x: Tensor, config: VAEConfig, weight: float
    ) -> None:
        super().__init__(shared, number, h, d_h, hidden=False)
        self._x = x
        self._bernoulli = config.likelihood == "bernoulli"
        self.factor = weight if self._bernoulli else weight / config.sigma_x**2
        self._weighted_scale = torch.zeros_like(self._scale)
        share = weight * len(self.y)
        self._constant = config.pixels * math.log(config.sigma_x * math.sqrt(2 * math.pi)) * share

    def compare(self, distortion: Tensor) -> None:
        """The distortion, as `objectives.distortion` has it, and the gradient of y but for the factor."""
        self.combine()
        mean, error = (self.dy, self.dy) if self._bernoulli else (self._square, self.d_out)
        torch.sigmoid(self.y, out=mean)
        torch.sub(mean, self._x, out=error)
        if self._bernoulli:
            total = F.softplus(self.y).sum() - torch.dot(self._x.view(-1), self.y.view(-1))
            torch.mul(total, self.factor, out=distortion)
            return
        torch.addcmul(mean, mean, mean, value=-1, out=self.dy)
        self.dy.mul_(error)
        torch.dot(error.view(-1), error.view(-1), out=distortion)
        distortion.mul_(0.5 * self.factor).add_(self._constant)

    def backward(self) -> None:
        """The gradients of W, s, o and h."""
        self.spread(torch.mul(self._scale, self.factor, out=self._weighted_scale))


class Moments:
    """The encoder's last layer with the draw of z and the rate; from h on, everything is [dimensions, batch] here.

    weight: the share of one sample in the batch's loss.
    """

    def __init__(self, shared: Shared, number: int, h: Tensor, d_h: Tensor, *, dims: int, weight: float) -> None:
        flat, columns = shared.flat, shared.flat.outputs(number)
        self._share, self._h, self._h_t, self._d_h = weight, h, h.t(), d_h
        self.weight, self.weight_gradient = (flat.weight(vector, number) for vector in (flat.values, flat.gradient))
        self._scale, self._offset = (part[:, columns].t()[:, :, None] for part in shared.film)
        self._film_gradient = shared.film_gradient[:, :, columns].mT
        batch, grouped = shared.groups * shared.samples, (-1, shared.groups, shared.samples)
        new = shared.film.new_zeros
        self._a, y = new(2, 2 * dims, batch)
        self._pair = new(2, 2 * dims, batch)
        self._dy_a, self._dy = self._pair
        self._dy_t = self._dy.t()
        self._a_grouped, self._y_grouped, self._dy_grouped = (part.view(grouped) for part in (self._a, y, self._dy))
        self._pair_grouped = self._pair.view(2, *self._a_grouped.shape)
        self._mu, self._log_var, self._d_mu, self._d_log_var = y[:dims], y[dims:], self._dy[:dims], self._dy[dims:]
        self._sigma, self._excess, self._shift, self._terms, self.z, self.dz = new(6, dims, batch)
        self._mu_grouped, self._d_mu_grouped = self._mu.view(grouped), self._d_mu.view(grouped)
        self._dz_grouped, self._excess_grouped = self.dz.view(grouped), self._excess.view(grouped)

    def draw(self, noise: Tensor, rate: Tensor) -> None:
        """z = mu + sigma * noise, and the rate."""
        torch.mm(self.weight, self._h_t, out=self._a)
        torch.addcmul(self._offset, self._a_grouped, self._scale, out=self._y_grouped)
        torch.mul(self._log_var, 0.5, out=self._sigma)
        torch.exp(self._sigma, out=self._sigma)
        torch.mul(self._sigma, noise, out=self._shift)
        torch.add(self._mu, self._shift, out=self.z)
        torch.mul(self._sigma, self._sigma, out=self._excess)
        self._excess.sub_(1)
        torch.addcmul(self._excess, self._mu, self._mu, out=self._terms)
        self._terms.sub_(self._log_var)
        torch.sum(self._terms.view(-1), 0, out=rate)
        rate.mul_(0.5 * self._share)

    def backward(self, beta: Tensor) -> None:
        """The gradients of W, s, o and h, from that of z and the rate's.

        dL/d mu = dL/dz + beta mu / N;  dL/d log_var = (dL/dz sigma noise + beta (sigma^2 - 1) / N) / 2.
        """
        weight = (beta * self._share).unsqueeze(-1)
        torch.addcmul(self._dz_grouped, self._mu_grouped, weight, out=self._d_mu_grouped)
        self._excess_grouped.mul_(weight)
        torch.addcmul(self._excess, self.dz, self._shift, out=self._d_log_var)
        self._d_log_var.mul_(0.5)
        torch.mul(self._dy, self._a, out=self._dy_a)
        torch.sum(self._pair_grouped, 3, out=self._film_gradient)
        self._dy_grouped.mul_(self._scale)
        torch.mm(self._dy, self._h, out=self.weight_gradient)
        torch.mm(self._dy_t, self.weight, out=self._d_h)
