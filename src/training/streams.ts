/**
 * The run's random streams: one generator for each thing that is drawn, seeded from the recipe's seed and the stream's
 * name, so that a technique that draws more never changes what another draws.
 */
import { createHash } from "node:crypto";
import { UserError } from "../base/errors.ts";
import { Generator, getRngState, keep, manualSeed, scope, setRngState, type Tensor } from "../tensor/index.ts";

/** The seed of a named stream: 52 bits of SHA-256("<seed>/<name>"). */
export function seedOf(seed: number, name: string): number {
  return Number.parseInt(createHash("sha256").update(`${seed}/${name}`).digest("hex").slice(0, 13), 16);
}

/** Whose draws the default generator of each device makes at present. */
const holders = new Map<string, Streams>();

/**
 * Named generators, made at first use. Layers that draw for themselves (dropout) use the device's default generator, of
 * which a process has only one: each game gets its own state of it back when its turn comes.
 */
export class Streams {
  readonly #seed: number;
  readonly #device: string;
  readonly #generators = new Map<string, Generator>();
  /** The state of the default generator while another holds it. */
  #parked: Tensor | undefined;

  constructor(seed: number, device: string) {
    this.#seed = seed;
    this.#device = device;
    this.claim();
  }

  /** Takes the default generator: from here on it continues where this game's draws left it. */
  claim(): void {
    const holder = holders.get(this.#device);
    if (holder === this) return;
    if (holder !== undefined) holder.#parked = scope(() => keep(getRngState(this.#device)));
    holders.set(this.#device, this);
    if (this.#parked === undefined) {
      manualSeed(seedOf(this.#seed, "default"), this.#device);
    } else {
      setRngState(this.#parked, this.#device);
      this.#parked.dispose();
      this.#parked = undefined;
    }
  }

  get(name: string): Generator {
    let generator = this.#generators.get(name);
    if (generator === undefined) {
      generator = new Generator(seedOf(this.#seed, name));
      this.#generators.set(name, generator);
    }
    return generator;
  }

  /** Runs `draw` with all streams standing afterwards where they stood before, whatever it drew. */
  aside<T>(draw: () => T): T {
    return scope(() => {
      const before = this.state();
      try {
        return draw();
      } finally {
        for (const name of this.#generators.keys()) if (!before.has(`stream.${name}`)) this.#generators.delete(name);
        this.load(before);
      }
    });
  }

  /** Where every stream stands, by name. */
  state(): Map<string, Tensor> {
    this.claim();
    const states = new Map([["default", getRngState(this.#device)]]);
    for (const [name, generator] of this.#generators) states.set(`stream.${name}`, generator.getState());
    return states;
  }

  /** Continues from {@link state}. Throws UserError when the state of the default generator is missing. */
  load(states: ReadonlyMap<string, Tensor>): void {
    const own = states.get("default");
    if (own === undefined) throw new UserError("random state: `default` is missing");
    this.claim();
    setRngState(own, this.#device);
    for (const [name, state] of states) {
      if (name.startsWith("stream.")) this.get(name.slice("stream.".length)).setState(state);
    }
  }

  /** Lets go of the default generator. */
  dispose(): void {
    if (holders.get(this.#device) === this) holders.delete(this.#device);
    this.#parked?.dispose();
  }
}
