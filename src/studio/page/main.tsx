/** The page of the studio. */
import { render } from "preact";
import { App } from "./app.tsx";
import { takeToken } from "./data/token.ts";
import "./style/tokens.css";
import "./style/base.css";
import "./style/controls.css";
import "./style/frame.css";
import "./style/runs.css";
import "./style/run.css";
import "./style/charts.css";
import "./style/samples.css";
import "./style/selection.css";
import "./style/rating.css";
import "./style/diagnosis.css";

takeToken();
render(<App />, document.getElementById("app")!);
