/**
 * Transfer: weights of a network put into one that is built for other classes, channels or another resolution, layer by
 * layer, wherever the layers have the same names and shapes.
 */
import { counted } from "../../base/counted.ts";
import type { Module } from "../../nn/index.ts";
import type { Tensor } from "../../tensor/index.ts";

/** Tensors by their names in a network. */
export type State = ReadonlyMap<string, Tensor>;

/** What was taken of one network. */
export interface Taken {
  /** Tensors that were taken, of how many. */
  readonly taken: number;
  readonly of: number;
  /** Tensors that are newly initialised. */
  readonly initialised: string[];
}

/** What was taken, by the names of the networks. */
export type Transfer = Record<string, Taken>;

/**
 * Finds for each tensor of a network the one to take. Layers are taken whole: all tensors of a layer, or none. A list of
 * numbered layers that has another length (a network of another resolution) is matched by its beginning or by its end,
 * whichever gives more numbers: a generator's last layers are those next to the image, a discriminator's are its first.
 *
 * @returns the tensors to take by the network's names; empty where no layer fits.
 */
export function fittingTensors(own: State, source: State): Map<string, Tensor> {
  const [layers, given] = [layersOf(own), layersOf(source)];
  const lists = new Map<string, string[]>();
  for (const layer of layers.keys()) {
    const list = placeOf(layer)?.list ?? "";
    lists.set(list, [...(lists.get(list) ?? []), layer]);
  }
  const taken = new Map<string, Tensor>();
  for (const [list, names] of lists) {
    const shift = lengthOf(given.keys(), list) - lengthOf(layers.keys(), list);
    const ways = [...new Set([0, shift])].map((by) =>
      names.flatMap((name) => matched(layers.get(name)!, given.get(shifted(name, by)) ?? new Map())),
    );
    const best = ways.reduce((a, b) => (numbersIn(b) > numbersIn(a) ? b : a));
    for (const [name, tensor] of best) taken.set(name, tensor);
  }
  return taken;
}

/** Puts the tensors that fit into a network; undefined where none does. */
export function transferInto(network: Module, source: State): Taken | undefined {
  const own = network.stateDict();
  const taken = fittingTensors(own, source);
  if (taken.size === 0) return undefined;
  network.loadStateDict(taken, { strict: false });
  return { taken: taken.size, of: own.size, initialised: [...own.keys()].filter((name) => !taken.has(name)) };
}

/** A layer's tensors by their full names and by their last part. */
type Layer = Map<string, readonly [name: string, tensor: Tensor]>;

function layersOf(state: State): Map<string, Layer> {
  const layers = new Map<string, Layer>();
  for (const [name, tensor] of state) {
    const at = name.lastIndexOf(".");
    // Tensors of the network itself are layers of their own.
    const layer = at < 0 ? name : name.slice(0, at);
    if (!layers.has(layer)) layers.set(layer, new Map());
    layers.get(layer)!.set(name.slice(at + 1), [name, tensor]);
  }
  return layers;
}

/** All tensors of a layer with those to take, if they have the same names and shapes. */
function matched(own: Layer, given: Layer): [name: string, tensor: Tensor][] {
  if (own.size !== given.size) return [];
  const pairs: [string, Tensor][] = [];
  for (const [key, [name, tensor]] of own) {
    const found = given.get(key)?.[1];
    if (found === undefined || found.shape.join() !== tensor.shape.join()) return [];
    pairs.push([name, found]);
  }
  return pairs;
}

const numbersIn = (pairs: readonly (readonly [string, Tensor])[]): number =>
  pairs.reduce((sum, [, tensor]) => sum + tensor.numel, 0);

/** The first number in a layer's name, and the list before it: "trunk.stages" and 3 of "trunk.stages.3.conv1". */
function placeOf(layer: string): { list: string; index: number; rest: string } | undefined {
  const found = /^(.*?)\.(\d+)(\..*)?$/.exec(layer);
  if (found === null) return undefined;
  return { list: found[1]!, index: Number(found[2]), rest: found[3] ?? "" };
}

/** One more than the largest number in a list. */
function lengthOf(layers: Iterable<string>, list: string): number {
  let length = 0;
  for (const layer of layers) {
    const place = placeOf(layer);
    if (place?.list === list) length = Math.max(length, place.index + 1);
  }
  return length;
}

function shifted(layer: string, by: number): string {
  const place = placeOf(layer);
  return place === undefined ? layer : `${place.list}.${place.index + by}${place.rest}`;
}

const MOST_NAMES = 8;

/** What was taken, a line for each network. */
export function transferLines(transfer: Transfer): string[] {
  return Object.entries(transfer).map(([network, { taken, of, initialised }]) => {
    if (initialised.length === 0) return `${network}: all ${counted(of, "tensor")} taken`;
    const more = initialised.length - MOST_NAMES;
    const names = `${initialised.slice(0, MOST_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    return `${network}: ${taken} of ${counted(of, "tensor")} taken; newly initialised: ${names}`;
  });
}
