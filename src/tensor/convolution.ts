/**
 * How convolutions are computed on the CPU. Several algorithms exist for each of the three computations of a convolution (forward, the
 * gradient of the images, the gradient of the weights): the engine's in either memory format, sub-pixel convolution, Winograd
 * (native/convolution). Which is the fastest depends on the sizes and on the processor, so it is measured.
 */
import { operator } from "./operator.ts";

const setMode = operator<undefined>("gantry::set_convolution_mode(mode)");
const setChoices = operator<undefined>("gantry::set_convolution_choices(lines)");
const choices = operator<string>("gantry::convolution_choices()");
const choiceCount = operator<number>("gantry::convolution_choice_count()");
const secondsMeasuring = operator<number>("gantry::convolution_seconds_measuring()");

/**
 * - "measure": the fastest algorithm, measured when a convolution is met for the first time, as cuDNN's benchmark mode does;
 * - "exact": the fastest of those that round as a sum of products does, without Winograd;
 * - "rules": nothing is measured: the engine's algorithm, but for cases where it was found to be slow.
 */
export type ConvolutionMode = "measure" | "exact" | "rules";

/** Algorithms by convolution, such as `"forward:64x64x16x16:128:4x4:s2x2:p1x1:last"`: `"phases-2x2"`. */
export type ConvolutionChoices = Readonly<Record<string, string>>;

/** Sets how the algorithms of this process are chosen; "rules" until it is called. */
export function setConvolutionMode(mode: ConvolutionMode): void {
  setMode(mode);
}

/** The algorithms that were chosen so far. */
export function convolutionChoices(): ConvolutionChoices {
  const lines = choices().split("\n").filter(Boolean);
  return Object.fromEntries(lines.map((line) => line.split(" ") as [string, string]));
}

/** How many convolutions an algorithm was chosen for so far: cheap enough to ask after every step. */
export function convolutionChoiceCount(): number {
  return choiceCount();
}

/** Replaces what was chosen so far. An algorithm that this version does not have is measured again. */
export function setConvolutionChoices(known: ConvolutionChoices): void {
  setChoices(
    Object.entries(known)
      .map((entry) => `${entry.join(" ")}\n`)
      .join(""),
  );
}

/** Seconds that measuring has taken in this process. */
export function convolutionSecondsMeasuring(): number {
  return secondsMeasuring();
}
