/**
 * The page that asks the questions of a set: one HTML file next to its images, which works without a server and without
 * Gantry. It gives the answers as a file. It does not know which images are real.
 */
import { escapeXml } from "../../figures/index.ts";

/** What the page is made of. */
export interface QuestionPage {
  readonly title: string;
  /** Identifies the set in the file of answers. */
  readonly set: string;
  /** For each question its image, or the left and the right one. */
  readonly questions: readonly (readonly string[])[];
  /** Side of an image on the screen, in CSS pixels. */
  readonly shown: number;
}

/** JSON that can stand in a script element. */
const embedded = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

/** The HTML text. */
export function questionPage({ title, set, questions, shown }: QuestionPage): string {
  const pairs = questions[0]?.length === 2;
  const asked = pairs
    ? "One of the two images is a real one. Which? Click on it, or press the left or the right arrow key."
    : "Is this image real, or was it generated? Press the left arrow key for real, the right one for generated.";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeXml(title)}</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44em; margin: 2em auto; padding: 0 1em; text-align: center; }
  img { width: ${shown}px; height: auto; image-rendering: pixelated; margin: 0.5em; }
  button { font: inherit; padding: 0.5em 1.5em; margin: 0.5em; }
</style>
<h1>${escapeXml(title)}</h1>
<p>${asked} There is no time limit. Answers cannot be changed.</p>
<p><label>Your name, or any word that tells your answers from others': <input id="name" maxlength="40"></label></p>
<p id="count" role="status"></p>
<div id="images"></div>
<p id="buttons">${pairs ? "" : '<button id="real">Real</button><button id="generated">Generated</button>'}</p>
<script>
  const set = ${embedded(set)};
  const questions = ${embedded(questions)};
  const answers = [];
  const at = (id) => document.getElementById(id);
  const show = () => {
    const question = questions[answers.length];
    at("count").textContent = question ? answers.length + 1 + " of " + questions.length : "Done. Thank you.";
    at("images").replaceChildren(...(question ?? []).map((file, i) => {
      const image = document.createElement("img");
      image.src = file;
      image.alt = question.length === 2 ? ["left image", "right image"][i] : "the image";
      if (question.length === 2) image.addEventListener("click", () => answer(i === 0));
      return image;
    }));
    if (question) return;
    at("buttons").replaceChildren();
    const name = at("name").value.trim() || "someone";
    const text = JSON.stringify({ format: 1, set, person: name, time: new Date().toISOString(), answers });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text + "\\n"], { type: "application/json" }));
    link.download = "answers-" + name.replace(/[^A-Za-z0-9_-]+/g, "-") + ".json";
    link.textContent = "Save your answers";
    at("buttons").append(link);
  };
  const answer = (yes) => {
    if (answers.length === questions.length) return;
    answers.push(yes);
    show();
  };
  if (at("real")) {
    at("real").addEventListener("click", () => answer(true));
    at("generated").addEventListener("click", () => answer(false));
  }
  document.addEventListener("keydown", (event) => {
    if (event.target === at("name")) return;
    if (event.key === "ArrowLeft") answer(true);
    if (event.key === "ArrowRight") answer(false);
  });
  show();
</script>
</html>
`;
}
