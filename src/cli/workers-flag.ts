/** `--workers`, which the commands that train have in common. */
export const workersFlag = {
  workers: {
    type: "string",
    valueHint: "N",
    description: "share every step among N processes on this machine, each with an N-th of the batch; default: 1",
  },
} as const;
