/**
 * Transfer: weights of a network put into one that is built for other classes, channels or another resolution, layer by
 * layer, wherever the layers have the same names and shapes. Rows and columns of classes are taken by the names of these.
 */
import { counted } from "../../base/counted.ts";
import { labelTensors } from "../../models/index.ts";
import type { Module } from "../../nn/index.ts";
import { noGrad, Tensor } from "../../tensor/index.ts";
import type { LabelMatch } from "./label-match.ts";

/** Tensors by their names in a network. */
export type State = ReadonlyMap<string, Tensor>;

/** What was taken of one network. */
export interface Taken {
  /** Tensors that were taken, of how many. */
  readonly taken: number;
  readonly of: number;
  /** Tensors that are newly initialised. */
  readonly initialised: string[];
  /** Tensors of which the rows or columns of some classes or conditions were taken, and how many of these. */
  readonly byName?:
    | { readonly kind: LabelMatch["kind"]; readonly tensors: string[]; found: number; of: number }
    | undefined;
}

/** What was taken, by the names of the networks. */
export type Transfer = Record<string, Taken>;

/**
 * Finds for each tensor of a network the one to take. Layers are taken whole: all tensors of a layer, or none. A list of
 * numbered layers that has another length (a network of another resolution) is matched by its beginning or by its end,
 * whichever gives more numbers: a generator's last layers are those next to the image, a discriminator's are its first.
 *
 * @param labels - What belongs to classes that the other network has at other places.
 *
 * @returns the tensors to take by the network's names; empty where no layer fits.
 */
export function fittingTensors(own: State, source: State, labels?: MatchedLabels): Map<string, Tensor> {
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
      names.flatMap((name) => matched(layers.get(name)!, given.get(shifted(name, by)) ?? new Map(), labels)),
    );
    const best = ways.reduce((a, b) => (numbersIn(b) > numbersIn(a) ? b : a));
    for (const [name, tensor] of best) taken.set(name, tensor);
  }
  return taken;
}

/** Puts the tensors that fit into a network; undefined where none does. */
export function transferInto(network: Module, source: State, match?: LabelMatch): Taken | undefined {
  const own = network.stateDict();
  const labels = match && { match, tensors: labelTensors(network, match.places.length) };
  const fitting = fittingTensors(own, source, labels);
  if (fitting.size === 0) return undefined;
  network.loadStateDict(fitting, { strict: false });
  const initialised = [...own.keys()].filter((name) => !fitting.has(name));
  const tensors = [...fitting.keys()].filter((name) => labels?.tensors.has(name));
  const taken = { taken: fitting.size - tensors.length, of: own.size, initialised };
  if (match === undefined || tensors.length === 0) return taken;
  const { kind, places } = match;
  return { ...taken, byName: { kind, tensors, found: foundOf(match).length, of: places.length } };
}

/** The tensors of a network that belong to classes, as {@link labelTensors} gives them, and where the classes are. */
export interface MatchedLabels {
  readonly match: LabelMatch;
  readonly tensors: ReadonlyMap<string, 0 | 1 | undefined>;
}

/** The classes that both have: the number in this run, and in the other. */
const foundOf = ({ places }: LabelMatch): [own: number, given: number][] =>
  places.flatMap((place, i) => (place === undefined ? [] : [[i, place] as [number, number]]));

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

/** All tensors of a layer with those to take, if they have the same names and shapes but for the number of classes. */
function matched(own: Layer, given: Layer, labels: MatchedLabels | undefined): [name: string, tensor: Tensor][] {
  if (own.size !== given.size) return [];
  const pairs: [string, Tensor][] = [];
  for (const [key, [name, tensor]] of own) {
    const found = given.get(key)?.[1];
    if (found === undefined) return [];
    const taken = labels?.tensors.has(name)
      ? withFound(tensor, found, labels.tensors.get(name), labels.match)
      : found.shape.join() === tensor.shape.join()
        ? found
        : undefined;
    if (taken === undefined) return [];
    pairs.push([name, taken]);
  }
  return pairs;
}

/**
 * A new tensor with what another has of the same classes, and of what belongs to no class, which comes first along the
 * dimension; undefined where that is nothing or other shapes.
 */
function withFound(own: Tensor, given: Tensor, dimension: 0 | 1 | undefined, match: LabelMatch): Tensor | undefined {
  if (dimension === undefined || own.ndim !== given.ndim) return undefined;
  const common = own.shape[dimension]! - match.places.length;
  const isAlike = own.shape.every((size, i) =>
    i === dimension ? given.shape[i]! - match.given === common : given.shape[i] === size,
  );
  const rows = [
    ...Array.from({ length: common }, (_, i) => [i, i] as const),
    ...foundOf(match).map(([here, there]) => [common + here, common + there] as const),
  ];
  if (!isAlike || rows.length === 0) return undefined;
  const numbers = (which: 0 | 1): Tensor => Tensor.fromArray(BigInt64Array.from(rows, (row) => BigInt(row[which])));
  const { dtype } = own;
  const found = given.to({ device: "cpu", dtype }).indexSelect(dimension, numbers(1));
  return noGrad(() => own.cpu().indexCopy(dimension, numbers(0), found));
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
  return Object.entries(transfer).map(([network, { taken, of, initialised, byName }]) => {
    if (taken === of) return `${network}: all ${counted(of, "tensor")} taken`;
    const said = [`${network}: ${taken} of ${counted(of, "tensor")} taken`];
    if (byName !== undefined) {
      said.push(`weights of ${byName.found} of ${byName.of} ${byName.kind} taken by name: ${listed(byName.tensors)}`);
    }
    if (initialised.length > 0) said.push(`newly initialised: ${listed(initialised)}`);
    return said.join("; ");
  });
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
