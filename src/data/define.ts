/**
 * Defining data: `defineImageDataset` for images that are read from files, `defineDataset` for anything else.
 *
 * Image data can also be prepared without an engine, which is how `gantry data` inspects them.
 */
import { resolve } from "node:path";
import type { z } from "zod";
import { canonicalJson } from "../base/canonical-json.ts";
import { type Descriptor, definer, type PlainDescriptor } from "../base/descriptor.ts";
import { UserError } from "../base/errors.ts";
import { refuseWindowsPath } from "../base/windows-path.ts";
import { type DataDescriptor, type Dataset, openDataset } from "./dataset.ts";
import { datasetFolder, howToGet, type NamedDataset, nameDataset } from "./named.ts";
import { type Choice, type Fit, photographs, type Target } from "./options.ts";
import { type DataContext, preparePack } from "./pack.ts";
import type { Pack } from "./pack-header.ts";
import type { ImageSource } from "./source.ts";
import type { VectorData } from "./vectors.ts";

/** Everything that a recipe's `data` can be: images, or vectors. */
export type AnyDataDescriptor = Descriptor<"data", DataContext, Promise<Dataset | VectorData>>;

/**
 * Defines data of any kind: its kind, the zod schema of its options, and a function that opens it.
 *
 * @example
 * const circle = defineDataset("circle", z.strictObject({}), async () => ({ name: "circle", features: 2, ... }));
 */
export const defineDataset = definer<"data", DataContext, Promise<Dataset | VectorData>>("data");

/** The options that every image dataset ends up with. */
export interface ImageOptions extends Choice, Omit<Target, "fit"> {
  readonly fit?: Fit | undefined;
}

/** The properties of an image dataset besides its options. */
export interface ImageDatasetInfo<Option extends string> extends Pick<NamedDataset, "download" | "byHand"> {
  /** Its name on the command line, and of its folder among the datasets. Without one, only its kind names it. */
  readonly name?: string;
  /** Options, other than `path`, whose text is the path of a file or folder. */
  readonly paths?: readonly Option[];
}

/** The registered data of each kind of image data. */
interface ImageKind {
  readonly prepare: (options: never, context: DataContext) => Promise<Pack>;
  readonly paths: readonly string[];
}

const kinds = new Map<string, ImageKind>();

/**
 * Defines a kind of image dataset.
 *
 * @param kind its name in recipes and overrides
 * @param schema its options, those of {@link ImageOptions} among them
 * @param open finds the source that the options name; throws UserError when it is not there. Its second argument has the
 * cache folder and the signal that ends it
 * @param info its name on the command line, how to get its files, and which options are paths
 *
 * @throws UserError when the kind or the name belongs to another dataset.
 *
 * @example
 * export const sprites = defineImageDataset(
 *   "sprites",
 *   z.strictObject({ path: z.string(), ...imageOptions.photographs }),
 *   ({ path }) => spriteSource(path),
 *   { name: "sprites", byHand: (folder) => `put sprites.bin in ${folder}` },
 * );
 */
export function defineImageDataset<S extends z.ZodObject>(
  kind: string,
  schema: S & (z.output<S> extends ImageOptions ? unknown : never),
  open: (options: z.output<S>, context: DataContext) => Promise<ImageSource>,
  { name, paths = [], ...files }: ImageDatasetInfo<keyof z.output<S> & string> = {},
): (options?: z.input<S>) => DataDescriptor {
  const prepare = async (options: z.output<S>, context: DataContext): Promise<Pack> => {
    const { size, channels, fit, background, classes, first } = options as unknown as ImageOptions;
    for (const option of ["path", ...paths]) {
      const given = (options as Readonly<Record<string, unknown>>)[option];
      if (typeof given === "string") refuseWindowsPath(given, `\`${option}\` of ${kind}`);
    }
    const { path } = options as { readonly path?: string };
    const hint = withHint((files.download ?? files.byHand) ? name : undefined, path);
    const opened = await open(options, context).catch(hint);
    const own = Object.entries(options).filter(
      ([key]) => !(key in imageOptions) && !paths.some((path) => path === key),
    );
    const source = keyedSource(kind, Object.fromEntries(own), opened, hint);
    const target: Target = { size, channels, fit: fit ?? source.defaultFit?.(size) ?? "crop", background };
    if (channels === 1 && typeof background !== "number") {
      throw new UserError(
        `${kind}: \`background\` (=${background.join(", ")}) is a colour, and \`channels\` (=1) makes the images gray; give a ` +
          "gray level from 0 to 255, or 3 channels",
      );
    }
    return preparePack(source, target, { classes, first }, context);
  };
  const describe = defineDataset(kind, schema, async (options: z.output<S>, context: DataContext): Promise<Dataset> => {
    return openDataset(await prepare(options, context), options as unknown as ImageOptions);
  });
  kinds.set(kind, { prepare, paths });
  if (name !== undefined) nameDataset({ name, kind, describe, ...files });
  return describe;
}

/** Options whose effect is in a pack's key in another way, or that have none on it. */
const imageOptions = { ...photographs, path: undefined };

/** Adds how to get a dataset, where it has a name, to the error of a file of its that is not there. */
const withHint =
  (name: string | undefined, path: string | undefined) =>
  (error: unknown): never => {
    if (!(error instanceof UserError) || name === undefined) throw error;
    const { code, path: absent } = (error.cause ?? {}) as NodeJS.ErrnoException;
    const isOwn = code === "ENOENT" && absent !== undefined && resolve(absent).startsWith(datasetFolder(name, path));
    throw isOwn ? new UserError(`${error.message}; ${howToGet(name)}`, { cause: error.cause }) : error;
  };

/** A source whose pack belongs to a kind of dataset with its own options: files that several kinds read are told apart. */
function keyedSource(
  kind: string,
  own: Readonly<Record<string, unknown>>,
  source: ImageSource,
  hint: (error: unknown) => never,
): ImageSource {
  const { name, hashed, defaultFit } = source;
  return {
    name,
    fingerprint: canonicalJson([kind, name, own, source.fingerprint]),
    ...(hashed === undefined ? {} : { hashed }),
    ...(defaultFit === undefined ? {} : { defaultFit }),
    open: () => source.open().catch(hint),
  };
}

/**
 * The prepared pack of described images, without opening it as tensors.
 *
 * @throws UserError when the descriptor is not of images in files, and what preparing it throws.
 */
export function packOf(descriptor: DataDescriptor, context: DataContext = {}): Promise<Pack> {
  const found = kinds.get(descriptor.kind);
  if (found === undefined) throw new UserError(`\`${descriptor.kind}\` is not an image dataset that can be inspected`);
  return found.prepare(descriptor.options as never, context);
}

/** Whether these are images in files, which {@link packOf} prepares. */
export const isPacked = ({ kind }: AnyDataDescriptor): boolean => kinds.has(kind);

/** The descriptor with absolute paths, which are valid in any working directory. Relative ones begin in `folder`. */
export function withAbsolutePaths(data: PlainDescriptor, folder: string = process.cwd()): PlainDescriptor {
  const options = { ...data.options };
  for (const name of ["path", ...(kinds.get(data.kind)?.paths ?? [])]) {
    const value = options[name];
    if (typeof value === "string") options[name] = resolve(folder, value);
  }
  return { ...data, options };
}
