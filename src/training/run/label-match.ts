/** Which classes or conditions of another run are those of this one: they are the same where their names are. */
import { visible } from "../../base/visible.ts";
import type { Condition } from "../../data/index.ts";
import { quoted } from "../../formats/index.ts";

/** What the samples of a run are told apart by. */
export interface Labels {
  readonly kind: "classes" | "conditions";
  readonly names: readonly string[];
  readonly conditions?: readonly Condition[] | undefined;
}

/** Where the labels of this run stand among those of another. */
export interface LabelMatch {
  readonly kind: Labels["kind"];
  /** The number in the other run of each class or condition; undefined of one that it has not. */
  readonly places: readonly (number | undefined)[];
  /** How many the other run has. */
  readonly given: number;
}

/** The classes or conditions of data; undefined where there are none. */
export function labelsOf(classes: readonly string[], conditions: readonly Condition[] | undefined): Labels | undefined {
  if (conditions !== undefined) return { kind: "conditions", names: conditions.map(({ name }) => name), conditions };
  return classes.length > 0 ? { kind: "classes", names: classes } : undefined;
}

/** Whether the names are the numbers from 0, which classes without names have. */
const areNumbers = ({ names }: Labels): boolean => names.every((name, i) => name === String(i));

/** How weights of classes or conditions are taken from another run. */
export interface LabelPlan {
  /** Absent where they are the same in the same order, or are taken by their numbers. */
  readonly match?: LabelMatch;
  /** What is to be said of it. */
  readonly notes: readonly string[];
}

/**
 * @param given - Labels of the other run; undefined where they are not known.
 * @param from - Where its weights are, for the notes.
 */
export function matchLabels(own: Labels, given: Labels | undefined, from: string): LabelPlan {
  const byNumber = (reason: string): LabelPlan => ({
    notes: [`${reason}, so weights of ${own.kind} are taken by their numbers`],
  });
  if (given === undefined) return byNumber(`the ${own.kind} of ${visible(from)} are not known`);
  const isSameKind = own.kind === given.kind;
  const places = own.names.map((name) => (isSameKind ? given.names.indexOf(name) : -1));
  const isNone = places.every((place) => place < 0);
  if (isSameKind && isNone && own.names.length === given.names.length && (areNumbers(own) || areNumbers(given))) {
    return byNumber(`the classes of ${areNumbers(own) ? "this run" : visible(from)} have no names`);
  }
  const notes = isSameKind ? scaleNotes(own, given) : [];
  const isSame = own.names.length === given.names.length && places.every((place, i) => place === i);
  if (isSame) return { notes };
  const match = {
    kind: own.kind,
    places: places.map((place) => (place < 0 ? undefined : place)),
    given: given.names.length,
  };
  return { match, notes };
}

/** Conditions of one name whose numbers mean something else to the networks. */
function scaleNotes(own: Labels, given: Labels): string[] {
  const scaleOf = ({ kind, mean, deviation }: Condition): string =>
    kind === "flag" ? "as a flag" : `by mean ${rounded(mean)} and deviation ${rounded(deviation)}`;
  return (own.conditions ?? []).flatMap((condition) => {
    const other = given.conditions?.find(({ name }) => name === condition.name);
    if (other === undefined || scaleOf(other) === scaleOf(condition)) return [];
    return [
      `the condition ${quoted(condition.name)} is scaled ${scaleOf(condition)}; the networks were trained with it scaled ${scaleOf(other)}`,
    ];
  });
}

const rounded = (value: number): number => Number(value.toPrecision(4));
