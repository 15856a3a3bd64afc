/**
 * Random draws of a CPU's streams for another device. A stream has the same numbers for every device, so a seed gives the same
 * network on each; and a step that repeats the draws of the step before gets all of them in one transfer.
 */
import { noGrad } from "./autograd.ts";
import { keep, scope } from "./handle.ts";
import { binding } from "./native.ts";
import { generatorWatch, operator } from "./operator.ts";
import type { Generator } from "./random.ts";
import { Tensor } from "./tensor.ts";
import type { Device } from "./types.ts";

/** What is drawn: U(0, 1), N(0, 1), whole numbers from 0 to below a bound, or an order of the numbers below a bound. */
export type Draw =
  | { readonly of: "uniform"; readonly shape: readonly number[] }
  | { readonly of: "normal"; readonly shape: readonly number[] }
  | { readonly of: "whole"; readonly below: number; readonly shape: readonly number[] }
  | { readonly of: "order"; readonly below: number };

const transfer = operator("aten::to.device(self, device, dtype, non_blocking, copy)");
const viewAs = operator("aten::view.dtype(self, dtype)");
const pinned = operator("aten::pin_memory(self)");

/** Rows of the block begin at multiples of this many bytes, so that every type can be read there. */
const ALIGNMENT = 16;

function drawn(draw: Draw, generator: Generator): Tensor {
  if (draw.of === "uniform") return Tensor.rand(draw.shape, { generator });
  if (draw.of === "normal") return Tensor.randn(draw.shape, { generator });
  if (draw.of === "order") return Tensor.randperm(draw.below, { generator });
  return Tensor.randint(0, draw.below, draw.shape, { generator });
}

/** A draw as a text: equal draws have equal ones. */
const keyOf = (draw: Draw): string => JSON.stringify(draw);

interface Planned {
  readonly draw: Draw;
  readonly key: string;
  /** On the device, once it has been transferred. */
  values?: Tensor;
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
 * streams, and transferred in one block, pinned and without waiting where the device is CUDA. A stream whose step draws something
 * else, or less, is put back, so that the numbers are always those that the streams give one by one.
 */
export class RepeatedDraws {
  readonly #device: Device;
  #streams = new Map<Generator, StreamPlan>();

  constructor(device: Device) {
    this.#device = device;
  }

  /** Runs a step, whose calls of {@link drawFor} are served. */
  during<T>(step: () => T): T {
    const outer = [current, generatorWatch.used] as const;
    this.#begin();
    current = this;
    generatorWatch.used = (generator) => this.#usedOtherwise(generator as Generator);
    try {
      return step();
    } finally {
      [current, generatorWatch.used] = outer;
      this.#end();
    }
  }

  take(draw: Draw, generator: Generator): Tensor {
    let stream = this.#streams.get(generator);
    if (stream === undefined) {
      stream = { planned: [], before: undefined, taken: [], departed: true };
      this.#streams.set(generator, stream);
    }
    const planned = stream.planned[stream.taken.length];
    const key = keyOf(draw);
    if (!stream.departed && planned?.key !== key) this.#depart(generator, stream);
    stream.taken.push({ draw, key });
    return stream.departed ? drawn(draw, generator).to({ device: this.#device }) : planned!.values!;
  }

  /** An operator draws from a stream without {@link drawFor}. */
  #usedOtherwise(generator: Generator): void {
    const stream = this.#streams.get(generator);
    if (stream !== undefined && !stream.departed) this.#depart(generator, stream);
  }

  #begin(): void {
    const plans = [...this.#streams].filter(([, { taken }]) => taken.length > 0);
    const streams = plans.map(([generator, { taken }]): [Generator, StreamPlan] => [
      generator,
      { planned: taken, before: scope(() => keep(generator.getState())), taken: [], departed: false },
    ]);
    this.#streams = new Map(streams);
    if (streams.length > 0) noGrad(() => this.#transfer(streams));
  }

  #transfer(streams: readonly (readonly [Generator, StreamPlan])[]): void {
    const all = streams.flatMap(([generator, { planned }]) =>
      planned.map((one) => ({ one, values: drawn(one.draw, generator) })),
    );
    const parts: Tensor[] = [];
    const places: number[] = [];
    let size = 0;
    for (const { values } of all) {
      const bytes = viewAs(values.reshape([-1]), "uint8");
      const padding = (ALIGNMENT - (bytes.numel % ALIGNMENT)) % ALIGNMENT;
      parts.push(bytes, Tensor.zeros([padding], { dtype: "uint8" }));
      places.push(size);
      size += bytes.numel + padding;
    }
    const block = Tensor.cat(parts);
    const source = this.#device.startsWith("cuda") && binding().hasCuda() ? pinned(block) : block;
    const there = transfer(source, this.#device, "uint8", true, false);
    for (const [i, { one, values }] of all.entries()) {
      const bytes = there.narrow(0, places[i]!, values.numel * (values.dtype === "int64" ? 8 : 4));
      one.values = viewAs(bytes, values.dtype).view(values.shape);
    }
  }

  /** Puts a stream where the draws that were taken left it. */
  #depart(generator: Generator, stream: StreamPlan): void {
    stream.departed = true;
    generator.setState(stream.before!);
    scope(() => {
      for (const { draw } of stream.taken) drawn(draw, generator);
    });
  }

  #end(): void {
    for (const [generator, stream] of this.#streams) {
      if (!stream.departed && stream.taken.length < stream.planned.length) this.#depart(generator, stream);
      stream.before?.dispose();
    }
  }
}

let current: RepeatedDraws | undefined;

/**
 * A draw from a stream of the CPU, on the device.
 *
 * @example
 * const noise = drawFor(images.device, { of: "normal", shape: images.shape }, rng);
 */
export function drawFor(device: Device, draw: Draw, generator: Generator): Tensor {
  if (device === "cpu") return drawn(draw, generator);
  return current === undefined ? drawn(draw, generator).to({ device }) : current.take(draw, generator);
}
