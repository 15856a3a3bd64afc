// Calls ensureBinding with the options in its argument and prints what came of it: the child process of setup's tests.
import { ensureBinding, SetupError } from "../../scripts/setup/index.js";

let result;
try {
  const { path, engine } = ensureBinding(JSON.parse(process.argv[2]));
  result = { path, source: engine.source };
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  result = { error: error.message };
}
process.stdout.write(JSON.stringify(result));
