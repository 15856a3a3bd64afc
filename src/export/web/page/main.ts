/** A page that runs a generator of Gantry: samples, and the path between two of them. */
import "./style.css";
import type { PageSettings } from "../settings.ts";
import { Between } from "./between.ts";
import { Cloud } from "./cloud.ts";
import { showControls } from "./controls.ts";
import { byId } from "./dom.ts";
import { PageGenerator } from "./generator.ts";
import type { Choice } from "./inputs.ts";
import { oneImage } from "./one-image.ts";
import type { ImageShape } from "./picture.ts";
import { type Picked, SampleGrid } from "./samples.ts";

const ENGINES = { webgpu: "on the GPU (WebGPU)", wasm: "on the CPU (WebAssembly)" } as const;

async function load(): Promise<PageSettings> {
  const response = await fetch(new URL("generator.json", document.baseURI));
  if (!response.ok) throw new Error(`generator.json could not be loaded: the server answered ${response.status}`);
  return (await response.json()) as PageSettings;
}

function describe({ name, data, architecture, step, parameters, sample, gantry }: PageSettings): void {
  document.title = name;
  byId("name").textContent = name;
  const of = sample.length === 1 ? `vectors of ${sample[0]} numbers` : `${sample[2]} x ${sample[1]} pixels`;
  const size = parameters === undefined ? "" : `, ${inWords(parameters)} parameters`;
  byId("facts").textContent =
    `${architecture}${size}, ${of}, trained on ${data} for ${step.toLocaleString("en")} steps.`;
  byId("footer").textContent = `Made by Gantry ${gantry}. The samples are drawn here, in your browser.`;
}

const inWords = (count: number): string =>
  count < 1e6 ? count.toLocaleString("en") : `${(count / 1e6).toFixed(1)} million`;

function fail(error: unknown): void {
  const state = byId("state");
  state.className = "problem";
  state.textContent = `The generator cannot be shown: ${error instanceof Error ? error.message : String(error)}.`;
}

async function main(): Promise<void> {
  const settings = await load();
  describe(settings);
  const generator = await PageGenerator.open(settings);
  const reason = generator.gpuFault === undefined ? "" : `; the GPU could not be used: ${generator.gpuFault}`;
  byId("state").textContent = `Computed ${ENGINES[generator.engine]}${reason}. It makes the sample that Gantry made.`;
  byId("content").hidden = false;

  const pick = (picked: Picked): void => between.pick(picked);
  const vectors = settings.sample.length === 1;
  const samples = vectors ? new Cloud(generator, pick) : new SampleGrid(generator, pick);
  const view = samples instanceof Cloud ? samples.pathView() : oneImage(settings.sample as ImageShape);
  const draw = async (choice: Choice): Promise<void> => {
    try {
      await samples.draw(choice);
      samples.mark(between.picked);
    } catch (error) {
      fail(error);
    }
  };
  const choice = showControls(settings, (changed) => {
    between.choose(changed);
    void draw(changed);
  });
  const between = new Between(generator, view, choice, (picked) => samples.mark(picked));
  await draw(choice);
  const classes = settings.labels === "classes" || settings.labels === "shares" ? settings.classes.length : 0;
  const classOf = (i: number): number | undefined => (classes > 0 ? i % classes : undefined);
  between.begin({ seed: 0, classIndex: classOf(0) }, { seed: 1, classIndex: classOf(1) });
}

main().catch(fail);
