/** The numbers of a run that follow a schedule, as the report shows them. */
import { isCurve, valueAt } from "../../optim/index.ts";
import type { PlainRecipe } from "../../recipe/index.ts";

/** A number with its schedule. */
export interface ScheduledNumber {
  /** Its dotted path, as `--set` takes it. */
  readonly path: string;
  /** In words, such as "cosine, 0.0002 to 5e-05 in 20000000 images". */
  readonly schedule: string;
  /** Its value in the step that begins when `step` steps are done. */
  readonly value: number;
}

/** All of a stored recipe, or of a trainer's settings, in their order. */
export function scheduledNumbers(recipe: PlainRecipe, step: number): ScheduledNumber[] {
  const { batchSize = 1, discriminatorSteps = 1 } = recipe as { batchSize?: number; discriminatorSteps?: number };
  const moment = { step, images: step * batchSize * discriminatorSteps };
  const found: ScheduledNumber[] = [];
  const visit = (value: unknown, path: readonly string[]): void => {
    if (typeof value !== "object" || value === null) return;
    if (isCurve(value)) {
      const { schedule, from, to, until, in: unit = "steps" } = value;
      const words = `${schedule}, ${from} to ${to} in ${until} ${unit}`;
      found.push({ path: path.join("."), schedule: words, value: valueAt(value, moment) });
      return;
    }
    const part = value as { role?: unknown; kind?: unknown; options?: unknown };
    // A part's options are set under its place; one of a list under its kind.
    if (part.role !== undefined && part.kind !== undefined) {
      visit(part.options, path);
      return;
    }
    for (const [key, inner] of Object.entries(value)) {
      const kind = Array.isArray(value) ? (inner as { kind?: string } | null)?.kind : undefined;
      visit(inner, [...path, kind ?? key]);
    }
  };
  visit(recipe, []);
  return found;
}
