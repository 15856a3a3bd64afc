/**
 * The run's random streams: one generator for each thing that is drawn, seeded from the recipe's seed and the stream's
 * name, so that a technique that draws more never changes what another draws.
 */
import { createHash } from "node:crypto";
import { UserError } from "../base/errors.ts";
import { Generator, getRngState, manualSeed, setRngState, type Tensor } from "../tensor/index.ts";

/** The seed of a named stream: 52 bits of SHA-256("<seed>/<name>"). */
export function seedOf(seed: number, name: string): number {
  return Number.parseInt(createHash("sha256").update(`${seed}/${name}`).digest("hex").slice(0, 13), 16);
}

/** Named generators, made at first use. Layers that draw for themselves (dropout) use the default generator, kept as well. */
export class Streams {
  readonly #seed: number;
  readonly #device: string;
  readonly #generators = new Map<string, Generator>();

  /** Seeds the default generator of `device` too. */
  constructor(seed: number, device: string) {
    this.#seed = seed;
    this.#device = device;
    manualSeed(seedOf(seed, "default"), device);
  }

  get(name: string): Generator {
    let generator = this.#generators.get(name);
    if (generator === undefined) {
      generator = new Generator(seedOf(this.#seed, name));
      this.#generators.set(name, generator);
    }
    return generator;
  }

  /** Where every stream stands, by name. */
  state(): Map<string, Tensor> {
    const states = new Map([["default", getRngState(this.#device)]]);
    for (const [name, generator] of this.#generators) states.set(`stream.${name}`, generator.getState());
    return states;
  }

  /** Continues from {@link state}. Throws UserError when the state of the default generator is missing. */
  load(states: ReadonlyMap<string, Tensor>): void {
    const own = states.get("default");
    if (own === undefined) throw new UserError("random state: `default` is missing");
    setRngState(own, this.#device);
    for (const [name, state] of states) {
      if (name.startsWith("stream.")) this.get(name.slice("stream.".length)).setState(state);
    }
  }
}
