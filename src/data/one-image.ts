/** A single image file in the form of a dataset's images: decoded and scaled as its files are. */
import type { Descriptor } from "../base/descriptor.ts";
import { UserError } from "../base/errors.ts";
import { visible } from "../base/visible.ts";
import { readBytes } from "../formats/index.ts";
import { foreignFormat } from "./image-format.ts";
import { LARGEST_FILE } from "./item-reader.ts";
import type { Fit, Target } from "./options.ts";
import { resizeFile } from "./resize.ts";

/** An image file in a dataset's form. */
export interface OneImage {
  /** Planar bytes [channels, height, width]. */
  readonly pixels: Uint8Array;
  /** Width and height of the file's image, upright. */
  readonly width: number;
  readonly height: number;
  readonly fit: Fit;
  /** Whether any pixel of the file is not opaque. It is laid over the background unless there are four channels. */
  readonly transparent: boolean;
}

/** Data of 28 x 28 pixels, which stand in a margin where the wanted size is little more. */
const DIGITS = ["mnist", "fashionMnist", "kmnist", "stackedMnist"];
const isMargin = (size: unknown): boolean => typeof size === "number" && size >= 28 && size <= 32;

/**
 * Reads an image file as `data` reads its own: with its `fit` and `background`, at the given channels and size.
 *
 * @throws UserError naming the file when it cannot be read, or is no whole image that could be decoded.
 *
 * @example
 * const { pixels } = await readImageAs("cat.jpg", imageFolder({ path: "cats" }), { channels: 3, size: 64 });
 */
export async function readImageAs(
  path: string,
  { kind, options }: Pick<Descriptor<"data", never>, "kind" | "options">,
  form: Pick<Target, "channels" | "size">,
): Promise<OneImage> {
  const given = options as Partial<Target>;
  const { fit = DIGITS.includes(kind) && isMargin(form.size) ? "pad" : "crop", background = 255 } = given;
  const bytes = readBytes(path, LARGEST_FILE);
  if (bytes.byteLength === 0) throw new UserError(`${path}: the file is empty`);
  try {
    return { ...(await resizeFile(bytes, { ...form, fit, background })), fit };
  } catch (error) {
    const reason = foreignFormat(bytes) ?? (error as Error).message.split("\n")[0]!;
    throw new UserError(`${path}: it cannot be read as an image: ${visible(reason)}`, { cause: error });
  }
}
