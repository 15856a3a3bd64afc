/** The report of `gantry doctor` as text. */
import { counted } from "../../base/counted.ts";
import { kindOfCpu } from "./cpu.ts";
import type { EngineReport, Report } from "./examine.ts";

const sources = {
  GANTRY_TORCH: "named by GANTRY_TORCH",
  python: "the python3 on PATH has it",
  system: "the system's",
  pip: "Gantry's own copy",
};

/**
 * The lines to show, without colours.
 *
 * @example
 * process.stdout.write(reportText(examine()));
 */
export function reportText(report: Report): string {
  const { engine, cpu } = report;
  const rows: [string, string][] = [
    ["Gantry", `${report.gantry}, Node ${report.node}, ${report.system}`],
    ["CPU", `${cpu.model}, ${counted(report.cores, "core")}${cpu.flags.length > 0 ? ` (${cpu.flags.join(" ")})` : ""}`],
    ["", kindOfCpu(cpu)],
    ...(engine ? engineRows(engine) : []),
    ...report.warnings.map((text): [string, string] => ["Warning", text]),
    ...report.problems.map((text): [string, string] => ["Problem", text]),
  ];
  return rows.map(([label, text]) => `${label.padEnd(9)} ${text}\n`).join("");
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

function engineRows(engine: EngineReport): [string, string][] {
  const { blas, convolutions, speed } = engine;
  const gflops = (value: number) => `${value.toPrecision(3)} GFLOP/s`;
  const usable = engine.devices.filter((device) => device.available).map((device) => device.name);
  const gpu = engine.accelerator ? ` (this build can use ${engine.accelerator})` : "";
  const blasName = blas.version ? `${blas.name} ${blas.version}` : blas.name;
  const blasDetails = [
    blasName,
    ...(blas.kernels ? [`${blas.kernels} kernels`] : []),
    ...(blas.threads === undefined ? [] : [counted(blas.threads, "thread")]),
  ];
  return [
    ["Engine", `libtorch ${engine.version}, ${sources[engine.source]}: ${engine.root}`],
    ["Binding", engine.binding],
    ["BLAS", `${blasDetails.join(", ")} (${blas.library ?? "inside libtorch"})`],
    ["Kernels", `${engine.cpuCapability}, ${counted(engine.threads, "thread")}`],
    ["Devices", `${usable.join(", ")}${gpu}`],
    ...(engine.memory === undefined
      ? []
      : [["Memory", `cuda: ${gib(engine.memory.free)} free of ${gib(engine.memory.total)}`] as [string, string]]),
    ["Speed", `matrix product of ${speed.matrixSize}: ${gflops(speed.matrixProduct)}`],
    ["", `convolution: forward ${gflops(speed.convolutionForward)}, backward ${gflops(speed.convolutionBackward)}`],
    [
      "",
      `algorithms of convolutions: ${convolutions.count === 0 ? "none measured yet" : `${convolutions.count} measured, ${convolutions.file}`}`,
    ],
  ];
}
