/**
 * The scripts of `gantry completion`. Each hands the typed words to `gantry completion words` and offers the lines that it prints;
 * where it prints none, the shell completes files. What was typed, and what is offered, is never evaluated as code.
 */

/** The shells that there is a script for. */
export const shells = ["bash", "zsh", "fish"] as const;

const scripts: Readonly<Record<(typeof shells)[number], (program: string) => string>> = {
  bash: (program) => `# Completes gantry in bash: eval "$(gantry completion bash)"
_gantry() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$(printf '%q' "\${line%%$'\\t'*}")")
  done < <(${program} completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _gantry gantry
`,
  zsh: (program) => `#compdef gantry
# Completes gantry in zsh: eval "$(gantry completion zsh)", after compinit
_gantry() {
  local line
  local -a offered
  while IFS= read -r line; do
    offered+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(${program} completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#offered} )); then _describe gantry offered; else _files; fi
}
compdef _gantry gantry
`,
  fish: (program) => `# Completes gantry in fish: gantry completion fish | source
function __gantry_words
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l offered (${program} completion words -- $typed[2..-1] "$current" 2>/dev/null)
    if test (count $offered) -gt 0
        printf '%s\\n' $offered
    else
        __fish_complete_path "$current"
    end
end
complete -c gantry -f -a '(__gantry_words)'
`,
};

/**
 * The script for a shell.
 * @param program how it calls Gantry, quoted for a shell
 */
export function completionScript(shell: (typeof shells)[number], program: string): string {
  return scripts[shell](program);
}
