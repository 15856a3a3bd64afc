/** Arguments as a careless or hostile caller might pass them, fixed by a seed. */
import { type DType, Generator, Tensor } from "../../../src/tensor/index.ts";
import { cases, decoded } from "../stored-calls.ts";
import { type Call, likely } from "./likely.ts";

const DTYPES: readonly DType[] = [
  "float32",
  "float64",
  "float16",
  "bfloat16",
  "int64",
  "int32",
  "int16",
  "int8",
  "uint8",
  "bool",
];
const WORDS = [
  ...DTYPES,
  "",
  "cpu",
  "cuda",
  "cuda:0",
  "cuda:-1",
  "cpu:0",
  "cpu:99",
  "mps",
  "meta",
  "nonsense",
  "mean",
  "sum",
  "none",
  "reduced",
  "complete",
  "r",
  "contiguous",
  "channelsLast",
  "preserve",
  "complex64",
  "/dev/null",
  "/",
  "__proto__",
];
const NUMBERS = [
  0,
  -0,
  1,
  2,
  3,
  4,
  7,
  -1,
  -2,
  -5,
  0.5,
  1.5,
  -0.5,
  1e-30,
  100,
  255,
  1000,
  65537,
  2 ** 31,
  2 ** 32 + 1,
  -(2 ** 31) - 1,
  1e12,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  2 ** 62,
  1e308,
  NaN,
  Infinity,
  -Infinity,
];
const OPTIONS = [
  "stride",
  "padding",
  "dilation",
  "groups",
  "outputPadding",
  "correction",
  "keepdim",
  "dtype",
  "device",
  "generator",
  "requiresGrad",
  "memoryFormat",
  "scale",
  "size",
  "weight",
  "bias",
  "runningMean",
  "runningVar",
  "training",
  "momentum",
  "eps",
  "beta",
  "alpha",
  "gradOutputs",
  "createGraph",
  "retainGraph",
  "allowUnused",
  "lr",
  "betas",
  "weightDecay",
  "step",
] as const;

/** Which methods take images and kernels, so that some calls get past the first check. */
const IMAGES = /conv|pool|upsample|batchNorm|constantPad|flip/i;

/** A call that PyTorch's values are stored of. */
function storedCall(method: string): ((junk: Junk) => Call) | undefined {
  const stored = cases.filter(([name]) => name === method || name === `Tensor.${method}`);
  if (stored.length === 0) return undefined;
  return (junk) => {
    const [, self, values] = junk.pick(stored);
    const own = decoded(self);
    const leaf = own instanceof Tensor && own.dtype === "float64" && junk.chance(0.3);
    return [leaf ? own.requiresGrad_() : own, ...values.map(decoded)];
  };
}

export class Junk {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.floor(seed / 2 ** 32)) >>> 0;
  }

  /** Tommy Ettinger's mulberry32: enough for junk. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(count: number): number {
    return Math.floor(this.#next() * count);
  }
  chance(p: number): boolean {
    return this.#next() < p;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  #times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }

  /** `this` and the arguments of one call. */
  call(name: string): { self: unknown; values: unknown[] } {
    const method = name.slice(name.lastIndexOf(".") + 1);
    const nearly = likely[method] ?? storedCall(method);
    if (nearly !== undefined && this.chance(0.6)) {
      const [self, ...values] = nearly(this);
      // Now and then one of them is anything at all.
      if (this.chance(0.25) && values.length > 0)
        values[this.below(values.length)] = this.chance(0.5) ? this.#small() : this.value();
      return { self, values };
    }
    const images = IMAGES.test(name);
    const self = this.chance(0.92) ? this.tensor(images) : this.value();
    const values = this.#times(this.below(6), () => {
      const kind = this.#next();
      if (kind < 0.35) return this.tensor(images);
      if (kind < 0.6) return this.#small();
      if (kind < 0.7) return this.#times(this.below(5), () => this.#small());
      if (kind < 0.8) return this.#options(images);
      return this.value();
    });
    return { self, values };
  }

  /** A tensor of any dtype, rank, size and layout; sometimes freed. */
  tensor(image = false): Tensor {
    const rank = image ? this.pick([4, 4, 4, 3, 2]) : this.below(6);
    const sizes = image ? [1, 2, 3, 4, 5, 8, 0] : [1, 2, 3, 1, 2, 5, 0];
    const shape = this.#times(rank, () => this.pick(sizes));
    const dtype = this.chance(0.65) ? "float32" : this.pick(DTYPES);
    let tensor = Tensor.rand(shape).mul(6).sub(1.5).to({ dtype });
    const layout = this.#next();
    if (layout < 0.1 && rank === 4) tensor = tensor.contiguous("channelsLast");
    else if (layout < 0.2 && rank > 1) tensor = tensor.transpose(0, rank - 1);
    else if (layout < 0.25 && rank > 0) tensor = tensor.narrow(0, 0, Math.min(shape[0]!, 1));
    else if (layout < 0.3) tensor = tensor.unsqueeze(0).expand([3, ...shape]);
    if (/^(b?float)/.test(dtype) && this.chance(0.35)) tensor = tensor.detach().requiresGrad_();
    if (this.chance(0.03)) tensor.dispose();
    return tensor;
  }

  /** A number that is plausible as a size, a dimension or a factor, mostly. */
  #small(): number {
    return this.chance(0.7) ? this.below(5) - 1 : this.pick(NUMBERS);
  }

  #options(images: boolean): Record<string, unknown> {
    const options: Record<string, unknown> = {};
    for (let i = this.below(5); i > 0; i--) {
      const kind = this.#next();
      const value =
        kind < 0.4
          ? this.#small()
          : kind < 0.6
            ? [this.#small(), this.#small()]
            : kind < 0.75
              ? this.tensor(images)
              : this.value();
      options[this.pick(OPTIONS)] = value;
    }
    return options;
  }

  /** Anything. */
  value(): unknown {
    const makers: readonly (() => unknown)[] = [
      () => undefined,
      () => null,
      () => this.chance(0.5),
      () => this.pick(NUMBERS),
      () => this.pick(NUMBERS),
      () => this.pick(WORDS),
      () => this.pick(WORDS),
      () => 5n,
      () => 2n ** 70n,
      () => Symbol("junk"),
      () => () => 1,
      () => ({}),
      () => new Date(0),
      () => this.tensor(),
      () => this.#times(this.below(4), () => this.tensor()),
      () => this.#times(this.below(4), () => this.pick(NUMBERS)),
      () => [[1, 2], [3]],
      () => [[[[]]]],
      () => new Array(3),
      () => Array(2000).fill(1),
      () => ["a", null, {}],
      () => new Float32Array([1, NaN, 3]),
      () => new Uint8Array(new SharedArrayBuffer(8)),
      () => new BigUint64Array(2),
      () => new DataView(new ArrayBuffer(4)),
      () => this.#detached(),
      () => new Generator(this.below(10)),
      () => Object.create(Tensor.prototype),
      () => Object.create(null),
      () => this.#trap(),
      () => this.#options(false),
    ];
    return this.pick(makers)();
  }

  #detached(): Float32Array {
    const array = new Float32Array(4);
    structuredClone(array, { transfer: [array.buffer] });
    return array;
  }

  /** An object whose every property throws. */
  #trap(): object {
    return new Proxy([1, 2], {
      get() {
        throw new RangeError("trap");
      },
    });
  }

  /** An argument in the journal. */
  show(value: unknown, depth = 0): string {
    try {
      if (value instanceof Tensor) {
        const { shape, dtype, requiresGrad } = value;
        return `Tensor(${dtype} [${shape.join(",")}]${value.isContiguous() ? "" : " strided"}${requiresGrad ? " grad" : ""})`;
      }
      if (value instanceof Generator) return "Generator";
      if (Array.isArray(value)) {
        return `[${value
          .slice(0, 5)
          .map((inner) => this.show(inner, depth + 1))
          .join(", ")}${value.length > 5 ? "..." : ""}]`;
      }
      if (typeof value === "object" && value !== null && depth < 3) {
        const entries = Object.entries(value).slice(0, 6);
        return `{${entries.map(([key, inner]) => `${key}: ${this.show(inner, depth + 1)}`).join(", ")}}`;
      }
      return Object.is(value, -0) ? "-0" : typeof value === "string" ? JSON.stringify(value) : String(value);
    } catch (error) {
      return `(${(error as Error).message.slice(0, 40)})`;
    }
  }
}
