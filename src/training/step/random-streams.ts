/**
 * The run's random streams: one random generator for each thing that is drawn, seeded by the recipe's seed and the
 * stream's name. A technique that draws more never changes what another draws.
 */
import { UserError } from "../../base/errors.ts";
import { seedOf } from "../../base/seed.ts";
import { Generator, getRngState, keep, manualSeed, scope, setRngState, type Tensor } from "../../tensor/index.ts";

/** The name of the default generator's state; on another device than the CPU its kind is added, as in default.cuda. */
const DEFAULT = "default";

/** The run whose state the default generator of each device has at present. */
const holders = new Map<string, RandomStreams>();

/**
 * Random generators by name, made at first use. Layers that draw for themselves (dropout) use the device's default
 * generator. A process has only one: {@link claim} gives each run its own state.
 */
export class RandomStreams {
  readonly #seed: number;
  readonly #device: string;
  /** The name of the default generator's state on this kind of device. */
  readonly #default: string;
  readonly #generators = new Map<string, Generator>();
  /** The default generator's state while another run holds the generator. */
  #parked: Tensor | undefined;

  constructor(seed: number, device: string) {
    this.#seed = seed;
    this.#device = device;
    const [kind] = device.split(":") as [string];
    this.#default = kind === "cpu" ? DEFAULT : `${DEFAULT}.${kind}`;
    this.claim();
  }

  /** Takes the default generator, which then continues where this run's draws left it. */
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

  /** Runs `draw` and then puts all streams back where they were. */
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

  /** The state of every stream, by name. */
  state(): Map<string, Tensor> {
    this.claim();
    const states = new Map([[this.#default, getRngState(this.#device)]]);
    for (const [name, generator] of this.#generators) states.set(`stream.${name}`, generator.getState());
    return states;
  }

  /**
   * Continues from {@link state}. If that is the state of another kind of device, this device's default generator
   * starts from the seed.
   *
   * @throws UserError when the state of no default generator is there.
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

  /** Gives the default generator up. */
  dispose(): void {
    if (holders.get(this.#device) === this) holders.delete(this.#device);
    this.#parked?.dispose();
  }
}
