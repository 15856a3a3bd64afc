/** `--workers`, a flag of every command that trains. */
export const workersFlag = {
  workers: {
    type: "string",
    valueHint: "N",
    description: "train with N processes on this machine; each computes one N-th of every batch; default: 1",
  },
} as const;
