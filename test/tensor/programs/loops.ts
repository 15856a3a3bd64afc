/** Prints the threads of the engine and those on which a parallel loop of the binding runs. */
import { configureEngine } from "../../../src/tensor/index.ts";
import { binding } from "../../../src/tensor/native.ts";

configureEngine({ threads: Number(process.argv[2]) });
console.log(JSON.stringify([binding().threads(), binding().loopThreads()]));
