/** Options that many techniques have. */
import { z } from "zod";
import { PLAYERS, type Player } from "./technique.ts";

export const positive = z.number().positive("must be above 0");
export const notNegative = z.number().min(0, "must be at least 0");
/** The decay of a moving average. */
export const decay = notNegative.lt(1, "must be below 1");

/** A whole number, for example of "steps". */
export const whole = (least: number, of?: string) =>
  z.int(`must be a whole number${of === undefined ? "" : ` of ${of}`}`).min(least, `must be at least ${least}`);

/** Whose cost, weights or layers a technique is about. */
export const players = z.enum(["generator", "discriminator", "both"]);

/** The players that {@link players} names. */
export const playersOf = (option: z.output<typeof players>): readonly Player[] =>
  PLAYERS.filter((player) => option === "both" || option === player);

/** A player's letter in names of the log. */
export const letterOf = (player: Player): "G" | "D" => (player === "generator" ? "G" : "D");
