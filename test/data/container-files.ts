/**
 * The containers in test/fixtures/containers, which the real tools wrote, and what they hold by `make_containers.py`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { packOf } from "../../src/data/define.ts";
import type { Pack } from "../../src/data/pack-header.ts";
import { imageFolder } from "../../src/data/sets/index.ts";
import { labelsOf, sumsOf } from "./files.ts";

/** The folder of the containers. */
export const containers = join(import.meta.dirname, "../fixtures/containers");

/** The images of a container: the SHA-256 of the planes of each, labels, and names of the classes. */
export interface Held {
  readonly planes: readonly string[];
  readonly labels: readonly number[];
  readonly classes: readonly string[];
}

const all: Record<string, Held> = JSON.parse(readFileSync(join(containers, "expected.json"), "utf8"));

/** What a container holds. */
export const held = (name: string): Held => all[name]!;

/** A way to pack what is at a path, without resizing. */
export const packer =
  (cache: string) =>
  (path: string, options: object = {}, workers = 0): Promise<Pack> =>
    packOf(imageFolder({ path, size: 8, ...options }), { cache, workers });

/** Expects the images of a pack to be, pixel by pixel and in their order, those that the container holds. */
export function expectHeld(pack: Pack, name: string): void {
  const { planes, labels, classes } = held(name);
  expect(sumsOf(pack)).toEqual(planes);
  expect(labelsOf(pack)).toEqual(labels);
  expect(pack.header.classes).toEqual(classes);
}
