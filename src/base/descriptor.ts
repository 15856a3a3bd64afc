/**
 * Descriptors: the frozen values that a recipe is written in.
 *
 * `hinge()`, `topK({ gamma: 0.99 })` and `dcgan.generator({ width: 64 })` each return `{ role, kind, options }` with a
 * `build(context)`. Nothing is allocated until a run starts, so a recipe can be printed, hashed, stored, overridden and
 * swept. Every factory registers itself under its role and kind, which is how a stored run is rebuilt.
 */
import type { z } from "zod";
import { suggestion, UserError } from "./errors.ts";
import { validationMessage } from "./validation-message.ts";

/** The roles that a part of a recipe can have. */
export type Role = "data" | "generator" | "discriminator" | "loss" | "technique" | "optimizer" | "schedule" | "metric";

/** A part of a recipe: its kind, its options, and how it is built when a run starts. */
export interface Descriptor<R extends Role = Role, Context = never, Part = unknown> {
  readonly role: R;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Makes the part. A context that may be undefined can be left out. */
  build(...context: undefined extends Context ? [context?: Context] : [context: Context]): Part;
}

/** The part of a descriptor that can be written to a file. */
export interface PlainDescriptor {
  readonly role: Role;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

interface Registration {
  readonly schema: z.ZodType;
  readonly create: (options: unknown) => Descriptor;
}

const registry = new Map<string, Registration>();
/** The parts that ship with Gantry. No other part may replace them. */
const shipped = new Set<Registration>();

/** Freezes a value and everything inside it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/**
 * Checks `options` and fills in the defaults of their schema.
 *
 * @throws UserError, in the name of `subject`, when an option is unknown or out of range.
 */
export function withDefaults<S extends z.ZodObject>(subject: string, schema: S, options: unknown): z.output<S> {
  const parsed = schema.safeParse(options);
  if (!parsed.success) throw new UserError(validationMessage(parsed.error, schema, options, subject));
  return parsed.data;
}

/**
 * Makes the function that defines parts of one role: `defineLoss`, `defineTechnique` and the like.
 *
 * That function takes the part's kind (its name in files and overrides), the zod schema of its options (use
 * `z.strictObject`, so that misspelt options are caught), and how the part is built. It returns the factory that recipes
 * call. The factory throws UserError when an option is unknown or out of range.
 *
 * @throws UserError when a part that ships with Gantry has the same role and kind.
 *
 * @example
 * const defineLoss = definer<"loss", undefined, Loss>("loss");
 * const hinge = defineLoss("hinge", z.strictObject({}), () => new HingeLoss());
 */
export function definer<R extends Role, Context, Part>(role: R) {
  return <S extends z.ZodObject, P extends Part>(
    kind: string,
    schema: S,
    build: (options: z.output<S>, context: Context) => P,
  ): ((options?: z.input<S>) => Descriptor<R, Context, P>) => {
    const create = (input: unknown = {}): Descriptor<R, Context, P> => {
      const options = deepFreeze(withDefaults(kind, schema, input));
      return Object.freeze({
        role,
        kind,
        options: options as Readonly<Record<string, unknown>>,
        build: (context?: Context) => build(options, context as Context),
      });
    };
    const before = registry.get(`${role}/${kind}`);
    if (before !== undefined && shipped.has(before)) {
      throw new UserError(
        `there is a ${role} \`${kind}\` already, which ships with Gantry; define yours under another kind`,
      );
    }
    registry.set(`${role}/${kind}`, { schema, create: create as (options: unknown) => Descriptor });
    return create;
  };
}

/** Marks everything that is registered so far as shipped with Gantry. Called once, before any file of a user is loaded. */
export function sealShipped(): void {
  for (const registration of registry.values()) shipped.add(registration);
}

/**
 * Whether a registered part ships with Gantry.
 * @throws UserError when the kind is unknown.
 */
export function isShipped(role: Role, kind: string): boolean {
  return shipped.has(find(role, kind));
}

/** The kinds registered for a role, in the order of their definition. */
export function kindsOf(role: Role): string[] {
  return [...registry.keys()].filter((key) => key.startsWith(`${role}/`)).map((key) => key.slice(role.length + 1));
}

/**
 * The option schema of a registered kind.
 * @throws UserError when the kind is unknown.
 */
export function schemaOf(role: Role, kind: string): z.ZodType {
  return find(role, kind).schema;
}

/**
 * Rebuilds a descriptor from what {@link toPlain} wrote.
 * @throws UserError when its kind is unknown or its options do not fit.
 */
export function fromPlain(plain: PlainDescriptor): Descriptor {
  return find(plain.role, plain.kind).create(plain.options);
}

/** The part of a descriptor that a file keeps. */
export function toPlain(descriptor: Descriptor<Role, never>): PlainDescriptor {
  return { role: descriptor.role, kind: descriptor.kind, options: descriptor.options };
}

/** Whether a value is a descriptor of the given role (or of any). */
export function isDescriptor(value: unknown, role?: Role): value is Descriptor {
  if (typeof value !== "object" || value === null || !("build" in value) || !("role" in value)) return false;
  return role === undefined || value.role === role;
}

function find(role: Role, kind: string): Registration {
  const registration = registry.get(`${role}/${kind}`);
  if (registration) return registration;
  throw new UserError(`unknown ${role} \`${kind}\`${suggestion(kind, kindsOf(role))}`);
}
