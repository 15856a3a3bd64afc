/** What people said in blind tests of this run. */
import type { RatedTest, Share } from "../../../api.ts";
import { countText, timeText } from "../../data/text.ts";

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const shareText = (share: Share | undefined): string =>
  share === undefined
    ? "–"
    : `${percent(share.share)} (${percent(share.low)} to ${percent(share.high)}; ${share.yes} of ${share.answers})`;

export function Results({ tests }: { readonly tests: readonly RatedTest[] }) {
  if (tests.length === 0) return null;
  return (
    <section class="card">
      <h2>Answers so far</h2>
      <p class="note">
        Shares with their 95 % intervals (Wilson), and how many answers they rest on. Nobody can tell the images apart
        where generated ones are called real as often as real ones are, or in half of the pairs. Rows compare where
        kind, size, time and number are equal.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keyboard */}
      <section class="wide" aria-label="Answers so far" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Step</th>
              <th scope="col">Kind</th>
              <th scope="col">Generated, called real</th>
              <th scope="col">Real, called real</th>
              <th scope="col">Shown</th>
              <th scope="col">Seed</th>
            </tr>
          </thead>
          <tbody>
            {tests.toReversed().map((test) => (
              <tr key={test.time}>
                <td>{timeText(test.time)}</td>
                <td>{countText(test.step)}</td>
                <td>{test.mode === "pairs" ? "pairs" : "one image"}</td>
                <td>{shareText(test.fooled)}</td>
                <td>{test.mode === "pairs" ? "" : shareText(test.realCalledReal)}</td>
                <td>
                  {test.shown} px, {test.seconds === null ? "no limit" : `${test.seconds} s`}
                  {test.unanswered > 0 && `, ${test.unanswered} unanswered`}
                </td>
                <td>{test.seed}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
