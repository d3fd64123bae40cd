// Which samples the map shows: all, one class, the selected one, or all but the classes that are switched off.

/** @typedef {import("./address.js").ViewState} ViewState */

/**
 * @param {ViewState} state
 * @param {number} index of a class
 * @returns {boolean}
 */
export function showsClass({ show, only, hidden }, index) {
  if (show === "selected") return false;
  return show === "class" ? only === index : !hidden.includes(index);
}

/**
 * @param {ViewState} state
 * @param {ArrayLike<number>} labels of the samples
 * @param {number} selectedIndex place of the selected sample, -1 for none
 * @returns {((index: number) => boolean) | undefined} undefined where every sample is shown
 */
export function shownMask(state, labels, selectedIndex) {
  if (state.show === "selected") return (index) => index === selectedIndex;
  if (state.show === "all" && state.hidden.length === 0) return undefined;
  return (index) => showsClass(state, labels[index]);
}

/**
 * What a click on a class in the legend changes.
 * @param {ViewState} state
 * @param {number} index of the class
 * @param {boolean} alone a double click: only this class, or all again where it was alone already
 * @param {number} count of classes
 * @returns {Partial<ViewState>}
 */
export function clickClass({ show, hidden }, index, alone, count) {
  if (show === "class") return { only: index };
  if (!alone) return { hidden: hidden.includes(index) ? hidden.filter((i) => i !== index) : [...hidden, index] };
  const others = Array.from({ length: count }, (_, i) => i).filter((i) => i !== index);
  const wasAlone = others.every((i) => hidden.includes(i));
  return { hidden: wasAlone ? [] : others };
}
