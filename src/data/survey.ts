/** A look at a folder or zip archive of images, by names and headers, before anything is decoded. */
import { noneOf } from "../base/counted.ts";
import { UserError } from "../base/errors.ts";
import { visible } from "../base/visible.ts";
import { imageSizes } from "./headers.ts";
import { folderSource } from "./sets/image-folder.ts";

/** Headers that are looked at: enough to know which sizes there are. */
const MOST_HEADERS = 5_000;

/** What a folder of images holds. */
export interface ImageSurvey {
  /** Images that are not known to be broken. */
  readonly count: number;
  readonly classes: readonly string[];
  /** Images of the smallest class; of all where there are no classes. */
  readonly smallestClass: number;
  /** Smallest and largest, in pixels. */
  readonly width: readonly [number, number];
  readonly height: readonly [number, number];
  /** Nine in ten images have at least this many pixels on their shorter side. */
  readonly side: number;
  /** Whether all are stored without colour. */
  readonly gray: boolean;
}

/**
 * Looks at a folder or zip archive of images, arranged as `imageFolder` reads it.
 *
 * @throws UserError as `imageFolder` does: no images, images next to folders of classes, and so on.
 */
export async function surveyImages(path: string, stop?: AbortSignal): Promise<ImageSurvey> {
  const source = await (await folderSource(path, { stop })).open();
  const { labels, classes } = source;
  const [widths, heights]: [number[], number[]] = [[], []];
  let gray = true;
  for await (const size of imageSizes(source, stop)) {
    widths.push(size.width);
    heights.push(size.height);
    gray &&= size.gray;
    if (widths.length === MOST_HEADERS) break;
  }
  if (widths.length === 0) throw new UserError(`${path}: ${noneOf(labels.length, "image")} be read`);
  const counts = classes.map(() => 0);
  for (let i = 0; i < labels.length && classes.length > 0; i++) counts[labels[i]!]!++;
  const shorter = widths.map((width, i) => Math.min(width, heights[i]!)).sort((a, b) => a - b);
  return {
    count: labels.length,
    classes: classes.map(visible),
    smallestClass: counts.length > 0 ? Math.min(...counts) : labels.length,
    width: [Math.min(...widths), Math.max(...widths)],
    height: [Math.min(...heights), Math.max(...heights)],
    side: shorter[Math.floor(shorter.length / 10)] ?? 0,
    gray,
  };
}
