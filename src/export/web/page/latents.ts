/**
 * Latents as Gantry draws them: the random numbers of libtorch's CPU generator.
 *
 * Uniform numbers are the Mersenne Twister's (Matsumoto and Nishimura 1998), bit by bit. Normal numbers are made of them by
 * Box and Muller's formula (1958), in the order in which libtorch takes them. libtorch computes the logarithm, sine and
 * cosine of 16 numbers or more in float32 by approximations that depend on the processor; here they are exact and then rounded.
 * Values differ by at most 6e-7.
 */

const WORDS = 624;
const AHEAD = 397;
const TWO_32 = 2 ** 32;

/** A stream of random numbers that is fixed by its seed. libtorch takes the lowest 32 bits of a seed. */
export class RandomStream {
  readonly #state = new Uint32Array(WORDS);
  #at = WORDS;
  /** Box and Muller's formula makes two numbers; of fewer than 16 libtorch keeps the second one for the next draw. */
  #spare: number | undefined;

  constructor(seed: number) {
    this.#state[0] = seed % TWO_32;
    for (let i = 1; i < WORDS; i++) {
      const before = this.#state[i - 1]!;
      this.#state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** 32 random bits. */
  bits(): number {
    if (this.#at === WORDS) this.#refill();
    let word = this.#state[this.#at++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < WORDS; i++) {
      const joined = (state[i]! & 0x80000000) | (state[(i + 1) % WORDS]! & 0x7fffffff);
      state[i] = state[(i + AHEAD) % WORDS]! ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.#at = 0;
  }

  /** Uniform on [0, 1): 24 bits. */
  #single(): number {
    return (this.bits() & 0xffffff) / 2 ** 24;
  }

  /** Uniform on [0, 1): 53 bits, of which the first draw has the upper 21. */
  #double(): number {
    const upper = this.bits() & 0x1fffff;
    return (upper * TWO_32 + this.bits()) / 2 ** 53;
  }

  /** `count` numbers of the normal distribution, as `Tensor.randn([count])` draws them. */
  normal(count: number): Float32Array {
    if (count < 16) return Float32Array.from({ length: count }, () => this.#oneNormal());
    const values = Float32Array.from({ length: count }, () => this.#single());
    for (let at = 0; at + 16 <= count; at += 16) toNormal(values.subarray(at, at + 16));
    if (count % 16 !== 0) {
      // The last 16 are drawn again as a whole.
      const last = values.subarray(count - 16);
      for (let i = 0; i < 16; i++) last[i] = this.#single();
      toNormal(last);
    }
    return values;
  }

  #oneNormal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const angle = 2 * Math.PI * this.#double();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#double()));
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** `count` numbers that are uniform on [-1, 1). */
  uniform(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => this.#single() * 2 - 1);
  }
}

const TWO_PI = Math.fround(2 * Math.PI);

/** 16 uniform numbers become normal: number j and number j + 8 are the two that one pair gives. */
function toNormal(values: Float32Array): void {
  for (let j = 0; j < 8; j++) {
    const radius = Math.fround(Math.sqrt(-2 * Math.fround(Math.log(1 - values[j]!))));
    // Rounded where libtorch rounds: near 2 pi this is the largest of all errors.
    const angle = Math.fround(TWO_PI * values[j + 8]!);
    values[j] = radius * Math.cos(angle);
    values[j + 8] = radius * Math.sin(angle);
  }
}

/** How latents are drawn. */
export interface LatentOptions {
  readonly latent: number;
  readonly latentDistribution: "normal" | "uniform";
  /** Values beyond this are drawn again (Brock et al. 2019, section 3.1); undefined: none. */
  readonly truncation?: number | undefined;
}

/** The latent [latent] of a seed: what `gantry sample RUN --seed S --count 1` draws. */
export function latentOf(seed: number, { latent, latentDistribution, truncation }: LatentOptions): Float32Array {
  const stream = new RandomStream(seed);
  const draw = () => (latentDistribution === "normal" ? stream.normal(latent) : stream.uniform(latent));
  const values = draw();
  if (truncation === undefined) return values;
  const isOutside = (value: number) => Math.abs(value) > Math.fround(truncation);
  while (values.some(isOutside)) {
    // A whole latent is drawn each time, and only the values beyond the threshold are replaced.
    const again = draw();
    for (let i = 0; i < latent; i++) if (isOutside(values[i]!)) values[i] = again[i]!;
  }
  return values;
}
