// A GAN on 2-D points, with tensors, layers, gradients and Adam alone: the generator learns a ring of radius 2.
import { Linear, ReLU, Sequential } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";
import { Generator, grad, noGrad, scope, Tensor } from "../../src/tensor/index.ts";

const rng = new Generator(1);
const mlp = (inputs: number, outputs: number) =>
  new Sequential(
    new Linear({ rng }, inputs, 64),
    new ReLU(),
    new Linear({ rng }, 64, 64),
    new ReLU(),
    new Linear({ rng }, 64, outputs),
  );
const G = mlp(2, 2);
const D = mlp(2, 1);
const adamG = adam({ lr: 1e-3, betas: [0.5, 0.999] }).build({ parameters: G.parameters() });
const adamD = adam({ lr: 1e-3, betas: [0.5, 0.999] }).build({ parameters: D.parameters() });

function realPoints(count: number): Tensor {
  const angle = Tensor.rand([count], { generator: rng }).mul(2 * Math.PI);
  const radius = Tensor.randn([count], { generator: rng }).mul(0.05).add(2);
  return Tensor.stack([angle.cos().mul(radius), angle.sin().mul(radius)], 1);
}
const generated = (count: number): Tensor => G.forward(Tensor.randn([count, 2], { generator: rng }));

for (let step = 1; step <= 1500; step++) {
  scope(() => {
    const fake = generated(128);
    const scores = { real: D.forward(realPoints(128)), fake: D.forward(fake.detach()) };
    const lossD = scores.real.neg().softplus().mean().add(scores.fake.softplus().mean());
    adamD.step(grad(lossD, D.parameters()));

    const lossG = D.forward(fake).neg().softplus().mean();
    adamG.step(grad(lossG, G.parameters()));
    if (step % 500 === 0) console.log(step, lossD.item().toFixed(3), lossG.item().toFixed(3));
  });
}
export const radii = noGrad(() => generated(1000).norm(2, 1));
console.log(radii);
