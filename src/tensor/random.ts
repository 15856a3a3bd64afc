/**
 * Seeded streams of random numbers. A run draws each kind of thing (latents, data order, initial weights) from a
 * Generator of its own, whose state goes into the checkpoint; dropout draws from the device's default generator.
 */
import { UserError } from "../base/errors.ts";
import { TensorHandle } from "./handle.ts";
import { binding } from "./native.ts";
import { generatorNumbers } from "./operator.ts";
import type { Tensor } from "./tensor.ts";
import type { Device } from "./types.ts";

function checkSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UserError(`seed (=${seed}) must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
}

const collector = new FinalizationRegistry<number>((number) => binding().releaseGenerator(number));

/**
 * A stream of random numbers that is fixed by its seed. On a CPU it is the Mersenne Twister, of whose seed libtorch
 * takes the lowest 32 bits: seeds that are 2^32 apart give the same stream.
 *
 * @throws UserError for a seed that is not a whole number from 0 to 2^53 - 1.
 *
 * @example
 * const stream = new Generator(7);
 * const z = Tensor.randn([64, 128], { generator: stream });
 */
export class Generator {
  #seed: number;
  readonly device: Device;
  readonly #number: number;

  constructor(seed: number, device: Device = "cpu") {
    checkSeed(seed);
    this.#seed = seed;
    this.device = device;
    this.#number = binding().generator(device, seed);
    generatorNumbers.set(this, this.#number);
    collector.register(this, this.#number);
  }

  /** The seed that the stream began with. */
  get seed(): number {
    return this.#seed;
  }

  /**
   * Begins the stream again, with another seed: what follows is what a new one with that seed draws. For many seeds one
   * stream is better than many: libtorch does not give back the memory of a generator, 2.7 KB.
   *
   * @throws UserError as the constructor does.
   */
  manualSeed(seed: number): this {
    checkSeed(seed);
    this.#seed = seed;
    binding().seed(this.#number, seed);
    return this;
  }

  /** The state of the stream, a uint8 vector. */
  getState(): Tensor {
    return TensorHandle.of(binding().getState(this.#number));
  }

  /** Continues from a state of {@link getState} on the same kind of device. */
  setState(state: Tensor): void {
    binding().setState(this.#number, TensorHandle.numberOf(state, "setState", "state"));
  }
}

/** Seeds the default generator of a device. */
export function manualSeed(seed: number, device: Device = "cpu"): void {
  checkSeed(seed);
  binding().seed(device, seed);
}

/** The state of the default generator of a device. */
export function getRngState(device: Device = "cpu"): Tensor {
  return TensorHandle.of(binding().getState(device));
}

/** Continues the default generator of a device from a state. */
export function setRngState(state: Tensor, device: Device = "cpu"): void {
  binding().setState(device, TensorHandle.numberOf(state, "setRngState", "state"));
}
