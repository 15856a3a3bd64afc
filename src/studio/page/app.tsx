/** The frame of the page: its head, and the view that the address names. */
import { useEffect } from "preact/hooks";
import { useLive } from "./data/live.ts";
import { linkTo, useRoute } from "./data/route.ts";
import { Notice } from "./parts/notice.tsx";
import { applyTheme } from "./parts/theme.ts";
import { ThemeChoice } from "./parts/theme-choice.tsx";
import { CompareView } from "./views/compare/compare-view.tsx";
import { ComparedRating } from "./views/rating/compared-rating.tsx";
import { RunView } from "./views/run/run-view.tsx";
import { RunsView } from "./views/runs/runs-view.tsx";

applyTheme();

function View({ parts }: { readonly parts: readonly string[] }) {
  const [view, ...rest] = parts;
  if (view === "run" && rest[0] !== undefined) return <RunView key={rest[0]} id={rest[0]} part={rest[1]} />;
  if (view === "compare") return <CompareView ids={rest} />;
  if (view === "rating") return <ComparedRating ids={rest} />;
  return <RunsView />;
}

export function App() {
  const parts = useRoute();
  const { info, ready, connected, problem } = useLive();
  useEffect(() => {
    scrollTo(0, 0);
  }, [parts]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the content
      </button>
      <header class="head">
        <a class="brand" href={linkTo("runs")}>
          <img src="./icon.svg" alt="" width="26" height="26" />
          Gantry studio
        </a>
        <span class="folder" title={info?.folder}>
          {info?.folder}
        </span>
        <span class={`connection ${connected ? "on" : "off"}`} role="status">
          {connected ? "Live" : "Not connected"}
        </span>
        <ThemeChoice />
      </header>
      <main id="main" tabIndex={-1}>
        {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
        {info?.allowed === false && (
          <Notice>
            This address has no token, so you can look but not stop runs or draw samples. Open the address that the
            terminal printed.
          </Notice>
        )}
        {ready && <View parts={parts} />}
      </main>
    </>
  );
}
