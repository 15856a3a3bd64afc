/**
 * The host's side of a step that a device repeats by itself ({@link DeviceGraph}). A replay calls no JavaScript of the step, so what
 * the step does on the host besides (counting, following a schedule) is noted when it is captured, and done again before each
 * replay; and a number that the host computes for each step is a tensor, which is written before each replay.
 */
import { noGrad, noGradScope } from "./autograd.ts";
import { keep, scope } from "./handle.ts";
import { unwatched } from "./recording.ts";
import { Tensor } from "./tensor.ts";
import { toDevice } from "./transfer.ts";
import type { Device } from "./types.ts";

interface Side {
  act(act: () => void): void;
  number(compute: () => number): Tensor;
}

let current: Side | undefined;

function withSide<T>(side: Side, step: () => T): T {
  const outer = current;
  current = side;
  try {
    return step();
  } finally {
    current = outer;
  }
}

/**
 * Does something on the host that belongs to each step: now, and before each replay of the step, in the order of the step. What it
 * reads must be present then: `gan.progress`, not a copy of it.
 *
 * @example
 * eachStep(() => updates++);
 */
export function eachStep(act: () => void): void {
  if (current === undefined) act();
  else current.act(act);
}

/**
 * A number of the host that may be another one in each step. In a step that is captured, or will be, it is a float32 tensor without
 * dimensions; else the number.
 *
 * @example
 * penalty.mul(hostNumber(() => valueAt(weight, gan.progress)));
 */
export function hostNumber(compute: () => number): Tensor | number {
  return current === undefined ? compute() : current.number(compute);
}

/** A step that is not captured, and computes as one that is. */
export class EagerSide implements Side {
  readonly #device: Device;
  /** Numbers in the last step. */
  count = 0;

  constructor(device: Device) {
    this.#device = device;
  }

  during<T>(step: () => T): T {
    this.count = 0;
    return withSide(this, step);
  }

  act(act: () => void): void {
    act();
  }

  number(compute: () => number): Tensor {
    this.count++;
    // Whoever watches for numbers that change is not told of one that may.
    return unwatched(() => Tensor.full([], compute(), { device: this.#device }));
  }
}

/** The side of a step that is captured once, and replayed. */
export class CapturedSide implements Side {
  readonly #device: Device;
  readonly #acts: (() => void)[] = [];
  readonly #values: Float32Array<ArrayBuffer>;
  readonly #block: Tensor;
  readonly #numbers: readonly Tensor[];
  #used = 0;

  /** @param count - Numbers in the step. */
  constructor(device: Device, count: number) {
    this.#device = device;
    this.#values = new Float32Array(count);
    this.#block = noGradScope(() => keep(Tensor.zeros([count], { device })));
    this.#numbers = noGradScope(() => Array.from(this.#values, (_, i) => keep(this.#block.select(0, i))));
  }

  /** The step, while it is captured. */
  during<T>(step: () => T): T {
    return withSide(this, step);
  }

  act(act: () => void): void {
    this.#acts.push(act);
    act();
  }

  number(compute: () => number): Tensor {
    const at = this.#used++;
    const found = this.#numbers[at];
    if (found === undefined) throw new Error(`a step that had ${at} numbers of the host has more when it is captured`);
    this.act(() => {
      this.#values[at] = compute();
    });
    return found;
  }

  /** What the host does in a step. */
  repeat(): void {
    for (const act of this.#acts) act();
  }

  /** Writes the numbers for the coming replay. */
  write(): void {
    if (this.#values.length === 0) return;
    noGrad(() => scope(() => this.#block.copy_(toDevice(Tensor.fromArray(this.#values), this.#device))));
  }

  dispose(): void {
    for (const tensor of [this.#block, ...this.#numbers]) tensor.dispose();
  }
}
