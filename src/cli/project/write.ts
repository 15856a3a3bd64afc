/** The folder that `gantry project` writes: latents, final images, a picture of the stages, and the distances. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { fileError } from "../../base/file-error.ts";
import { type AnyDataDescriptor, type OneImage, readImageAs } from "../../data/index.ts";
import { type ImageRow, imageRows, requireRowsFit, writePng } from "../../figures/index.ts";
import {
  encodePng,
  imagesOf,
  joinImages,
  type PixelBatch,
  tile,
  UnfinishedFolder,
  writeNpy,
} from "../../formats/index.ts";
import { sampleShape } from "../../models/index.ts";
import { scope, Tensor } from "../../tensor/index.ts";
import { CANDIDATES, type openCheckpoint, type ProjectionOptions, projectImages } from "../../training/index.ts";

type Trained = Awaited<ReturnType<typeof openCheckpoint>>["trained"];

/** What {@link writeProjections} does. */
export interface WriteOptions extends Omit<ProjectionOptions, "onProgress"> {
  readonly files: readonly string[];
  /** What each is called in the output. */
  readonly names: readonly string[];
  readonly out: string;
  readonly title: { readonly run: string; readonly step: number };
  readonly steps: number;
  readonly seed: number;
  note(message: string): void;
  /** Of all searches together. */
  onProgress(done: number, total: number): void;
}

/** What was found of an image. */
export interface Projected {
  readonly file: string;
  /** The final image, in the output folder. */
  readonly image: string;
  readonly distance: number;
  /** Sum of |x - G(z)|, of values in [-1, 1]. */
  readonly pixels: number;
  /** Sum of |f(x) - f(G(z))|. */
  readonly features: number;
  /** Mean of |x - G(z)| over all values, as a difference of bytes. */
  readonly meanDifference: number;
  readonly latent: readonly number[];
}

/** The contents of projection.json. */
export interface ProjectionResult {
  readonly run: string;
  readonly step: number;
  readonly averaged: boolean;
  readonly class?: string;
  readonly condition?: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly steps: number;
  readonly featureWeight: number;
  readonly definition: string;
  readonly images: readonly Projected[];
}

/** Captions below the images need this many pixels. */
const CAPTION_WIDTH = 96;

/** Images that are searched at once: it bounds the memory. */
const AT_ONCE = 16;

/** The distance in words and signs. */
export function definitionOf(featureWeight: number): string {
  const pixels = "sum |x - G(z)|, of values in [-1, 1]";
  if (featureWeight === 0) return pixels;
  return `${Number((1 - featureWeight).toFixed(6))} ${pixels}, + ${featureWeight} sum |f(x) - f(G(z))|, f: the input of D's last layer`;
}

/**
 * Projects image files and writes, whole or not at all:
 *
 *     latents.npy       float32 [images, latent], by their order on the command line
 *     projection.json   the distances, their definition, the settings, the latents
 *     stages.png        a row for each: the image, and G(z) at some steps with the distance
 *     <name>.png        G(z) at the end
 *
 * @throws UserError for a file that cannot be read, vectors, and as `projectImages` does; the reason of `stop`.
 */
export async function writeProjections(trained: Trained, options: WriteOptions): Promise<ProjectionResult> {
  const {
    files,
    names,
    out,
    title,
    steps,
    seed,
    averaged = true,
    classIndex,
    condition,
    note,
    onProgress,
    stop,
  } = options;
  const { sample, classes } = trained.shape;
  if ("features" in sample) throw new UserError(`${title.run} makes vectors, and project takes images`);
  const [channels, height, width] = sampleShape({ image: sample }) as [number, number, number];
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new UserError(
      `${title.run} makes images of ${channels} channels, and project takes image files, which have 1 (gray), 3 (colour) or 4 (with alpha)`,
    );
  }
  const scale = Math.max(1, Math.ceil(CAPTION_WIDTH / width));
  requireRowsFit({ rows: files.length, columns: 9, height, width, captions: true, scale });
  const images: OneImage[] = [];
  for (const file of files) images.push(await prepared(trained, file, { channels, height, width }, note));
  const folder = new UnfinishedFolder(out);
  try {
    const rows: ImageRow[] = [];
    const latents: number[][] = [];
    const found: Projected[] = [];
    let featureWeight = 0;
    for (let first = 0; first < files.length; first += AT_ONCE) {
      const group = images.slice(first, first + AT_ONCE);
      const pixels = new Uint8Array(Buffer.concat(group.map((image) => image.pixels)));
      const bytes: PixelBatch = { pixels, count: group.length, channels, height, width };
      const x = scope(() =>
        Tensor.fromArray(pixels, [group.length, channels, height, width])
          .to({ dtype: "float32", device: trained.recipe.device })
          .div(127.5)
          .sub(1),
      );
      const total = steps * Math.ceil(files.length / AT_ONCE);
      const before = (first / AT_ONCE) * steps;
      const projection = await projectImages(trained, x, {
        ...options,
        onProgress: (step) => onProgress(before + step, total),
      }).finally(() => x.dispose());
      ({ featureWeight } = projection);
      const last = projection.stages.at(-1)!;
      for (let i = 0; i < group.length; i++) {
        const name = names[first + i]!;
        const captions = projection.stages.map(
          ({ step, distances }) => `${step}: ${distances.total[i]!.toPrecision(3)}`,
        );
        const strip = joinImages([imagesOf(bytes, i), ...projection.stages.map((stage) => imagesOf(stage.images, i))]);
        rows.push({ images: strip, captions: ["image", ...captions], title: files.length > 1 ? name : undefined });
        const image = `${name}.png`;
        const png = await encodePng(tile(imagesOf(last.images, i), { padding: 0 }));
        write(join(folder.temporary, image), png, out);
        const { latent } = projection;
        latents.push([...projection.latents.subarray(i * latent, (i + 1) * latent)]);
        const distance = last.distances;
        found.push({
          file: files[first + i]!,
          image,
          distance: distance.total[i]!,
          pixels: distance.pixels[i]!,
          features: distance.features[i]!,
          meanDifference: (distance.pixels[i]! / (channels * height * width)) * 127.5,
          latent: latents.at(-1)!,
        });
      }
    }
    const result: ProjectionResult = {
      ...title,
      averaged,
      ...(classIndex === undefined ? {} : { class: classes[classIndex]! }),
      ...(condition === undefined ? {} : { condition }),
      seed,
      steps,
      featureWeight,
      definition: `${definitionOf(featureWeight)}; what ${steps} steps of Adam leave, from the nearest of ${CANDIDATES} samples`,
      images: found,
    };
    await writePng(join(folder.temporary, "stages.png"), await imageRows(rows, { scale }));
    scope(() => writeNpy(join(folder.temporary, "latents.npy"), Tensor.fromArray(latents)));
    write(join(folder.temporary, "projection.json"), `${JSON.stringify(result, null, 2)}\n`, out);
    stop?.throwIfAborted();
    folder.finish();
    return result;
  } catch (error) {
    folder.abandon();
    throw error;
  }
}

function write(path: string, content: Uint8Array | string, folder: string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw fileError(error, "write", folder);
  }
}

/** Reads an image, and says so where its size, colour or transparency is not that of the data. */
async function prepared(
  trained: Trained,
  file: string,
  form: { readonly channels: 1 | 3 | 4; readonly height: number; readonly width: number },
  note: (message: string) => void,
): Promise<OneImage> {
  const { channels, height, width } = form;
  const size = height === width ? height : { height, width };
  const data = trained.recipe.data as AnyDataDescriptor;
  const image = await readImageAs(file, data, { channels, size });
  if (image.width !== width || image.height !== height) {
    const how = `${image.width} x ${image.height} pixels, made ${width} x ${height} as the data's images are`;
    note(`${file}: ${how} (fit: ${image.fit})`);
  }
  if (channels === 1 && hasColour((await readImageAs(file, data, { channels: 3, size })).pixels)) {
    note(`${file}: in colour, made gray as the data's images are`);
  }
  if (image.transparent && channels !== 4) note(`${file}: its transparency is laid over the background of the data`);
  return image;
}

/** Whether planes of red, green and blue differ. */
function hasColour(planes: Uint8Array): boolean {
  const area = planes.length / 3;
  return planes.some((value, i) => value !== planes[i % area]);
}
