/** What to type next, ready to copy. */
import type { RunDetails } from "../../../api.ts";
import { useLive } from "../../data/live.ts";
import { shellText } from "../../data/text.ts";
import { CopyLine } from "../../parts/copy-line.tsx";

export function Commands({ run: { path, summary } }: { readonly run: RunDetails }) {
  const { info } = useLive();
  const line = (command: string, rest = ""): string =>
    `${info?.program ?? "gantry"} ${command} ${shellText(path)}${rest}`;
  const { total, state } = summary;
  const resume = state === "finished" && total !== undefined ? ` --set steps=${2 * total}` : "";
  return (
    <section class="card commands">
      <h2>Commands</h2>
      <ul>
        <CopyLine line={line("resume", resume)} does={resume === "" ? "continue the run" : "train for as long again"} />
        <CopyLine line={line("sample")} does="draw 64 samples into a file" />
        <CopyLine line={line("evaluate")} does="score the newest checkpoint" />
        <CopyLine line={line("diagnose")} does="look for the usual faults of GANs" />
        <CopyLine line={line("export", " --to tensorboard")} does="write the run for TensorBoard" />
      </ul>
    </section>
  );
}
