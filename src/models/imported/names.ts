/**
 * Names of tensors, freed of what wrappers and forms of spectral norm add to them, so that a layout knows one name for
 * each tensor.
 *
 * PyTorch has two forms of spectral norm: `weight_orig`, `weight_u`, `weight_v` (torch.nn.utils.spectral_norm), and
 * `parametrizations.weight.original`, `parametrizations.weight.0._u` and `_v` (torch.nn.utils.parametrizations).
 */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/parametrizations\.weight\.original0?$/, "weight_orig"],
  [/parametrizations\.weight\.0\._([uv])$/, "weight_$1"],
];

/** The name of a tensor in the first form. */
export function firstForm(name: string): string {
  for (const [form, first] of FORMS) if (form.test(name)) return name.replace(form, first);
  return name;
}

/**
 * What stands before `anchor` at the end of a name: "" for the name itself, "module." for one inside a module; undefined
 * where the name does not end so. DataParallel puts `module.` there, torch.compile `_orig_mod.`, a GAN in one module the
 * name of the network.
 */
export function prefixBefore(anchor: string, name: string): string | undefined {
  return name === anchor || name.endsWith(`.${anchor}`) ? name.slice(0, -anchor.length) : undefined;
}

/** Whether the name of an entry or a prefix says that its weights are averaged: `g_ema`, `netG_avg.`, `ema.module.`. */
export const isAveraged = (name: string): boolean =>
  /(^|[._])([a-z]+_)*(g?ema|avg|averaged?|swa|shadow)(_[a-z]+)*($|[._])/i.test(name);
