/**
 * Random draws of a CPU's streams for another device. A stream has the same numbers for every device, so a seed gives the same
 * network on each; and a step that repeats the draws of the step before gets all of them in one transfer.
 */
import { noGrad, noGradScope } from "./autograd.ts";
import { keep, scope } from "./handle.ts";
import { generatorWatch, operator } from "./operator.ts";
import type { Generator } from "./random.ts";
import { unwatched } from "./recording.ts";
import { Tensor } from "./tensor.ts";
import { toDevice } from "./transfer.ts";
import type { Device } from "./types.ts";

/** What is drawn: U(0, 1), N(0, 1), whole numbers from 0 to below a bound, or an order of the numbers below a bound. */
export type Draw =
  | { readonly of: "uniform"; readonly shape: readonly number[] }
  | { readonly of: "normal"; readonly shape: readonly number[] }
  | { readonly of: "whole"; readonly below: number; readonly shape: readonly number[] }
  | { readonly of: "order"; readonly below: number };

/** Tensors by name, in groups by name; undefined where there is none. */
export type NamedTensors = { readonly [name: string]: Tensor | NamedTensors | undefined };

/** Tensors that are computed on the CPU of draws, such as the places and masks of augmentations. */
export interface Computed<T extends NamedTensors> {
  /** A text of all that they depend on besides the stream, as it is now: equal texts, equal tensors. */
  readonly key: () => string;
  /**
   * Draws and computes. How much it draws does not depend on the key. It is called again in the next step, so it holds no tensor
   * of this one.
   */
  readonly compute: (generator: Generator) => T;
}

const viewAs = operator("aten::view.dtype(self, dtype)");

/** Rows of the block begin at multiples of this many bytes, so that every type can be read there. */
const ALIGNMENT = 16;

function drawn(draw: Draw, generator: Generator): Tensor {
  if (draw.of === "uniform") return Tensor.rand(draw.shape, { generator });
  if (draw.of === "normal") return Tensor.randn(draw.shape, { generator });
  if (draw.of === "order") return Tensor.randperm(draw.below, { generator });
  return Tensor.randint(0, draw.below, draw.shape, { generator });
}

/** Tensors of the CPU on a device, in one copy: pinned and without waiting where the device is CUDA. */
function transferred(tensors: readonly Tensor[], device: Device): Tensor[] {
  if (tensors.length === 0) return [];
  const parts: Tensor[] = [];
  const places: (readonly [start: number, length: number])[] = [];
  let size = 0;
  for (const tensor of tensors) {
    const bytes = viewAs(tensor.reshape([-1]), "uint8");
    const padding = (ALIGNMENT - (bytes.numel % ALIGNMENT)) % ALIGNMENT;
    parts.push(bytes, Tensor.zeros([padding], { dtype: "uint8" }));
    places.push([size, bytes.numel]);
    size += bytes.numel + padding;
  }
  const there = toDevice(Tensor.cat(parts), device);
  return tensors.map((tensor, i) => viewAs(there.narrow(0, ...places[i]!), tensor.dtype).view(tensor.shape));
}

function tensorsOf(named: NamedTensors): Tensor[] {
  return Object.values(named).flatMap((value) =>
    value === undefined ? [] : value instanceof Tensor ? [value] : tensorsOf(value),
  );
}

/** The same names with other tensors. */
function mapped(named: NamedTensors, map: (tensor: Tensor) => Tensor): NamedTensors {
  const entries = Object.entries(named).map(([name, value]) => {
    if (value === undefined) return [name, value];
    return [name, value instanceof Tensor ? map(value) : mapped(value, map)];
  });
  return Object.fromEntries(entries);
}

/** All of the tensors on a device, in one copy. */
function moved(all: readonly NamedTensors[], device: Device): NamedTensors[] {
  const there = transferred(all.flatMap(tensorsOf), device).values();
  return all.map((named) => mapped(named, () => there.next().value!));
}

interface Planned {
  readonly computed: Computed<NamedTensors>;
  readonly key: string;
  /** On the device, once they have been transferred. */
  values?: NamedTensors;
}

/** Serves the calls of {@link drawFor} and {@link computedFor} in a step. */
interface Draws {
  take<T extends NamedTensors>(computed: Computed<T>, generator: Generator): T;
}

function withDraws<T>(draws: Draws, usedOtherwise: (generator: Generator) => void, step: () => T): T {
  const outer = [current, generatorWatch.used] as const;
  current = draws;
  generatorWatch.used = (generator) => usedOtherwise(generator as Generator);
  try {
    return step();
  } finally {
    [current, generatorWatch.used] = outer;
  }
}

/** The draws of one stream in a step. */
interface StreamPlan {
  /** What the step before has drawn. */
  readonly planned: readonly Planned[];
  /** The state before they were drawn, on the CPU. */
  readonly before: Tensor | undefined;
  /** What this step has drawn. */
  readonly taken: Planned[];
  /** Whether this step has drawn something else: from then on it draws for itself. */
  departed: boolean;
}

/**
 * The draws of repeated steps. At the beginning of a step everything that the step before has drawn is drawn again from the same
 * streams, and transferred in one block. A stream whose step draws something else, or less, is put back, so that the numbers are
 * always those that the streams give one by one.
 */
export class RepeatedDraws {
  readonly #device: Device;
  #streams = new Map<Generator, StreamPlan>();

  constructor(device: Device) {
    this.#device = device;
  }

  /** Runs a step, whose calls of {@link drawFor} and {@link computedFor} are served. */
  during<T>(step: () => T): T {
    this.#begin();
    try {
      return withDraws(this, (generator) => this.#usedOtherwise(generator), step);
    } finally {
      this.#end();
    }
  }

  /** What the last step has drawn. */
  plan(): DrawPlan {
    return [...this.#streams].map(([generator, { taken }]) => [generator, taken]);
  }

  take<T extends NamedTensors>(computed: Computed<T>, generator: Generator): T {
    let stream = this.#streams.get(generator);
    if (stream === undefined) {
      stream = { planned: [], before: undefined, taken: [], departed: true };
      this.#streams.set(generator, stream);
    }
    const planned = stream.planned[stream.taken.length];
    const key = computed.key();
    if (!stream.departed && planned?.key !== key) this.#depart(generator, stream);
    stream.taken.push({ computed, key });
    const values = stream.departed ? moved([computed.compute(generator)], this.#device)[0]! : planned!.values!;
    return values as T;
  }

  /** An operator draws from a stream itself. */
  #usedOtherwise(generator: Generator): void {
    const stream = this.#streams.get(generator);
    if (stream !== undefined && !stream.departed) this.#depart(generator, stream);
  }

  #begin(): void {
    const plans = [...this.#streams].filter(([, { taken }]) => taken.length > 0);
    const streams = plans.map(([generator, { taken }]): [Generator, StreamPlan] => [
      generator,
      {
        planned: taken.map(({ computed }) => ({ computed, key: computed.key() })),
        before: scope(() => keep(generator.getState())),
        taken: [],
        departed: false,
      },
    ]);
    this.#streams = new Map(streams);
    if (streams.length > 0) noGrad(() => this.#transfer(streams));
  }

  #transfer(streams: readonly (readonly [Generator, StreamPlan])[]): void {
    const all = streams.flatMap(([generator, { planned }]) => planned.map((one) => ({ one, generator })));
    const values = all.map(({ one, generator }) => one.computed.compute(generator));
    for (const [i, there] of moved(values, this.#device).entries()) all[i]!.one.values = there;
  }

  /** Puts a stream where the draws that were taken left it. */
  #depart(generator: Generator, stream: StreamPlan): void {
    stream.departed = true;
    generator.setState(stream.before!);
    scope(() => {
      for (const { computed } of stream.taken) computed.compute(generator);
    });
  }

  #end(): void {
    for (const [generator, stream] of this.#streams) {
      if (!stream.departed && stream.taken.length < stream.planned.length) this.#depart(generator, stream);
      stream.before?.dispose();
    }
  }
}

/** The draws of a step by stream, in their order, with their keys. */
export type DrawPlan = readonly (readonly [
  Generator,
  readonly { readonly computed: Computed<NamedTensors>; readonly key: string }[],
])[];

/**
 * The draws of a step that is captured once and replayed: always the same ones, in memory that stays where it is. {@link renew}
 * draws them for the coming step.
 */
export class FixedDraws {
  readonly #device: Device;
  readonly #plan: DrawPlan;
  readonly #values = new Map<Generator, readonly NamedTensors[]>();
  readonly #taken = new Map<Generator, number>();

  constructor(device: Device, plan: DrawPlan) {
    this.#device = device;
    this.#plan = plan;
  }

  /** Draws from the streams, and writes what they gave where the step reads it: one transfer. */
  renew(): void {
    noGradScope(() => {
      const all = this.#plan.flatMap(([generator, draws]) =>
        draws.map(({ computed, key }) => {
          if (computed.key() !== key) this.#refuse("otherwise than before");
          return computed.compute(generator);
        }),
      );
      const there = moved(all, this.#device).values();
      for (const [generator, draws] of this.#plan) {
        const own = draws.map(() => there.next().value!);
        const places = this.#values.get(generator);
        if (places !== undefined) overwrite(places, own);
        else
          this.#values.set(
            generator,
            own.map((named) => mapped(named, keep)),
          );
      }
    });
  }

  /** The step, while it is captured. */
  during<T>(step: () => T): T {
    return withDraws(this, () => this.#refuse("on the CPU"), step);
  }

  take<T extends NamedTensors>(computed: Computed<T>, generator: Generator): T {
    const at = this.#taken.get(generator) ?? 0;
    const planned = this.#plan.find(([of]) => of === generator)?.[1][at];
    if (planned === undefined || planned.key !== computed.key()) return this.#refuse("something else than before");
    this.#taken.set(generator, at + 1);
    return this.#values.get(generator)![at] as T;
  }

  #refuse(what: string): never {
    throw new Error(`the step draws ${what}, which a replay would not repeat`);
  }

  dispose(): void {
    for (const tensor of [...this.#values.values()].flat().flatMap(tensorsOf)) tensor.dispose();
  }
}

/** @throws Error when there are other tensors than before. */
function overwrite(places: readonly NamedTensors[], values: readonly NamedTensors[]): void {
  const [targets, sources] = [places, values].map((all) => all.flatMap(tensorsOf)) as [Tensor[], Tensor[]];
  const shapes = (tensors: readonly Tensor[]): string => JSON.stringify(tensors.map(({ shape }) => shape));
  if (shapes(targets) !== shapes(sources)) {
    throw new Error("what a step computes of its draws has other shapes than before, which a replay cannot take");
  }
  for (const [i, target] of targets.entries()) target.copy_(sources[i]!);
}

let current: Draws | undefined;

/**
 * A draw from a stream of the CPU, on the device.
 *
 * @example
 * const noise = drawFor(images.device, { of: "normal", shape: images.shape }, rng);
 */
export function drawFor(device: Device, draw: Draw, generator: Generator): Tensor {
  if (device === "cpu") return drawn(draw, generator);
  const key = JSON.stringify(draw);
  return computedFor(device, { key: () => key, compute: (from) => ({ values: drawn(draw, from) }) }, generator).values;
}

/**
 * Tensors that are computed on the CPU of draws from a stream, on the device.
 *
 * @example
 * const compute = (from: Generator) => ({ mask: maskOf(Tensor.rand([8], { generator: from }).tolist()) });
 * const { mask } = computedFor(images.device, { key: () => "mask", compute }, rng);
 */
export function computedFor<T extends NamedTensors>(device: Device, computed: Computed<T>, generator: Generator): T {
  if (device === "cpu") return computed.compute(generator);
  const draws = current;
  // Where the numbers come from is not a part of the computation that is watched.
  return unwatched(() =>
    draws === undefined ? (moved([computed.compute(generator)], device)[0] as T) : draws.take(computed, generator),
  );
}
