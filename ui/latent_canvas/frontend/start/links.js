// Links that the app follows itself on a plain click; with a key held or another button they are the browser's.

/**
 * @param {HTMLAnchorElement} link
 * @param {() => void} follow
 * @param {AbortSignal} signal
 */
export function attachLink(link, follow, signal) {
  link.addEventListener("click", (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    follow();
  }, { signal });
}
