/** A command with a button that copies it. */
import { useState } from "preact/hooks";

export function CopyLine({ line, does }: { readonly line: string; readonly does: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(line);
      setCopied(true);
      setTimeout(() => setCopied(false), 1_500);
    } catch {
      // The browser does not allow it: the text can be selected.
    }
  };
  return (
    <li class="copy-line">
      <code>{line}</code>
      <button type="button" onClick={copy} aria-label={`Copy the command: ${does}`}>
        {copied ? "Copied" : "Copy"}
      </button>
      <span>{does}</span>
    </li>
  );
}
