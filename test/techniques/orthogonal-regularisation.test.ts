import { describe, expect, it } from "vitest";
import { biggan, noisyMlp } from "../../src/models/index.ts";
import { Embedding } from "../../src/nn/index.ts";
import { orthogonalRegularisation } from "../../src/techniques/index.ts";
import { grad, liveTensors, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { ganOf, tinyConvolutions } from "../training/tiny.ts";

const BETA = 0.01;
const DATA = { count: 48, size: 32, classes: 2 };
const networks = {
  generator: biggan.generator({ latent: 8, width: 1, shared: 3, init: "default" }),
  discriminator: biggan.discriminator({ width: 1, init: "default" }),
};

/** The formula, and a mask for the diagonal; a row for each output, which are dimension 1 of transposed convolutions. */
function term(weight: Tensor, transposed = false): Tensor {
  const w = (transposed ? weight.transpose(0, 1) : weight).flatten(1);
  const mask = Tensor.ones([w.shape[0]!, w.shape[0]!]).sub(Tensor.eye(w.shape[0]!));
  return w.matmul(w.transpose(0, 1)).mul(mask).pow(2).sum();
}

describe("orthogonalRegularisation", () => {
  it.each(["generator", "discriminator", "both"] as const)("adds autograd's gradient; players: %s", (players) => {
    const gan = ganOf({ ...networks, techniques: [orthogonalRegularisation({ beta: BETA, players })] }, DATA);
    const [technique] = gan.techniques;
    for (const player of ["generator", "discriminator"] as const) {
      const named = [...gan[player].namedParameters()];
      const before = named.map(([, parameter]) => Tensor.onesLike(parameter.detach()));
      const after = technique!.gradients!(player, before, gan);
      if (players !== "both" && players !== player) {
        expect(after).toBe(before);
        continue;
      }
      const embeddings = [...gan[player].namedModules()].filter(([, module]) => module instanceof Embedding);
      const skipped = embeddings.map(([path]) => path);
      expect(skipped).toEqual([player === "generator" ? "embedding" : "head.embedding"]);
      let total = 0;
      let touched = 0;
      for (const [i, [name, parameter]] of named.entries()) {
        const counts = parameter.ndim >= 2 && !skipped.some((path) => name.startsWith(`${path}.`));
        if (counts) total += term(parameter.detach()).item();
        const [expected] = counts ? (grad(term(parameter).mul(BETA), [parameter]) as [Tensor]) : [null];
        if (counts && Math.max(...flat(expected!).map(Math.abs)) > 1e-5) touched++;
        expectClose(after[i]!, expected === null ? before[i]! : before[i]!.add(expected), { atol: 1e-6, label: name });
      }
      expect(touched).toBeGreaterThanOrEqual(10);
      expectClose([technique!.report!()[player === "generator" ? "orthoG" : "orthoD"]!], [BETA * total], {
        rtol: 1e-5,
      });
    }
  });

  it("refuses a player whose weights are all stored as directions and lengths", () => {
    const networks = {
      generator: noisyMlp.generator({ hidden: [4] }),
      discriminator: noisyMlp.discriminator({ hidden: [4] }),
    };
    const start = (players: "generator" | "discriminator") =>
      ganOf({ ...networks, techniques: [orthogonalRegularisation({ players })] });
    expect(() => start("generator")).not.toThrow();
    expect(() => start("discriminator")).toThrow(
      "`orthogonalRegularisation`: the discriminator has no weight that is stored as a matrix",
    );
  });

  it("reads the outputs of a transposed convolution where they are", () => {
    const gan = ganOf({ ...tinyConvolutions, techniques: [orthogonalRegularisation({ beta: BETA })] });
    const named = [...gan.generator.namedParameters()];
    // N(0, 0.02^2) weights overlap too little to see.
    noGrad(() => {
      for (const [, parameter] of named) parameter.mul_(20);
    });
    const before = named.map(([, parameter]) => Tensor.zerosLike(parameter.detach()));
    const after = gan.techniques[0]!.gradients!("generator", before, gan);
    const at = named.findIndex(([name]) => name === "body.2.weight");
    const weight = named[at]![1];
    expect(weight.shape.slice(0, 2)).toEqual([4, 2]);
    const [expected] = grad(term(weight, true).mul(BETA), [weight]) as [Tensor];
    expectClose(after[at]!, expected, { atol: 1e-6 });
    expect(expected.abs().amax().item()).toBeGreaterThan(1e-4);
  });

  it("leaves orthogonal weights alone, of any length, and pulls others there", () => {
    const parts = {
      generator: biggan.generator({ latent: 8, width: 1, shared: 3 }),
      discriminator: networks.discriminator,
    };
    const gan = ganOf({ ...parts, techniques: [orthogonalRegularisation({ beta: 1 })] }, DATA);
    const weight = gan.generator.namedParameters().get("trunk.stages.0.conv1.weight_orig")!;
    noGrad(() => weight.select(0, 1).mul_(5));
    const zeros = gan.generator.parameters().map((parameter) => Tensor.zerosLike(parameter.detach()));
    const pull = (): Tensor =>
      gan.techniques[0]!.gradients!("generator", zeros, gan)[gan.generator.parameters().indexOf(weight)]!;
    expect(pull().abs().amax().item()).toBeLessThan(1e-4);
    noGrad(() => weight.select(0, 1).add_(weight.select(0, 0)));
    const overlap = (): number => term(weight.detach()).item();
    const first = overlap();
    noGrad(() => {
      for (let i = 0; i < 50; i++) weight.add_(pull(), -0.002);
    });
    expect(overlap()).toBeLessThan(first / 10);
  });

  it("trains, and keeps nothing of a step", () => {
    const gan = ganOf({ ...tinyConvolutions, techniques: [orthogonalRegularisation()] });
    trainingStep(gan).dispose();
    const before = liveTensors();
    scope(() => gan.techniques[0]!.report!());
    trainingStep(gan).dispose();
    expect(liveTensors()).toBe(before);
  });

  it("refuses options out of range", () => {
    expect(() => orthogonalRegularisation({ beta: 0 })).toThrow("`orthogonalRegularisation.beta` (=0) must be above 0");
    expect(() => orthogonalRegularisation({ bta: 1 } as object)).toThrow("did you mean `beta`?");
  });
});
