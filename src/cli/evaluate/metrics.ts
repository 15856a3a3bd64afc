/** The metrics that the command line names, with their options. */
import { fromPlain, kindsOf } from "../../base/descriptor.ts";
import { suggestion } from "../../base/errors.ts";
import type { MetricDescriptor } from "../../metrics/index.ts";
import { parseSetting, parseValue } from "../../recipe/index.ts";
import { UsageError } from "../errors.ts";

/**
 * The metrics of `--metrics` with the options of `--set`, or those of the protocol. Metrics of a user's own are known once
 * their module was imported.
 *
 * @throws UsageError when there is no such metric or option.
 */
export function metricsOf(
  names: string | undefined,
  settings: readonly string[],
  defaults: readonly MetricDescriptor[],
): MetricDescriptor[] {
  const known = kindsOf("metric");
  const wanted = names?.split(",").map((name) => name.trim()) ?? defaults.map(({ kind }) => kind);
  for (const name of wanted) {
    if (!known.includes(name))
      throw new UsageError(`--metrics: there is no metric \`${name}\`${suggestion(name, known)}`);
  }
  const options = new Map(
    [...new Set(wanted)].map((kind) => [kind, { ...defaults.find((metric) => metric.kind === kind)?.options }]),
  );
  for (const text of settings) {
    const { path, raw, operator } = parseSetting(text);
    const [kind, option] = path;
    const target = kind === undefined ? undefined : options.get(kind);
    if (path.length !== 2 || operator !== "=" || option === undefined) {
      throw new UsageError(`--set ${text} must be written <metric>.<option>=<value>, such as kid.subsets=50`);
    }
    if (target === undefined) {
      throw new UsageError(`--set ${text}: \`${kind}\` is not among the metrics: ${[...options.keys()].join(", ")}`);
    }
    target[option] = parseValue(raw);
  }
  return [...options].map(([kind, given]) => fromPlain({ role: "metric", kind, options: given }) as MetricDescriptor);
}
