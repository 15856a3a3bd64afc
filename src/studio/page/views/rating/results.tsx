/** What people said in blind tests: a table for each way in which tests were made, so that its rows compare. */
import type { RatedTest, Share } from "../../../api.ts";
import { countText, timeText } from "../../data/text.ts";

/** A test with the name of its run; an empty one where there is only one run. */
export interface NamedTest {
  readonly run: string;
  readonly test: RatedTest;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const shareText = (share: Share | undefined): string =>
  share === undefined
    ? "–"
    : `${percent(share.share)} (${percent(share.low)} to ${percent(share.high)}; ${share.yes} of ${share.answers})`;

/** What a share depends on, besides the run, the checkpoint and the seed. */
function protocolOf({ mode, count, shown, seconds, averaged, truncation, runs }: RatedTest): string {
  return [
    mode === "pairs" ? `${count} pairs` : `one image at a time, ${count} of each kind`,
    `${shown} px`,
    seconds === null ? "no time limit" : `${seconds} s for each`,
    ...(averaged ? [] : ["weights of the step"]),
    ...(truncation === null ? [] : [`truncation ${truncation}`]),
    ...(runs === 1 ? [] : [`${runs} runs mixed`]),
  ].join(", ");
}

/** Tests by their protocol, the one of the newest test first. */
function groupsOf(tests: readonly NamedTest[]): [protocol: string, tests: NamedTest[]][] {
  const groups = new Map<string, NamedTest[]>();
  for (const one of tests.toSorted((a, b) => b.test.time.localeCompare(a.test.time))) {
    const protocol = protocolOf(one.test);
    groups.set(protocol, [...(groups.get(protocol) ?? []), one]);
  }
  return [...groups];
}

export function Results({ tests }: { readonly tests: readonly NamedTest[] }) {
  if (tests.length === 0) return null;
  return (
    <section class="card">
      <h2>Answers so far</h2>
      <p class="note">
        Shares with their 95 % intervals (Wilson), and how many answers they rest on. Nobody can tell the images apart
        where generated ones are called real as often as real ones are, or in half of the pairs. Only the rows of one
        table compare.
      </p>
      {groupsOf(tests).map(([protocol, group]) => (
        <Group key={protocol} protocol={protocol} tests={group} />
      ))}
    </section>
  );
}

function Group({ protocol, tests }: { readonly protocol: string; readonly tests: readonly NamedTest[] }) {
  const isPairs = tests[0]!.test.mode === "pairs";
  const hasRuns = tests.some(({ run }) => run !== "");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keyboard
    <section class="wide" aria-label={`Answers: ${protocol}`} tabIndex={0}>
      <table>
        <caption>{protocol}</caption>
        <thead>
          <tr>
            {hasRuns && <th scope="col">Run</th>}
            <th scope="col">Step</th>
            <th scope="col">Generated, called real</th>
            {!isPairs && <th scope="col">Real, called real</th>}
            <th scope="col">Unanswered</th>
            <th scope="col">Seed</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {tests.map(({ run, test }) => (
            <tr key={`${run} ${test.time}`}>
              {hasRuns && <td>{run}</td>}
              <td>{countText(test.step)}</td>
              <td>{shareText(test.fooled)}</td>
              {!isPairs && <td>{shareText(test.realCalledReal)}</td>}
              <td>{test.unanswered}</td>
              <td>{test.seed}</td>
              <td>{timeText(test.time)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
