import { describe, expect, it } from "vitest";
import { wasserstein } from "../../src/losses/index.ts";
import { mlp } from "../../src/models/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { historicalAveraging, topK } from "../../src/techniques/index.ts";
import { noGrad, Tensor } from "../../src/tensor/index.ts";
import { loadCheckpoint, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { TEST_DEVICE } from "../device/device.ts";
import { expectClose, fixture, flat, noise } from "../nn/oracle.ts";
import { filesIn, ganOf, loaderOf, temporaryFolder, tinyConvolutions, tinyRecipe } from "../training/tiny.ts";

type State = Record<string, number[]>;
type Side = "generator" | "discriminator";
interface Run {
  start: Record<Side, State>;
  end: Record<Side, State>;
  means: Partial<Record<Side, number[][]>>;
  terms: Partial<Record<Side, number>>;
}
const stored = fixture<{ weight: number; runs: Record<string, Run> }>("historical-averaging");

/** Four steps with two discriminator updates each, of the networks and numbers of make_historical_averaging.py. */
function trained(name: string): BuiltGan {
  const players = name as "both" | Side;
  const latentsAt = (i: number): Tensor => noise([8, 3], 101 + i, "float32");
  const batches = Array.from({ length: 8 }, (_, i) =>
    noise([8, 4], 201 + i, "float32")
      .mul(2)
      .add(1),
  );
  const described = tinyRecipe({
    generator: mlp.generator({ latent: 3, hidden: [6] }),
    discriminator: mlp.discriminator({ hidden: [6] }),
    optimizers: { generator: sgd({ lr: 0.2 }), discriminator: sgd({ lr: 0.2 }) },
    loss: wasserstein(),
    discriminatorSteps: 2,
    techniques: name === "none" ? [] : [historicalAveraging({ weight: stored.weight, players })],
  });
  const recipe = { ...described, device: TEST_DEVICE };
  const gan = new BuiltGan(recipe, { sample: { features: 4 }, classes: [] }, loaderOf(batches));
  let drawn = 0;
  gan.latents = () => latentsAt(drawn++);
  for (const side of ["generator", "discriminator"] as const) {
    const network = gan[side];
    const state = Object.entries(stored.runs[name]!.start[side]).map(([key, values]) => {
      return [key, Tensor.fromArray(Float32Array.from(values), network.stateDict().get(key)!.shape)] as const;
    });
    network.loadStateDict(new Map(state));
  }
  gan.techniques[0]?.prepare?.(gan, {}); // once more, from the weights just loaded
  for (let i = 0; i < 4; i++) trainingStep(gan).dispose();
  return gan;
}

describe("historicalAveraging", () => {
  it.each(["both", "generator", "discriminator", "none"])(
    "agrees with PyTorch's autograd over the stored history; players: %s",
    (name) => {
      const gan = trained(name);
      const { end, means, terms } = stored.runs[name]!;
      const close = { atol: 1e-5, rtol: 1e-5 };
      for (const side of ["generator", "discriminator"] as const) {
        for (const [key, tensor] of gan[side].stateDict()) {
          expectClose(tensor, end[side][key]!, { ...close, label: `${side} ${key}` });
        }
      }
      const technique = gan.techniques[0];
      const state = technique?.state?.();
      for (const [side, expected] of Object.entries(means)) {
        const own = [...state!.tensors].filter(([key]) => key.startsWith(`${side}.`)).map(([, tensor]) => flat(tensor));
        expectClose(own.flat(), expected.flat(), close);
        expect(state!.numbers[`${side}.count`]).toBe(side === "generator" ? 5 : 9);
      }
      const letters = { generator: "historyG", discriminator: "historyD" };
      const reported = Object.entries(terms).map(([side, value]) => [letters[side as Side], value] as const);
      const report = technique?.report?.() ?? {};
      expect(Object.keys(report).sort()).toEqual(reported.map(([key]) => key).sort());
      for (const [key, value] of reported) expectClose([report[key]!], [value], close);
    },
  );

  it("makes a difference in those runs, to each player", () => {
    const { both, none } = stored.runs;
    for (const side of ["generator", "discriminator"] as const) {
      const differences = Object.entries(none!.end[side]).flatMap(([key, values]) =>
        values.map((value, i) => Math.abs(value - both!.end[side][key]![i]!)),
      );
      expect(Math.max(...differences)).toBeGreaterThan(0.05);
    }
  });

  it("resumes with the same bits, the mean in float64", () => {
    const parts = {
      ...tinyConvolutions,
      techniques: [historicalAveraging({ weight: 3 }), topK({ gamma: 0.9, everySteps: 1 })],
      discriminatorSteps: 2,
    };
    const whole = ganOf(parts);
    for (let i = 0; i < 3; i++) trainingStep(whole).dispose();
    const folder = temporaryFolder();
    const resumed = ganOf(parts);
    loadCheckpoint(writeCheckpoint(folder, whole, 0), resumed);
    for (const gan of [whole, resumed]) for (let i = 0; i < 3; i++) trainingStep(gan).dispose();
    const [one, other] = [whole, resumed].map((gan, i) => filesIn(writeCheckpoint(`${folder}/${i}`, gan, 0)));
    expect(other).toEqual(one);
    const { tensors, numbers } = resumed.techniques[0]!.state!();
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["float64"]));
    expect(numbers).toEqual({ "generator.count": 7, "discriminator.count": 13 });
    // The interruption has something to lose: a mean that begins again leads elsewhere.
    const forgetful = ganOf(parts);
    loadCheckpoint(writeCheckpoint(`${folder}/forgetful`, whole, 0), forgetful);
    forgetful.techniques[0]!.prepare!(forgetful, {});
    for (const gan of [whole, forgetful]) trainingStep(gan).dispose();
    expect(forgetful.generator.parameters().map(flat)).not.toEqual(whole.generator.parameters().map(flat));
  });

  it("changes nothing of a player's first update, and then points from its mean", () => {
    const step = (techniques: ReturnType<typeof historicalAveraging>[]): BuiltGan => {
      const gan = ganOf({ techniques });
      trainingStep(gan).dispose();
      return gan;
    };
    const [plain, heavy] = [step([]), step([historicalAveraging({ weight: 100 })])];
    // The first update of each player is the plain one: it stands on its mean.
    expect(heavy.generator.parameters().map(flat)).toEqual(plain.generator.parameters().map(flat));
    const { gradients } = heavy.techniques[0]!;
    const zeros = heavy.generator.parameters().map((tensor) => Tensor.zerosLike(tensor));
    const pulled = gradients!("generator", zeros, heavy);
    const means = [...heavy.techniques[0]!.state!().tensors].filter(([key]) => key.startsWith("generator."));
    noGrad(() => {
      for (const [i, parameter] of heavy.generator.parameters().entries()) {
        const back = parameter.sub(pulled[i]!.div(200));
        expectClose(back, means[i]![1], { atol: 1e-7, rtol: 1e-6 });
      }
    });
  });

  it("refuses options out of range by name", () => {
    expect(() => historicalAveraging({ weight: 0 })).toThrow("`historicalAveraging.weight` (=0) must be above 0");
    expect(() => historicalAveraging({ players: "critic" as "both" })).toThrow("historicalAveraging.players");
  });
});
