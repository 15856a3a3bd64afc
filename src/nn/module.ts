/**
 * Module: a tree of named parameters, buffers and child modules, with PyTorch's names in its state dict.
 *
 * Layers look their tensors up by name at every use and do not hold them in fields, because `to` and `substitute`
 * exchange them.
 */
import { nearest, UserError } from "../base/errors.ts";
import { type Device, type DType, keep, type MemoryFormat, noGrad, type Tensor } from "../tensor/index.ts";

/** Where and how {@link Module.to} places tensors. What is absent stays as it is. */
export interface Placement {
  device?: Device;
  /** Applied to floating-point tensors only: counters stay integers. */
  dtype?: DType;
  /** Applied to tensors of four dimensions only. */
  memoryFormat?: MemoryFormat;
}

const FLOATING: readonly DType[] = ["float64", "float32", "float16", "bfloat16"];

/**
 * Base class of layers and networks.
 *
 * A subclass registers its tensors and children in its constructor and reads tensors through `parameter(name)` and
 * `buffer(name)`. Registered tensors outlive every scope until `dispose()`.
 *
 * @example
 * class Scale extends UnaryModule {
 *   constructor(context: BuildContext) {
 *     super();
 *     this.registerParameter("factor", createTensor(context, [1], ones));
 *   }
 *   override forward(x: Tensor): Tensor {
 *     return x.mul(this.parameter("factor"));
 *   }
 * }
 */
export abstract class Module {
  readonly #parameters = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Tensor>();
  readonly #children = new Map<string, Module>();
  #training = true;

  /** Whether the module is in train mode: batch statistics, dropout and power iterations are on. True at first. */
  get training(): boolean {
    return this.#training;
  }

  /**
   * Whether in train mode the result for one sample depends on the others of its batch, as with batch statistics. A
   * layer that does so sets it. Batches are joined into one pass only when no module of the network does.
   */
  get couplesSamples(): boolean {
    return false;
  }

  /** Makes `tensor` a trained tensor of this module: it records gradients and outlives scopes. Returns it. */
  protected registerParameter(name: string, tensor: Tensor): Tensor {
    this.#claim(name);
    tensor.requiresGrad_(true);
    keep(tensor);
    this.#parameters.set(name, tensor);
    return tensor;
  }

  /** Makes `tensor` a part of the state that is not trained (running statistics and the like). Returns it. */
  protected registerBuffer(name: string, tensor: Tensor): Tensor {
    this.#claim(name);
    keep(tensor);
    this.#buffers.set(name, tensor);
    return tensor;
  }

  /** Adds a child under `name`, the first part of the names of its tensors. Returns it. */
  protected registerModule<M extends Module>(name: string, module: M): M {
    this.#claim(name);
    this.#children.set(name, module);
    return module;
  }

  /** Removes a parameter from the module and returns it. It stays kept. */
  protected removeParameter(name: string): Tensor {
    const tensor = this.parameter(name);
    this.#parameters.delete(name);
    return tensor;
  }

  /** The parameter `name` of this module, as it is now. */
  protected parameter(name: string): Tensor {
    const tensor = this.#parameters.get(name);
    if (tensor === undefined) throw this.#absent("parameter", name, this.#parameters.keys());
    return tensor;
  }

  /** The buffer `name` of this module, as it is now. */
  protected buffer(name: string): Tensor {
    const tensor = this.#buffers.get(name);
    if (tensor === undefined) throw this.#absent("buffer", name, this.#buffers.keys());
    return tensor;
  }

  /** This module and all below it with their dotted paths ("" for this one), parents first; a shared one comes once. */
  namedModules(): Map<string, Module> {
    const seen = new Set<Module>();
    const found = new Map<string, Module>();
    const visit = (module: Module, path: string): void => {
      if (seen.has(module)) return;
      seen.add(module);
      found.set(path, module);
      for (const [name, child] of module.#children) visit(child, path === "" ? name : `${path}.${name}`);
    };
    visit(this, "");
    return found;
  }

  /** This module and all below it, parents first; a shared one comes once. */
  modules(): Module[] {
    return [...this.namedModules().values()];
  }

  /** All parameters below this module by dotted name, in the order of registration; a shared one comes once. */
  namedParameters(): Map<string, Tensor> {
    return this.#collect((module) => module.#parameters);
  }

  /** All parameters below this module: what an optimizer trains. */
  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }

  /** All buffers below this module by dotted name. */
  namedBuffers(): Map<string, Tensor> {
    return this.#collect((module) => module.#buffers);
  }

  /**
   * Every parameter and buffer by PyTorch's name, in PyTorch's order. The tensors are the live ones, not copies: clone
   * what should not follow the training.
   */
  stateDict(): Map<string, Tensor> {
    return this.#collect((module) => [...module.#parameters, ...module.#buffers]);
  }

  /**
   * Copies values into the parameters and buffers of the same names, converting type and device where they differ.
   * Nothing is copied unless everything fits.
   *
   * @param state - Tensors by name, as {@link stateDict} gives them.
   * @param options - `strict`: refuse missing and superfluous names; default true.
   * @throws UserError when a shape differs, or under `strict` when the names do.
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>, { strict = true }: { strict?: boolean } = {}): void {
    const own = this.stateDict();
    if (strict) refuseOtherNames(own, state);
    const pairs: [Tensor, Tensor][] = [];
    for (const [name, target] of own) {
      const source = state.get(name);
      if (source === undefined) continue;
      if (source.shape.length !== target.shape.length || source.shape.some((size, i) => size !== target.shape[i])) {
        throw new UserError(
          `state dict: \`${name}\` has shape [${source.shape.join(", ")}], this network needs [${target.shape.join(", ")}]`,
        );
      }
      pairs.push([target, source]);
    }
    noGrad(() => {
      for (const [target, source] of pairs) target.copy_(source);
    });
  }

  /** Switches this module and all below it to train mode, or with `false` to evaluation mode. */
  train(mode = true): this {
    for (const module of this.modules()) module.#training = mode;
    return this;
  }

  /** Switches this module and all below it to evaluation mode. */
  eval(): this {
    return this.train(false);
  }

  /** Turns gradient recording of all parameters on or off: off saves the weight gradients of a pass that needs none. */
  requiresGrad_(flag: boolean): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(flag);
    return this;
  }

  /**
   * Moves or converts all parameters and buffers. The tensors are new, the old ones are freed: build optimizers and
   * averages afterwards.
   *
   * @example
   * network.to({ device: "cuda" });
   */
  to(placement: Placement): this {
    for (const module of this.modules()) {
      for (const tensors of [module.#parameters, module.#buffers]) {
        for (const [name, tensor] of tensors) tensors.set(name, place(tensor, placement));
      }
    }
    return this;
  }

  /**
   * Runs `body` with other tensors in place of the parameters and buffers of the given names, without copying: for
   * sampling with averaged weights, for example. The module's own tensors are back afterwards, also after an error.
   *
   * @throws UserError when a name does not exist here.
   *
   * @example
   * const images = generator.substitute(averages, () => generator.forward(z));
   */
  substitute<T>(tensors: ReadonlyMap<string, Tensor>, body: () => T): T {
    const undo: (() => void)[] = [];
    const owners = this.#owners();
    for (const name of tensors.keys()) {
      if (!owners.has(name))
        throw new UserError(`no parameter or buffer is named \`${name}\`${hint(name, owners.keys())}`);
    }
    try {
      for (const [name, tensor] of tensors) {
        const { store, key } = owners.get(name)!;
        const own = store.get(key)!;
        store.set(key, tensor);
        undo.push(() => store.set(key, own));
      }
      return body();
    } finally {
      for (const restore of undo) restore();
    }
  }

  /** How many numbers are trained. */
  parameterCount(): number {
    return this.parameters().reduce((sum, parameter) => sum + parameter.numel, 0);
  }

  /** Frees all parameters and buffers. The module cannot be used afterwards. */
  dispose(): void {
    for (const module of this.modules()) {
      for (const tensor of [...module.#parameters.values(), ...module.#buffers.values()]) tensor.dispose();
    }
  }

  #collect(tensorsOf: (module: Module) => Iterable<[string, Tensor]>): Map<string, Tensor> {
    const found = new Map<string, Tensor>();
    for (const [path, module] of this.namedModules()) {
      for (const [name, tensor] of tensorsOf(module)) found.set(path === "" ? name : `${path}.${name}`, tensor);
    }
    return found;
  }

  #owners(): Map<string, { store: Map<string, Tensor>; key: string }> {
    const owners = new Map<string, { store: Map<string, Tensor>; key: string }>();
    for (const [path, module] of this.namedModules()) {
      for (const store of [module.#parameters, module.#buffers]) {
        for (const key of store.keys()) owners.set(path === "" ? key : `${path}.${key}`, { store, key });
      }
    }
    return owners;
  }

  #claim(name: string): void {
    if (name === "" || name.includes(".")) {
      throw new Error(`${this.constructor.name}: \`${name}\` cannot name a tensor or module: dots separate levels`);
    }
    if (this.#parameters.has(name) || this.#buffers.has(name) || this.#children.has(name)) {
      throw new Error(`${this.constructor.name}: \`${name}\` is registered twice`);
    }
  }

  #absent(what: string, name: string, names: Iterable<string>): Error {
    return new Error(`${this.constructor.name} has no ${what} \`${name}\`; it has: ${[...names].join(", ") || "none"}`);
  }
}

/** A module that maps one tensor to one tensor: what {@link Sequential} chains. */
export abstract class UnaryModule extends Module {
  abstract forward(x: Tensor): Tensor;
}

function place(tensor: Tensor, { device, dtype, memoryFormat }: Placement): Tensor {
  const placed = noGrad(() =>
    tensor.detach().to({
      ...(device === undefined ? {} : { device }),
      ...(dtype === undefined || !FLOATING.includes(tensor.dtype) ? {} : { dtype }),
      ...(memoryFormat === undefined || tensor.ndim !== 4 ? {} : { memoryFormat }),
    }),
  );
  placed.requiresGrad_(tensor.requiresGrad);
  keep(placed);
  tensor.dispose();
  return placed;
}

function hint(name: string, names: Iterable<string>): string {
  const best = nearest(name, names);
  return best === undefined ? "" : `; did you mean \`${best}\`?`;
}

function refuseOtherNames(own: ReadonlyMap<string, Tensor>, state: ReadonlyMap<string, Tensor>): void {
  const missing = [...own.keys()].filter((name) => !state.has(name));
  const superfluous = [...state.keys()].filter((name) => !own.has(name));
  if (missing.length === 0 && superfluous.length === 0) return;
  const list = (names: string[]): string =>
    names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
  const problems = [
    ...(missing.length > 0 ? [`lacks ${list(missing)}`] : []),
    ...(superfluous.length > 0 ? [`has ${list(superfluous)} which this network does not know`] : []),
  ];
  throw new UserError(`state dict: it ${problems.join(" and ")}`);
}
