/**
 * Which image a name in a label file means.
 *
 * Tables name files in three ways: by the path or its end (`train/a.png`, `a.png`), by paths of another place
 * (`C:\photos\a.png`), of which the last part counts, and without the ending (`a`). One way holds for the whole table: the
 * one that finds most images. Last parts count only where one folder holds all images and another all names: of
 * `test/1.png`, an image `train/1.png` is another one.
 */
import { UserError } from "../../base/errors.ts";
import { quoted } from "../../formats/index.ts";

/** How the names of a table are read, and the image of each. */
export interface FoundNames {
  /** For each name the number of its image; -1 where it is not there, -2 where several have it. */
  readonly images: Int32Array;
  /** In words, how names were read where it is not by the path. */
  readonly way: string | undefined;
  /** Whether names are without their ending. */
  readonly isWithoutEnding: boolean;
  /** The number of images that are named. */
  readonly count: number;
}

/** A name that several images have. */
const AMBIGUOUS = -2;

/** The images of names, in one way of reading paths. */
interface PathIndex {
  /** By the composed Unicode form. */
  readonly composed: ReadonlyMap<string, number>;
  /** By the very letters, where the composed form is that of several. */
  exact(name: string): number;
}

/** Finds the images of names among some paths. Unicode forms of one name are equal, unless several images differ by them alone. */
export class NameFinder {
  readonly paths: readonly string[];
  readonly #whole: readonly string[];
  #ends: PathIndex | undefined;
  #withoutEnding: PathIndex | undefined;

  constructor(paths: readonly string[]) {
    this.paths = paths;
    this.#whole = paths.map((path) => path.normalize("NFC"));
  }

  /** The images of names in the way that finds most of them. */
  find(names: readonly string[]): FoundNames {
    // Each name is looked up once: a column may hold few names many times.
    const different = [...new Set(names)];
    const clean = different.map(cleaned);
    const asItIs = (name: string): string => name;
    const ends = () => (this.#ends ??= this.#index(asItIs));
    const withoutEndings = () => (this.#withoutEnding ??= this.#index(withoutEnding));
    const ways = [
      { way: undefined, read: asItIs, index: ends },
      ...(inOneFolder(clean) && inOneFolder(this.#whole)
        ? [{ way: "by the last part of its names", read: lastPart, index: ends }]
        : []),
      { way: "by names without their ending", read: asItIs, index: withoutEndings },
    ];
    let best: (Omit<FoundNames, "images"> & { readonly places: readonly number[] }) | undefined;
    for (const { way, read, index } of ways) {
      const { composed, exact } = index();
      const places = clean.map((name) => {
        const image = composed.get(read(name).normalize("NFC")) ?? -1;
        return image === AMBIGUOUS ? exact(read(name)) : image;
      });
      const count =
        new Set(places.filter((image) => image >= 0)).size + places.filter((image) => image === AMBIGUOUS).length;
      if (count > (best?.count ?? -1)) best = { places, way, isWithoutEnding: index === withoutEndings, count };
      if (count === this.paths.length || places.every((image) => image >= 0)) break;
    }
    const { places, ...found } = best!;
    const placeOf = new Map(different.map((name, i) => [name, places[i]!]));
    return { ...found, images: Int32Array.from(names, (name) => placeOf.get(name)!) };
  }

  #index(read: (path: string) => string): PathIndex {
    let exact: ReadonlyMap<string, number> | undefined;
    return {
      composed: endsOf(this.#whole.map(read)),
      exact: (name) => {
        exact ??= endsOf(this.paths.map(read));
        return exact.get(name) ?? AMBIGUOUS;
      },
    };
  }

  /**
   * @param where - the table, for messages
   * @throws UserError for a name that several images have.
   */
  refuseUnclear(names: readonly string[], { images }: FoundNames, where: string): void {
    const unclear = images.indexOf(AMBIGUOUS);
    if (unclear < 0) return;
    const like = imagesLike(lastPart(cleaned(names[unclear]!)).normalize("NFC"), this.#whole);
    const [first = "", second = ""] = like.map((i) => this.paths[i]!);
    const isOneName = first.normalize("NFC") === second.normalize("NFC");
    throw new UserError(
      `${where}: ${quoted(names[unclear]!)} may be ${quoted(first)} or ${quoted(second)}${isOneName ? ", which differ only in Unicode form (NFC, NFD)" : ""}; ` +
        `${isOneName ? "rename one of these" : "name files by their whole path"}`,
    );
  }
}

/** A name with forward slashes, and without `./` in front. */
function cleaned(name: string): string {
  const path = name.includes("/") ? name : name.replaceAll("\\", "/");
  return path.replace(/^(\.\/+)+/, "");
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const inOneFolder = (paths: readonly string[]): boolean => new Set(paths.map(folderOf)).size <= 1;

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

const withoutEnding = (path: string): string => path.replace(/\.[^./]*$/, "");

/** Images by their paths, and by every end of a path that begins after a slash. A whole path wins over an end of another. */
function endsOf(paths: readonly string[]): Map<string, number> {
  const ends = new Map<string, number>();
  for (const [image, path] of paths.entries()) {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) add(ends, path.slice(at + 1), image);
  }
  const whole = new Map<string, number>();
  for (const [image, path] of paths.entries()) add(whole, path, image);
  for (const [path, image] of whole) ends.set(path, image);
  return ends;
}

function add(index: Map<string, number>, name: string, image: number): void {
  index.set(name, index.has(name) ? AMBIGUOUS : image);
}

/** Two images whose name may be meant. */
function imagesLike(name: string, paths: readonly string[]): number[] {
  const like = (path: string): boolean => lastPart(path) === name || withoutEnding(lastPart(path)) === name;
  return [...paths.keys()].filter((i) => like(paths[i]!)).slice(0, 2);
}
