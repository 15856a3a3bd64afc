/** Trains a small GAN for many steps and prints what memory it holds, as JSON: [{ step, live, anonymousMb }]. */
import { readFileSync } from "node:fs";
import {
  foreachAdd_,
  foreachAddcdiv_,
  foreachAddcmul_,
  foreachMul_,
  foreachSqrt,
  fusedAdam_,
  Generator,
  grad,
  keep,
  liveTensors,
  noGrad,
  scope,
  Tensor,
} from "../../../src/tensor/index.ts";

const steps = Number(process.argv[2]);
const stream = new Generator(1);

function network(sizes: readonly number[]): Tensor[] {
  return scope(() =>
    sizes
      .slice(1)
      .flatMap((size, i) => [
        keep(Tensor.randn([size, sizes[i]!], { generator: stream }).mul(0.1).requiresGrad_()),
        keep(Tensor.zeros([size], { requiresGrad: true })),
      ]),
  );
}

function forward(parameters: readonly Tensor[], input: Tensor): Tensor {
  let x = input;
  for (let i = 0; i < parameters.length; i += 2) {
    x = x.linear(parameters[i]!, parameters[i + 1]!);
    if (i + 2 < parameters.length) x = x.leakyRelu_(0.2);
  }
  return x;
}

const generator = network([16, 128, 128, 2]);
const discriminator = network([2, 128, 128, 1]);
const squares = [generator, discriminator].map((parameters) => parameters.map((p) => keep(Tensor.zeros(p.shape))));

/** Adam without its first moment: of foreach operators for one network, fused for the other. */
function update(player: number, parameters: readonly Tensor[], loss: Tensor, step: number): void {
  const gradients = grad(loss, parameters);
  const state = squares[player]!;
  noGrad(() => {
    if (player === 1) {
      fusedAdam_(parameters, gradients, [], state, { lr: 1e-4, betas: [0, 0.9], eps: 1e-8, weightDecay: 0, step });
      return;
    }
    foreachMul_(state, 0.9);
    foreachAddcmul_(state, gradients, gradients, 0.1);
    const roots = foreachSqrt(state);
    foreachAdd_(roots, 1e-8);
    foreachAddcdiv_(parameters, gradients, roots, -1e-4);
  });
}

function train(step: number): number {
  return scope(() => {
    const real = Tensor.randn([256, 2], { generator: stream });
    const fake = noGrad(() => forward(generator, Tensor.randn([256, 16], { generator: stream })));
    const scores = forward(discriminator, Tensor.cat([real, fake]));
    const loss = scores
      .narrow(0, 0, 256)
      .neg()
      .softplus()
      .mean()
      .add(scores.narrow(0, 256, 256).softplus().mean());
    update(1, discriminator, loss, step);
    const score = forward(discriminator, forward(generator, Tensor.randn([256, 16], { generator: stream })));
    const objective = score.neg().softplus().mean();
    update(0, generator, objective, step);
    return loss.item() + objective.item();
  });
}

function anonymousMb(): number {
  const line = /^Anonymous:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"));
  return Number(line![1]) / 1024;
}

const report: { step: number; live: number; anonymousMb: number; value: number }[] = [];
for (let step = 1; step <= steps; step++) {
  const value = train(step);
  if (step % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  if (step % (steps / 10) === 0) {
    // JavaScript's own garbage is not what is measured.
    globalThis.gc?.();
    report.push({ step, live: liveTensors(), anonymousMb: anonymousMb(), value });
  }
}
console.log(JSON.stringify(report));
