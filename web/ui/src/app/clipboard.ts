import { useEffect, useState } from "react";

const SHOWN_MS = 1500;

/** Copies a text; `copied` is true for a moment after it did. */
export function useCopy() {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return { copied, copy: (text: string) => void copyText(text).then(setCopied) };
}

/** Browsers give the clipboard only to pages over HTTPS; in a house's own network there often is none. */
async function copyText(text: string): Promise<boolean> {
  if (window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Refused: the old way is tried.
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  // Inside of an open dialog the focus cannot leave it.
  (document.querySelector('[role="dialog"]') ?? document.body).append(field);
  field.select();
  // Deprecated, and the only way without HTTPS.
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
