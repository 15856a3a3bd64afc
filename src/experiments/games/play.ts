/** Gradient play: both players descend their own cost, at once or in turn, with the compared terms added. */
import { Module } from "../../nn/index.ts";
import { HistoricalAverage, type Optimizer, sgd, WeightAveraging } from "../../optim/index.ts";
import { grad, scope, Tensor } from "../../tensor/index.ts";
import type { Side, ToyGame } from "./toy-games.ts";

/** Whether both step from the same point, or y steps first and x meets the new y, as a trainer's updates do. */
export const playOrders = ["simultaneous", "alternating"] as const;

/** One of {@link playOrders}. */
export type PlayOrder = (typeof playOrders)[number];

/** The term that is added to plain play, and its number. */
export type PlaySetting =
  | { readonly kind: "plain" }
  /** Historical averaging: the technique's core with this weight, for both players. */
  | { readonly kind: "history"; readonly weight: number }
  /** Plain play; the record is of the exponential moving average of each player with this decay. */
  | { readonly kind: "average"; readonly decay: number }
  /** R1 on the discriminator with this weight, in games that have one. */
  | { readonly kind: "r1"; readonly weight: number };

/** How a game is played. */
export interface PlayOptions {
  readonly setting: PlaySetting;
  readonly order: PlayOrder;
  readonly lr: number;
  readonly steps: number;
  /** [x, y] each. */
  readonly starts: readonly (readonly [number, number])[];
}

/** The places after a step: [x, y] for each starting point, of the players or their average. */
export type Places = readonly (readonly [number, number])[];

/** A player's parameter for all starting points [S]. */
class Point extends Module {
  constructor(values: readonly number[]) {
    super();
    this.registerParameter("at", Tensor.fromArray(Float64Array.from(values), [values.length]));
  }

  get at(): Tensor {
    return this.parameter("at");
  }
}

/** A player, with all terms of its update. */
class Player {
  readonly point: Point;
  readonly optimizer: Optimizer;
  readonly history: HistoricalAverage | undefined;
  readonly average: WeightAveraging | undefined;
  readonly #setting: PlaySetting;

  constructor(values: readonly number[], setting: PlaySetting, lr: number) {
    this.#setting = setting;
    this.point = new Point(values);
    this.optimizer = sgd({ lr }).build({ parameters: this.point.parameters() });
    this.history = setting.kind === "history" ? new HistoricalAverage(this.point) : undefined;
    this.average = setting.kind === "average" ? new WeightAveraging(this.point, { decay: setting.decay }) : undefined;
  }

  /** The gradient of a cost that is summed over the starting points, the historical term's included. */
  gradient(cost: Tensor): readonly Tensor[] {
    const gradients = grad(cost.sum(), this.point.parameters());
    return this.#setting.kind === "history" ? this.history!.pull(gradients, this.#setting.weight) : gradients;
  }

  step(gradients: readonly Tensor[]): void {
    this.optimizer.step(gradients);
    this.history?.update();
    this.average?.update();
  }

  values(): Float64Array {
    return (this.average?.state().get("at") ?? this.point.at).detach().toArray() as Float64Array;
  }

  dispose(): void {
    for (const part of [this.optimizer, this.history, this.average, this.point]) part?.dispose();
  }
}

/**
 * Plays a game from all starting points at once, in float64, and reports the places after each step.
 *
 * @throws Error for R1 in a game without a discriminator
 *
 * @example
 * const options = { setting: { kind: "history", weight: 0.1 }, order: "simultaneous", lr: 0.05, steps: 1_000, starts: [[1, 0]] };
 * playGame(toyGames[0]!, options, (step, places) => console.log(step, places[0]));
 */
export function playGame(game: ToyGame, options: PlayOptions, seen: (step: number, places: Places) => void): void {
  const { setting, order, lr, steps, starts } = options;
  const { slope } = game;
  if (setting.kind === "r1" && slope === undefined) throw new Error(`R1 needs a discriminator; ${game.name} has none`);
  const x = new Player(
    starts.map((start) => start[0]),
    setting,
    lr,
  );
  const y = new Player(
    starts.map((start) => start[1]),
    setting,
    lr,
  );
  const gradientOf = (side: Side): readonly Tensor[] => {
    const cost = game.cost(side, x.point.at, y.point.at);
    if (side === "x") return x.gradient(cost);
    return y.gradient(setting.kind === "r1" ? cost.add(slope!(y.point.at).mul(setting.weight / 2)) : cost);
  };
  try {
    for (let step = 1; step <= steps; step++) {
      scope(() => {
        const forY = gradientOf("y");
        const forX = order === "simultaneous" ? gradientOf("x") : undefined;
        y.step(forY);
        x.step(forX ?? gradientOf("x"));
        const [xs, ys] = [x.values(), y.values()];
        seen(
          step,
          starts.map((_, i) => [xs[i]!, ys[i]!] as const),
        );
      });
    }
  } finally {
    x.dispose();
    y.dispose();
  }
}
