"""One training step of a GAN in PyTorch, in one of the styles of `style.py`: an update of D, then one of G."""

import torch

from penalties import gradient_penalty, zero_centred

# So small that the networks stay as they begin. On one batch that is repeated D would soon satisfy every hinge, whose
# gradient is then zero: what is to be measured is a step in which every sample has one.
RATE = 1e-10


class Step:
    """Networks, optimizers and one real batch; calling it trains both networks once and returns the losses of D and G.

    `loss` is one of `losses.py`. With `classes` both networks take labels as well, which are drawn for generated images
    and stay the same for the real ones. `penalty`, of networks without labels, is "r1", "r1r2" or "wgan-gp".
    """

    def __init__(self, style, generator, discriminator, real, latent, loss, betas, classes=0, penalty=None):
        self.style, self.loss, self.latent, self.classes, self.penalty = style, loss, latent, classes, penalty
        self.networks = [style.laid(generator), style.laid(discriminator)]
        self.parameters = [sum(p.numel() for p in net.parameters()) for net in self.networks]
        self.optimizers = [style.adam(net.parameters(), RATE, betas) for net in self.networks]
        self.generator, self.discriminator = map(style.prepared, self.networks)
        self.real = style.laid(real) if real.dim() == 4 else real
        self.labels = self.drawn_labels()

    def drawn_labels(self):
        """The last arguments of a network: labels, or none."""
        return [torch.randint(self.classes, (len(self.real),))] if self.classes else []

    def generated(self, labels):
        return self.generator(torch.randn(len(self.real), self.latent), *labels)

    def __call__(self):
        losses = self.discriminator_update(), self.generator_update()
        return [loss.item() for loss in losses]

    def discriminator_update(self):
        labels, real = self.drawn_labels(), self.real.detach()
        if self.style.expert:
            self.networks[1].requires_grad_(True)
            with torch.no_grad():
                fake = self.generated(labels)
        else:
            fake = self.generated(labels).detach()
        penalised = {"r1": [real], "r1r2": [real, fake]}.get(self.penalty, [])
        for images in penalised:
            images.requires_grad_(True)
        # One pass for both batches. With R1, a penalty on one of them, it would differentiate the other one twice as well.
        if self.style.expert and self.penalty != "r1":
            both = [torch.cat(pair) for pair in zip([real, *self.labels], [fake, *labels])]
            real_score, fake_score = self.discriminator(*both).chunk(2)
        else:
            real_score = self.discriminator(real, *self.labels)
            fake_score = self.discriminator(fake, *labels)
        loss = self.loss.discriminator(real_score, fake_score)
        if penalised:
            loss = loss + zero_centred(real_score.sum() + fake_score.sum(), penalised)
        if self.penalty == "wgan-gp":
            loss = loss + gradient_penalty(self.discriminator, real, fake)
        return self.updated(1, loss)

    def generator_update(self):
        if self.style.expert:
            self.networks[1].requires_grad_(False)
        labels = self.drawn_labels()
        fake_score = self.discriminator(self.generated(labels), *labels)
        return self.updated(0, self.loss.generator(fake_score))

    def updated(self, player, loss):
        """The loss, after an update of G (0) or D (1) by its gradients."""
        self.optimizers[player].zero_grad(set_to_none=True)
        # Images of a penalty are leaves of the graph, too, and would get gradients.
        loss.backward(inputs=list(self.networks[player].parameters()) if self.style.expert else None)
        self.optimizers[player].step()
        return loss.detach()
