/**
 * The token of the studio's address. It stands behind the `#`, which browsers send to nobody. The page keeps it for its
 * other tabs and takes it out of the address.
 */
const KEY = "gantry-token";

/** Keeps the token of the address, and goes on to the run that the address names. */
export function takeToken(): void {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get("token");
  if (token === null) return;
  localStorage.setItem(KEY, token);
  const run = given.get("run");
  history.replaceState(null, "", run === null ? "#/runs" : `#/run/${encodeURIComponent(run)}`);
}

/** The token; empty where the page was opened without one. */
export const token = (): string => localStorage.getItem(KEY) ?? "";
