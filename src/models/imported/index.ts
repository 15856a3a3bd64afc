/** Networks that other projects have trained: recognised by the names and shapes of their tensors. */
import { UserError } from "../../base/errors.ts";
import {
  listStateDicts,
  readSafetensors,
  readSafetensorsHeader,
  readStateDict,
  type StateDictEntry,
} from "../../formats/index.ts";
import { noGradScope, type Tensor } from "../../tensor/index.ts";
import { bigganPytorch } from "./biggan-pytorch.ts";
import { bigganPytorchDiscriminator } from "./biggan-pytorch-discriminator.ts";
import { chooseNetwork, type FoundNetwork, findNetworks, placeOf } from "./find.ts";
import type { ImportedDiscriminator, ImportedGenerator, State } from "./layout.ts";
import { mimicry } from "./mimicry.ts";
import { mimicryDiscriminator } from "./mimicry-discriminator.ts";
import { firstForm } from "./names.ts";

export type { ImportedDiscriminator, ImportedGenerator } from "./layout.ts";

const GENERATORS = [mimicry, bigganPytorch];
const DISCRIMINATORS = [mimicryDiscriminator, bigganPytorchDiscriminator];

/**
 * Recognises a generator's state dict: torch_mimicry's residual generators and BigGAN-PyTorch's BigGAN. Its names may have
 * a prefix (`module.`, `netG.`), and spectral norm either of PyTorch's forms, or none where it was removed before saving.
 *
 * The returned tensors belong to the caller.
 *
 * @throws UserError when no layout fits, or what is missing where one fits almost.
 *
 * @example
 * const { generator, image, classes, state } = recogniseGenerator(readStateDict("G_ema.pth"));
 * generator.build({ ...context, image, classes }).loadStateDict(state);
 */
export function recogniseGenerator(state: State): ImportedGenerator {
  const entries = [{ entry: "", names: [...state.keys()] }];
  return readGenerator(generatorIn(entries, undefined), state);
}

/** A file's networks, and where they were found. */
export interface ImportedNetworks {
  readonly generator: ImportedGenerator;
  /** Undefined where no file holds one that is known. */
  readonly discriminator: ImportedDiscriminator | undefined;
  /** Where the generator lies in its file, as `entry` takes it; "" for the whole file. */
  readonly place: string;
  /** Where other generators lie. */
  readonly otherPlaces: readonly string[];
  /** What stood between the tensors of the generator and was passed over: a name, and what it is. */
  readonly skipped: readonly string[];
}

/** Which of a file's networks to take. */
export interface ImportOptions {
  /** The generator's entry; default: the first with averaged weights, or else the first. */
  readonly entry?: string | undefined;
  /** The file of the discriminator; default: the generator's. */
  readonly discriminator?: string | undefined;
}

/**
 * Reads the generator of a `.pth` or `.safetensors` file, and the discriminator where there is one. A file may be a whole
 * training state: the weights of optimizers are not read.
 *
 * The returned tensors belong to the caller.
 *
 * @throws UserError when the file holds no generator that is known, or none at `entry`, or `discriminator` holds none.
 *
 * @example
 * const { generator } = readNetworks("checkpoint.pt", { entry: "g_ema" });
 */
export function readNetworks(file: string, { entry, discriminator }: ImportOptions = {}): ImportedNetworks {
  const entries = stateDictsOf(file);
  const skipped: string[] = [];
  const chosen = inFile(file, () => generatorIn(entries, entry));
  const generator = inFile(file, () => {
    const state = readEntry(file, chosen.entry, (name, what) => skipped.push(`${name} (${what})`));
    return readGenerator(chosen, finite(state));
  });
  const others = findNetworks(entries, GENERATORS).filter((one) => placeOf(one) !== placeOf(chosen));
  const found = { generator, place: placeOf(chosen), otherPlaces: others.map(placeOf), skipped };
  if (discriminator !== undefined) {
    const inItsFile = findNetworks(stateDictsOf(discriminator), DISCRIMINATORS)[0];
    if (inItsFile !== undefined)
      return { ...found, discriminator: readDiscriminator(discriminator, inItsFile, generator.image) };
    throw new UserError(`${discriminator}: it holds no discriminator that is known: ${namesOf(DISCRIMINATORS)}`);
  }
  const player = findNetworks(entries, DISCRIMINATORS)[0];
  try {
    return { ...found, discriminator: player && readDiscriminator(file, player, generator.image) };
  } catch (error) {
    // One that was not asked for does not cost the generator.
    if (!(error instanceof UserError)) throw error;
    return { ...found, discriminator: undefined, skipped: [...skipped, `the discriminator (${error.message})`] };
  }
}

/** @throws UserError when a tensor holds NaN or infinite numbers, as after training that diverged. */
function finite(state: State): State {
  for (const [name, tensor] of state) {
    if (!tensor.dtype.startsWith("float") || noGradScope(() => tensor.isfinite().all().item()) === 1) continue;
    throw new UserError(
      `its tensor \`${name}\` holds NaN or infinite numbers: with these weights no image can be drawn`,
    );
  }
  return state;
}

function generatorIn(
  entries: readonly StateDictEntry[],
  place: string | undefined,
): FoundNetwork<(typeof GENERATORS)[number]> {
  const found = findNetworks(entries, GENERATORS);
  if (found.length > 0) return chooseNetwork(found, place);
  const [player] = findNetworks(entries, DISCRIMINATORS);
  if (player !== undefined) {
    throw new UserError(
      `this is a discriminator of ${player.layout.name}; give the file of its generator, and this one as the discriminator`,
    );
  }
  const [{ names } = { names: [] }] = entries;
  const count = entries.reduce((sum, one) => sum + one.names.length, 0);
  throw new UserError(
    `its tensors (${names[0] ?? "none"}, ... ${count} in all) are in no layout that is known: ${namesOf(GENERATORS)}`,
  );
}

const namesOf = (layouts: readonly { readonly name: string }[]): string => layouts.map(({ name }) => name).join(", ");

const readGenerator = (found: FoundNetwork<(typeof GENERATORS)[number]>, state: State): ImportedGenerator =>
  noGradScope(() => found.layout.read(viewOf(found, state)));

const readDiscriminator = (
  path: string,
  found: FoundNetwork<(typeof DISCRIMINATORS)[number]>,
  { size }: ImportedGenerator["image"],
): ImportedDiscriminator =>
  inFile(path, () => noGradScope(() => found.layout.read(viewOf(found, readEntry(path, found.entry)), size)));

/** Runs `read`; its errors name the file. */
function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UserError) || error.message.startsWith(path)) throw error;
    throw new UserError(`${path}: ${error.message}`);
  }
}

/** The network's tensors alone, without the prefix, in the first form of spectral norm. */
function viewOf({ prefix }: FoundNetwork<unknown>, state: State): State {
  const view = new Map<string, Tensor>();
  for (const [name, tensor] of state)
    if (name.startsWith(prefix)) view.set(firstForm(name.slice(prefix.length)), tensor);
  return view;
}

const isSafetensors = (path: string): boolean => path.endsWith(".safetensors");

function stateDictsOf(path: string): readonly StateDictEntry[] {
  if (!isSafetensors(path)) return listStateDicts(path);
  return [{ entry: "", names: readSafetensorsHeader(path).tensors.map(({ name }) => name) }];
}

function readEntry(path: string, entry: string, skipped?: (name: string, what: string) => void): State {
  if (isSafetensors(path)) return readSafetensors(path).tensors;
  return readStateDict(path, { entry: entry === "" ? undefined : entry, skipped });
}
