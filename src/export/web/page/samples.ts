/** The grid of images: each a button that picks it for the path between two samples. */

import { byId, element } from "./dom.ts";
import type { PageGenerator } from "./generator.ts";
import { type Choice, classOf, commandOf, inputsOf } from "./inputs.ts";
import { download, gridOf, type ImageShape, pixelsOf, show } from "./picture.ts";

/** What a reader picks. */
export interface Picked {
  readonly seed: number;
  readonly classIndex: number | undefined;
}

/** Values of a sample that are drawn at once: few enough that the page stays quick, in one pass of the network. */
const VALUES_AT_ONCE = 2 ** 17;

/** The samples of a page that makes images. */
export class SampleGrid {
  readonly #generator: PageGenerator;
  readonly #tiles: readonly HTMLButtonElement[];
  readonly #command = element("code");
  readonly #count: number;
  #images: ImageData[] = [];
  #shown: Picked[] = [];
  /** The choice that is being drawn; an older one stops. */
  #drawing: Choice | undefined;

  constructor(generator: PageGenerator, pick: (picked: Picked) => void) {
    this.#generator = generator;
    const [, height, width] = generator.settings.sample as ImageShape;
    this.#count = height * width <= 64 * 64 ? 64 : 24;
    this.#tiles = Array.from({ length: this.#count }, (_, i) => {
      const canvas = element("canvas", { width, height });
      const tile = element("button", { type: "button", class: "tile", tabindex: i === 0 ? 0 : -1 }, canvas);
      tile.addEventListener("click", () => {
        if (this.#shown[i] !== undefined) pick(this.#shown[i]);
      });
      return tile;
    });
    const grid = element("div", { class: "grid", role: "group", "aria-labelledby": "samples-title" }, ...this.#tiles);
    grid.style.setProperty("--columns", String(Math.ceil(Math.sqrt(this.#count))));
    grid.addEventListener("keydown", (event) => this.#move(event));
    const save = element("button", { type: "button", id: "save-grid" }, "Download the grid as PNG");
    save.addEventListener("click", () => {
      if (this.#images.length > 0) download(gridOf(this.#images), `seed${this.#shown[0]!.seed}-grid.png`);
    });
    const hint = element(
      "p",
      { class: "hint" },
      "Pick two of them to go from one to the other. Arrow keys move between them, Enter picks.",
    );
    byId("samples").append(
      hint,
      grid,
      element("p", { class: "actions" }, save),
      element("p", { class: "hint" }, "The same files: ", this.#command),
    );
  }

  /** Draws the samples of a choice, some at a time. A later call ends an earlier one. */
  async draw(choice: Choice): Promise<void> {
    this.#drawing = choice;
    const { settings } = this.#generator;
    const shape = settings.sample as ImageShape;
    const atOnce = Math.max(1, Math.min(this.#count, Math.floor(VALUES_AT_ONCE / (shape[0] * shape[1] * shape[2]))));
    this.#command.textContent = commandOf(settings, choice, this.#count);
    const images: ImageData[] = [];
    const shown: Picked[] = [];
    byId("samples").setAttribute("aria-busy", "true");
    for (let first = 0; first < this.#count; first += atOnce) {
      const numbers = Array.from({ length: Math.min(atOnce, this.#count - first) }, (_, i) => first + i);
      const picked = numbers.map((i) => ({ seed: choice.seed + i, classIndex: classOf(settings, choice, i) }));
      const values = await this.#generator.draw(
        picked.map(({ seed, classIndex }) => inputsOf(settings, choice, seed, classIndex)),
      );
      if (this.#drawing !== choice) return;
      for (const [at, i] of numbers.entries()) {
        images.push(pixelsOf(values, at, shape));
        shown.push(picked[at]!);
        this.#fill(i, images[i]!, shown[i]!);
      }
    }
    this.#images = images;
    this.#shown = shown;
    byId("samples").setAttribute("aria-busy", "false");
  }

  /** Marks the samples that are picked. */
  mark(picked: readonly Picked[]): void {
    for (const [i, tile] of this.#tiles.entries()) {
      const own = this.#shown[i];
      const ends = picked.map((one) => one.seed === own?.seed && one.classIndex === own?.classIndex);
      tile.setAttribute("aria-pressed", String(ends.includes(true)));
      tile.dataset.end = ends.map((is, end) => (is ? "AB"[end] : "")).join("");
    }
  }

  #fill(i: number, image: ImageData, { seed, classIndex }: Picked): void {
    const tile = this.#tiles[i]!;
    show(tile.querySelector("canvas")!, image);
    const name = classIndex === undefined ? "" : `, class ${this.#generator.settings.classes[classIndex]}`;
    tile.setAttribute("aria-label", `seed ${seed}${name}`);
    tile.title = `seed ${seed}${name}`;
  }

  /** Arrow keys, Home and End go from tile to tile, of which one is in the order of the Tab key. */
  #move(event: KeyboardEvent): void {
    const at = this.#tiles.indexOf(document.activeElement as HTMLButtonElement);
    const columns = Math.ceil(Math.sqrt(this.#count));
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const wanted = event.key === "Home" ? 0 : event.key === "End" ? this.#count - 1 : at + (steps[event.key] ?? 0);
    if (at < 0 || wanted === at || this.#tiles[wanted] === undefined) return;
    event.preventDefault();
    this.#tiles[at]!.tabIndex = -1;
    this.#tiles[wanted].tabIndex = 0;
    this.#tiles[wanted].focus();
  }
}
