/** The usual faults of GANs in a run: what was found with its evidence, and what was looked for. */
import { useEffect, useState } from "preact/hooks";
import type { RunDetails, RunDiagnosis } from "../../../api.ts";
import { useLive } from "../../data/live.ts";
import { ask } from "../../data/request.ts";
import { countText } from "../../data/text.ts";
import { Notice } from "../../parts/notice.tsx";
import { Fault } from "./fault.tsx";

export function DiagnosisView({ run }: { readonly run: RunDetails }) {
  const { info } = useLive();
  const { id } = run.summary;
  const allowed = info?.allowed === true;
  const [looks, setLooks] = useState(0);
  const [found, setFound] = useState<RunDiagnosis>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    if (!allowed) return;
    const gone = new AbortController();
    setBusy(true);
    ask<RunDiagnosis>("diagnosis", { run: id }, gone.signal).then(
      (value) => {
        if (gone.signal.aborted) return;
        setFound(value);
        setProblem(undefined);
        setBusy(false);
      },
      (error: Error) => {
        if (gone.signal.aborted) return;
        setProblem(error.message);
        setBusy(false);
      },
    );
    return () => gone.abort();
  }, [id, allowed, looks]);

  if (!allowed) return <Notice>A diagnosis needs the address with the token, which the terminal printed.</Notice>;
  return (
    <div class="diagnosis">
      {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
      <section class="card">
        <h2>{busy || found === undefined ? "Diagnosis" : headOf(found)}</h2>
        <p role="status">
          {busy && "The log, the samples, the data and the checkpoints are read …"}
          {!busy && found !== undefined && `${checkedText(found)} The log is read up to step ${countText(found.step)}.`}
        </p>
        <button type="button" disabled={busy} onClick={() => setLooks(looks + 1)}>
          Look again
        </button>
      </section>
      {found?.findings.map((fault) => (
        <Fault key={fault.name} fault={fault} />
      ))}
      {found !== undefined && found.unknown.length > 0 && (
        <section class="card">
          <h2>Not checked</h2>
          <dl>
            {found.unknown.map(({ name, title, reason }) => (
              <div key={name}>
                <dt>{title}</dt>
                <dd>{reason}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </div>
  );
}

function headOf({ findings, clear }: RunDiagnosis): string {
  if (findings.length > 0) return `${findings.length} ${findings.length === 1 ? "fault" : "faults"} found`;
  return clear.length === 0 ? "Nothing could be checked" : "Nothing found";
}

function checkedText({ clear }: RunDiagnosis): string {
  if (clear.length === 0) return "";
  return `Checked without a finding: ${clear.map((name) => name.replaceAll("-", " ")).join(", ")}.`;
}
