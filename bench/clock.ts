/** The clocks of the benchmarks. */

/** "wall": the time that passes; "cpu": the time that the process computes, for a busy machine. */
export type Clock = "wall" | "cpu";

/** Milliseconds by each clock. */
export const CLOCKS: Readonly<Record<Clock, () => number>> = {
  wall: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};
