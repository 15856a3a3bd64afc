/**
 * The run's random streams: one generator for each thing that is drawn, seeded from the recipe's seed and the stream's
 * name, so that a technique that draws more never changes what another draws.
 */
import { createHash } from "node:crypto";
import { UserError } from "../../base/errors.ts";
import { Generator, getRngState, keep, manualSeed, scope, setRngState, type Tensor } from "../../tensor/index.ts";

/** The seed of a named stream: 52 bits of SHA-256("<seed>/<name>"), of which a CPU's generator takes the lowest 32. */
export function seedOf(seed: number, name: string): number {
  return Number.parseInt(createHash("sha256").update(`${seed}/${name}`).digest("hex").slice(0, 13), 16);
}

/** What the state of the default generator is called; of another device than the CPU with its kind, as default.cuda. */
const DEFAULT = "default";

/** Whose draws the default generator of each device makes at present. */
const holders = new Map<string, RandomStreams>();

/**
 * Named generators, made at first use. Layers that draw for themselves (dropout) use the device's default generator, of
 * which a process has only one: each game gets its own state of it back when its turn comes.
 */
export class RandomStreams {
  readonly #seed: number;
  readonly #device: string;
  /** Of the default generator's state: what another kind of device saved is of no use here. */
  readonly #default: string;
  readonly #generators = new Map<string, Generator>();
  /** The state of the default generator while another holds it. */
  #parked: Tensor | undefined;

  constructor(seed: number, device: string) {
    this.#seed = seed;
    this.#device = device;
    const [kind] = device.split(":") as [string];
    this.#default = kind === "cpu" ? DEFAULT : `${DEFAULT}.${kind}`;
    this.claim();
  }

  /** Takes the default generator: from here on it continues where this game's draws left it. */
  claim(): void {
    const holder = holders.get(this.#device);
    if (holder === this) return;
    if (holder !== undefined) holder.#parked = scope(() => keep(getRngState(this.#device)));
    holders.set(this.#device, this);
    if (this.#parked === undefined) {
      manualSeed(seedOf(this.#seed, DEFAULT), this.#device);
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
    const states = new Map([[this.#default, getRngState(this.#device)]]);
    for (const [name, generator] of this.#generators) states.set(`stream.${name}`, generator.getState());
    return states;
  }

  /**
   * Continues from {@link state}. The default generator of another kind of device than the state is of begins anew, from the
   * seed.
   *
   * @throws UserError when there is no state of any.
   */
  load(states: ReadonlyMap<string, Tensor>): void {
    if (![...states.keys()].some((name) => name.split(".")[0] === DEFAULT)) {
      throw new UserError(`random state: \`${DEFAULT}\` is missing`);
    }
    const own = states.get(this.#default);
    this.claim();
    if (own !== undefined) setRngState(own, this.#device);
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
