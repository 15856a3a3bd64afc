/** Whether the shipped networks can make images of a size, before any is built and before images are prepared. */
import type { PlainDescriptor } from "../base/descriptor.ts";
import type { ImageSize } from "../base/image-size.ts";
import { requireBaseGrid } from "./base-grid.ts";

/** The kinds of networks whose images are a base grid, doubled. The others say at build what they cannot make. */
const DOUBLING: ReadonlySet<string> = new Set(["dcgan", "resnet", "sagan", "biggan", "bigganDeep"]);

/** @throws UserError when the network of a recipe cannot make images of the size, with the nearest that it can. */
export function requireMakeable({ role, kind }: Pick<PlainDescriptor, "role" | "kind">, size: ImageSize): void {
  if (DOUBLING.has(kind)) requireBaseGrid(size, `${kind}.${role}`);
}
