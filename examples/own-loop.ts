/**
 * A GAN without recipe or trainer: tensors, layers, gradients and Adam. The data are 8 Gaussians on a circle.
 *
 *     npx jiti own-loop.ts          # 3,000 steps
 *     npx jiti own-loop.ts 100
 */
import { Linear, ReLU, Sequential } from "gantry/nn";
import { Adam } from "gantry/optim";
import { Generator, grad, scope, Tensor } from "gantry/tensor";

const steps = Number(process.argv[2] ?? 3_000);
const rng = new Generator(1); // all random numbers come from here: one seed, one result
const linear = (inputs: number, outputs: number) => new Linear({ rng }, inputs, outputs);
const G = new Sequential(linear(2, 128), new ReLU(), linear(128, 128), new ReLU(), linear(128, 2));
const D = new Sequential(linear(2, 128), new ReLU(), linear(128, 128), new ReLU(), linear(128, 1));
const adamG = new Adam(G.parameters(), { lr: 1e-3, betas: [0.5, 0.9] });
const adamD = new Adam(D.parameters(), { lr: 1e-3, betas: [0.5, 0.9] });
const angles = Tensor.arange(8).mul(Math.PI / 4);
const centres = Tensor.stack([angles.cos(), angles.sin()], 1); // [8, 2]
const noise = (count: number) => Tensor.randn([count, 2], { generator: rng });

for (let step = 1; step <= steps; step++) {
  // `scope` frees the tensors of a step: JavaScript's garbage collector does not see how large they are.
  scope(() => {
    const real = centres.indexSelect(0, Tensor.randint(0, 8, [256], { generator: rng })).add(noise(256).mul(0.05));
    const fake = G.forward(noise(256));
    // D minimises -log sigmoid(D(x)) - log(1 - sigmoid(D(G(z)))), and G minimises -log sigmoid(D(G(z))).
    const lossD = D.forward(real).neg().softplus().add(D.forward(fake.detach()).softplus()).mean();
    adamD.step(grad(lossD, D.parameters()));
    const lossG = D.forward(fake).neg().softplus().mean();
    adamG.step(grad(lossG, G.parameters()));
    if (step % 500 === 0 || step === steps) console.log(`step ${step}: D ${lossD.item()}, G ${lossG.item()}`);
  });
}
const distances = G.forward(noise(1_000)).cdist(centres); // [1000, 8]
console.log(`${(distances.amin(1).lt(0.2).float().mean().item() * 100).toFixed(1)} % of the samples lie at a Gaussian`);
console.log("samples nearest to each:", distances.argmin(1).bincount(8).tolist());
