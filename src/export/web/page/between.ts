/** The path between two samples: a slider, or a drag across the picture, goes from one to the other. */
import type { PageSettings } from "../settings.ts";
import { byId, element, labelled } from "./dom.ts";
import type { PageGenerator } from "./generator.ts";
import { type Choice, type Inputs, inputsOf } from "./inputs.ts";
import { mixed, weightsAt } from "./path.ts";
import type { Picked } from "./samples.ts";

/** Draws samples of the path; an image of one, or the points of many. */
export interface PathView {
  readonly canvas: HTMLCanvasElement;
  /** The positions on the path that are wanted to show t. */
  positions(t: number): readonly number[];
  show(values: Float32Array, t: number): void;
  save(name: string): void;
}

/** The second half of the page. */
export class Between {
  readonly #generator: PageGenerator;
  readonly #view: PathView;
  readonly #ends: [EndControl, EndControl];
  readonly #slider = element("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0.5 });
  readonly #kind = element("select", {});
  readonly #changed: (picked: readonly Picked[]) => void;
  #choice: Choice;
  #drawing = false;
  #again = false;
  /** The end that the next pick replaces. */
  #next: 0 | 1 = 0;

  constructor(generator: PageGenerator, view: PathView, choice: Choice, changed: (picked: readonly Picked[]) => void) {
    this.#generator = generator;
    this.#view = view;
    this.#choice = choice;
    this.#changed = changed;
    const { settings } = generator;
    const ends = ["From", "To"].map((title, i) => new EndControl(settings, title, i, () => this.update()));
    this.#ends = ends as [EndControl, EndControl];
    const kinds = settings.latentDistribution === "normal" ? ["spherical", "linear"] : ["linear"];
    this.#kind.append(...kinds.map((kind) => element("option", { value: kind }, kind)));
    this.#kind.addEventListener("change", () => this.update());
    this.#slider.addEventListener("input", () => void this.#draw());
    const save = element("button", { type: "button", id: "save-between" }, "Download the picture as PNG");
    save.addEventListener("click", () => {
      const [a, b] = this.picked;
      view.save(`seed${a!.seed}-to-seed${b!.seed}-at-${this.#slider.value}.png`);
    });
    this.#follow(view.canvas);
    const position = labelled("Position between both", this.#slider);
    byId("between").append(
      element(
        "div",
        { class: "between" },
        element("div", { class: "picture" }, view.canvas, position),
        element("div", { class: "settings" }, ...ends.map(({ root }) => root), labelled("Path", this.#kind)),
      ),
      element("p", { class: "actions" }, save),
    );
    if (settings.labels === "classes") {
      byId("between").append(
        element("p", { class: "hint" }, "This generator has nothing between two classes: the class changes half-way."),
      );
    }
  }

  /** Both ends. */
  get picked(): readonly Picked[] {
    return this.#ends.map((end) => end.value);
  }

  /** Takes a sample as an end: the first, then the second, and so on in turn. */
  pick(picked: Picked): void {
    this.#ends[this.#next].value = picked;
    this.#next = this.#next === 0 ? 1 : 0;
    this.update();
  }

  /** Sets both ends. */
  begin(from: Picked, to: Picked): void {
    this.#ends[0].value = from;
    this.#ends[1].value = to;
    this.update();
  }

  /** Draws with another truncation, or other conditions. */
  choose(choice: Choice): void {
    this.#choice = choice;
    this.update();
  }

  /** Draws again, after a change of what the path is. */
  update(): void {
    this.#changed(this.picked);
    void this.#draw();
  }

  /** A pointer that is dragged across the picture moves the slider. */
  #follow(canvas: HTMLCanvasElement): void {
    const move = ({ clientX }: PointerEvent): void => {
      const { left, width } = canvas.getBoundingClientRect();
      this.#slider.value = String(Math.min(1, Math.max(0, (clientX - left) / width)));
      void this.#draw();
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      move(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) move(event);
    });
  }

  async #draw(): Promise<void> {
    // While one is drawn the slider moves on; only its newest place counts.
    this.#again = true;
    if (this.#drawing) return;
    this.#drawing = true;
    try {
      while (this.#again) {
        this.#again = false;
        const t = Number(this.#slider.value);
        this.#slider.setAttribute("aria-valuetext", `${Math.round(100 * t)} %`);
        const values = await this.#generator.draw(this.#view.positions(t).map((at) => this.#inputsAt(at)));
        this.#view.show(values, t);
      }
    } finally {
      this.#drawing = false;
    }
  }

  #inputsAt(t: number): Inputs {
    const { settings } = this.#generator;
    const [a, b] = this.picked.map(({ seed, classIndex }) => inputsOf(settings, this.#choice, seed, classIndex));
    const latent = mixed(a!.latent, b!.latent, weightsAt(a!.latent, b!.latent, t, this.#kind.value as "linear"));
    if (settings.labels === "classes") return { latent, label: (t < 0.5 ? a! : b!).label };
    if (settings.labels === "none") return { latent, label: 0 };
    return { latent, label: mixed(a!.label as Float32Array, b!.label as Float32Array, [1 - t, t]) };
  }
}

/** Seed and class of one end. */
class EndControl {
  readonly root: HTMLElement;
  readonly #seed = element("input", { type: "number", min: 0, max: Number.MAX_SAFE_INTEGER, step: 1, value: 0 });
  readonly #class: HTMLSelectElement | undefined;
  #valid = 0;

  constructor({ labels, classes }: PageSettings, title: string, place: number, changed: () => void) {
    const controls = [labelled(`${title}: seed`, this.#seed)];
    this.#seed.addEventListener("change", () => {
      if (this.#seed.checkValidity() && this.#seed.value !== "") this.#valid = Number(this.#seed.value);
      this.#seed.value = String(this.#valid);
      changed();
    });
    if (labels === "classes" || labels === "shares") {
      this.#class = element("select", {}, ...classes.map((name, i) => element("option", { value: i }, name)));
      this.#class.addEventListener("change", changed);
      controls.push(labelled(`${title}: class`, this.#class));
    }
    this.root = element("div", { class: "end", "data-end": "AB"[place] }, ...controls);
  }

  get value(): Picked {
    return { seed: this.#valid, classIndex: this.#class && Number(this.#class.value) };
  }

  set value({ seed, classIndex }: Picked) {
    this.#valid = seed;
    this.#seed.value = String(seed);
    if (this.#class !== undefined && classIndex !== undefined) this.#class.value = String(classIndex);
  }
}
