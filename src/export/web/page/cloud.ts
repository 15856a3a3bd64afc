/** The samples of a generator of vectors: a cloud of points, of which a click picks the nearest. */
import type { PathView } from "./between.ts";
import { byId, element } from "./dom.ts";
import type { PageGenerator } from "./generator.ts";
import { type Choice, classOf, commandOf, inputsOf } from "./inputs.ts";
import { download } from "./picture.ts";
import { PointPlot, pointsOf } from "./point-plot.ts";
import type { Picked } from "./samples.ts";

const COUNT = 2000;
/** Positions that make the line of a path. */
const STEPS = 60;

/** The first half of a page of vectors. */
export class Cloud {
  readonly #generator: PageGenerator;
  readonly #plot: PointPlot;
  readonly #command = element("code");
  #choice: Choice | undefined;

  constructor(generator: PageGenerator, pick: (picked: Picked) => void) {
    this.#generator = generator;
    const { settings } = generator;
    this.#plot = new PointPlot(settings, `${COUNT} samples as points of the plane`);
    this.#plot.canvas.addEventListener("click", ({ clientX, clientY }) => {
      const choice = this.#choice;
      const i = this.#plot.nearest(clientX, clientY);
      if (i === undefined || choice === undefined) return;
      pick({ seed: choice.seed + i, classIndex: classOf(settings, choice, i) });
    });
    const save = element("button", { type: "button", id: "save-grid" }, "Download the plot as PNG");
    save.addEventListener("click", () => download(this.#plot.canvas, `seed${this.#choice?.seed ?? 0}-plot.png`));
    const features = settings.sample[0]!;
    const axes = features > 2 ? ` Of ${features} numbers the plot shows the first two.` : "";
    const rings = settings.mixture === undefined ? "" : " Circles: 4 deviations around the centres of the data.";
    byId("samples").append(
      element("p", { class: "hint" }, `Click two points to go from one to the other.${rings}${axes}`),
      element("div", { class: "picture" }, this.#plot.canvas),
      element("p", { class: "actions" }, save),
      element("p", { class: "hint" }, "The same numbers: ", this.#command),
    );
  }

  /** Draws the samples of a choice. */
  async draw(choice: Choice): Promise<void> {
    const { settings } = this.#generator;
    this.#choice = choice;
    this.#command.textContent = commandOf(settings, choice, COUNT);
    byId("samples").setAttribute("aria-busy", "true");
    const inputs = Array.from({ length: COUNT }, (_, i) =>
      inputsOf(settings, choice, choice.seed + i, classOf(settings, choice, i)),
    );
    const values = await this.#generator.draw(inputs);
    if (this.#choice !== choice) return;
    this.#plot.show({ samples: pointsOf(values, settings.sample[0]!) });
    byId("samples").setAttribute("aria-busy", "false");
  }

  /** A view of a path that shows these samples below it. */
  pathView(): PathView {
    const { settings } = this.#generator;
    const plot = new PointPlot(settings, "The path between both samples, and the sample at this position");
    const line = Array.from({ length: STEPS + 1 }, (_, i) => i / STEPS);
    return {
      canvas: plot.canvas,
      positions: (t) => [t, ...line],
      show: (values) => {
        const [place, ...path] = pointsOf(values, settings.sample[0]!);
        plot.show({ samples: this.#plot.samples, path, place: place! });
      },
      save: (name) => download(plot.canvas, name),
    };
  }

  /** Points have no marks; the path shows what is picked. */
  mark(): void {}
}
