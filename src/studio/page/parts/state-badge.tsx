/** The state of a run, in words and with a dot. */
import type { RunState } from "../../api.ts";
import { STATES } from "../data/text.ts";

export function StateBadge({ state }: { readonly state: RunState }) {
  return <span class={`state state-${state}`}>{STATES[state]}</span>;
}
