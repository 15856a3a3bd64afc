/** The controls of the samples: seed, truncation, class, conditions. */
import type { PageCondition, PageSettings } from "../settings.ts";
import { byId, element, labelled } from "./dom.ts";
import type { Choice } from "./inputs.ts";

/** The last seed that leaves room for the samples after it. */
const LAST_SEED = Number.MAX_SAFE_INTEGER - 1e6;

/** Truncation of normal latents goes up to 3 deviations, that of uniform ones up to 1, where nothing is beyond. */
const LARGEST = { normal: 3, uniform: 1 } as const;

/** Shows the controls. `changed` gets what is chosen, whenever that changes. Returns what is chosen at first. */
export function showControls(settings: PageSettings, changed: (choice: Choice) => void): Choice {
  const { labels, classes, conditions, latentDistribution } = settings;
  const seed = element("input", { type: "number", id: "seed", min: 0, max: LAST_SEED, step: 1, value: 0 });
  let valid = 0;
  const other = element("button", { type: "button", id: "other" }, "Other samples");

  // The last place of the slider is no truncation.
  const most = LARGEST[latentDistribution];
  const truncation = element("input", { type: "range", id: "truncation", min: 0.1, max: most + 0.1, step: 0.1 });
  truncation.value = String(most + 0.1);
  const threshold = element("output", { for: "truncation" });
  const truncated = (): number | undefined => {
    const value = Number(truncation.value);
    return value > most + 0.05 ? undefined : Math.round(10 * value) / 10;
  };
  const say = (): void => {
    threshold.textContent = truncated() === undefined ? "none" : String(truncated());
    truncation.setAttribute("aria-valuetext", threshold.textContent);
  };
  say();

  const chosen = element("select", { id: "class" }, element("option", { value: "" }, "all in turn"));
  chosen.append(...classes.map((name, i) => element("option", { value: i }, name)));
  const hasClasses = labels === "classes" || labels === "shares";

  const sliders = labels === "conditions" ? conditions.map(conditionControl) : [];

  const choice = (): Choice => ({
    seed: valid,
    truncation: truncated(),
    classIndex: hasClasses && chosen.value !== "" ? Number(chosen.value) : undefined,
    conditions: sliders.map(({ input }) => Number(input.value)),
  });
  const change = (): void => changed(choice());
  seed.addEventListener("change", () => {
    if (seed.checkValidity() && seed.value !== "") valid = Number(seed.value);
    // What is no seed is put back, so that the number is always that of the samples.
    seed.value = String(valid);
    change();
  });
  other.addEventListener("click", () => {
    valid = Math.floor(Math.random() * 1e6);
    seed.value = String(valid);
    change();
  });
  truncation.addEventListener("input", () => {
    say();
    change();
  });
  chosen.addEventListener("change", change);
  for (const { input } of sliders) input.addEventListener("input", change);

  const main = element(
    "div",
    { class: "controls" },
    labelled("Seed of the first", seed),
    element("div", { class: "control" }, other),
    labelled("Truncation, in deviations of z", truncation, threshold),
  );
  if (hasClasses) main.append(labelled("Class", chosen));
  byId("controls").append(main);
  if (sliders.length > 0) {
    const all = element("div", { class: "controls conditions" }, ...sliders.map(({ root }) => root));
    byId("controls").append(element("fieldset", {}, element("legend", {}, "Conditions"), all));
  }
  return choice();
}

/** A slider from the least to the most value of the data, at first at the mean. */
function conditionControl({ name, kind, mean, least, most }: PageCondition): {
  root: HTMLElement;
  input: HTMLInputElement;
} {
  const [low, high] = kind === "flag" ? [0, 1] : [least, most];
  const step = kind === "flag" ? 0.01 : "any";
  const input = element("input", { type: "range", min: low, max: high, step, value: mean });
  // A range without extent cannot be moved.
  input.disabled = low === high;
  const shown = element("output", {});
  const say = (): void => {
    shown.textContent = String(Number(Number(input.value).toPrecision(3)));
  };
  input.addEventListener("input", say);
  say();
  return { root: labelled(name, input, shown), input };
}
