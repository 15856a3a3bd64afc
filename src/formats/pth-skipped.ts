/**
 * The kinds of Python objects that people save with tensors: settings, dates, paths, numpy's numbers. They are
 * recognised by name and passed over; nothing of them is made or run.
 *
 * A kind has the name that a pickle of protocol 2 or later gives it. Protocol 2, which `torch.save` writes, has
 * Python 2's names for two modules (`_compat_pickle`): `__builtin__` and `copy_reg`.
 */
import { Callable, type Foreign, type PickleValue, Skipped } from "./pickle-values.ts";

const NUMPY = ["numpy.core", "numpy._core"].flatMap((core) => [
  [`${core}.multiarray.scalar`, "numpy scalar"],
  [`${core}.multiarray._reconstruct`, "numpy.ndarray"],
  [`${core}.numeric._frombuffer`, "numpy.ndarray"],
]);
const RANDOM = ["__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"].map((name) => [
  `numpy.random._pickle.${name}`,
  "numpy.random",
]);
const CLASSES = [
  "numpy.ndarray",
  "numpy.dtype",
  "argparse.Namespace",
  "types.SimpleNamespace",
  "easydict.EasyDict",
  "collections.deque",
  "decimal.Decimal",
  "fractions.Fraction",
  "uuid.UUID",
  ...["date", "datetime", "time", "timedelta", "timezone"].map((name) => `datetime.${name}`),
  ...["pathlib", "pathlib._local"].flatMap((module) =>
    ["Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"].map(
      (name) => `${module}.${name}`,
    ),
  ),
  ...["builtins", "__builtin__"].flatMap((module) =>
    ["bool", "bytearray", "complex", "dict", "float", "frozenset", "int", "list", "object", "range", "set", "slice"]
      .concat("str", "tuple", "unicode", "xrange")
      .map((name) => `${module}.${name}`),
  ),
];

/** A class or a function whose objects are passed over. */
class SkippedKind extends Callable {
  readonly kind: string;

  constructor(name: string, kind: string) {
    super(name, () => new Skipped(kind));
    this.kind = kind;
  }
}

/** `copyreg._reconstructor(class, base, state)`, which protocols 0 and 1 write for an object. */
const reconstructor = (name: string): Callable =>
  new Callable(name, ([type]: readonly PickleValue[]) => new Skipped(type instanceof SkippedKind ? type.kind : name));

/** The names, and what becomes of them. */
export const SKIPPED_NAMES: ReadonlyMap<string, Foreign> = new Map<string, Foreign>([
  ...[...NUMPY, ...RANDOM, ...CLASSES.map((name) => [name, name.replace(/^(builtins|__builtin__)\./, "")])].map(
    ([name, kind]) => [name!, new SkippedKind(name!, kind!)] as const,
  ),
  ...["copyreg._reconstructor", "copy_reg._reconstructor"].map((name) => [name, reconstructor(name)] as const),
]);
