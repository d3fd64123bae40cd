// Pointers on the map, told as gestures: the handle dragged, the map panned or pinched, a place tapped or hovered.

/**
 * All positions are CSS pixels from the map's top left corner.
 * @typedef {object} Gestures
 * @property {() => void} dragStart the handle was taken
 * @property {(x: number, y: number) => void} drag where the handle should be now
 * @property {() => void} dragEnd
 * @property {(x: number, y: number) => void} tap
 * @property {(dx: number, dy: number) => void} pan
 * @property {(x: number, y: number, factor: number) => void} zoom
 * @property {() => void} rest a pan or pinch has ended
 * @property {(x: number, y: number) => void} hover
 * @property {() => void} leave
 */

/** A press that moves less than this is a tap, in CSS pixels. */
const TAP_SLOP = 5;
/** The mouse takes the handle from this far, in CSS pixels; fingers have the handle's own larger hit area. */
const HANDLE_REACH = 18;
const WHEEL_SPEED = 0.0016;

/**
 * @param {HTMLElement} stage the element that holds the map; gets the listeners
 * @param {HTMLElement | null} handle null where there is nothing to drag: `dragStart` is never called then
 * @param {Gestures} gestures
 * @param {AbortSignal} signal
 */
export function attachPointers(stage, handle, gestures, signal) {
  const pointers = /** @type {Map<number, {x: number, y: number}>} */ (new Map());
  const state = { mode: /** @type {"idle"|"press"|"drag"|"pan"|"pinch"} */ ("idle"), startX: 0, startY: 0, dx: 0, dy: 0, panX: 0, panY: 0 };

  // While a hand holds the map its box is not measured again: that would lay out the page at every move.
  let box = stage.getBoundingClientRect();
  /** @param {PointerEvent | WheelEvent} event */
  const place = (event) => {
    if (pointers.size === 0) box = stage.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  /** @param {HTMLElement} handle */
  const handlePlace = (handle) => {
    const own = handle.getBoundingClientRect();
    return { x: own.left + own.width / 2 - box.left, y: own.top + own.height / 2 - box.top };
  };

  /** @param {PointerEvent} event */
  const down = (event) => {
    if (event.button > 0) return;
    const at = place(event);
    pointers.set(event.pointerId, at);
    capture(stage, event.pointerId);
    if (pointers.size === 2) {
      if (state.mode === "drag") gestures.dragEnd();
      state.mode = "pinch";
      return;
    }
    Object.assign(state, { mode: "press", startX: at.x, startY: at.y, panX: 0, panY: 0 });
    if (!handle) return;
    const centre = handlePlace(handle);
    const far = Math.hypot(at.x - centre.x, at.y - centre.y);
    if (event.target !== handle && !(event.pointerType === "mouse" && far <= HANDLE_REACH)) return;
    state.mode = "drag";
    // The grip keeps its distance from the handle's centre, so that taking it does not move it.
    Object.assign(state, { dx: centre.x - at.x, dy: centre.y - at.y });
    handle.focus({ preventScroll: true });
    event.preventDefault();
    gestures.dragStart();
  };

  /** @param {PointerEvent} event */
  const move = (event) => {
    const at = place(event);
    const last = pointers.get(event.pointerId);
    if (!last) {
      if (event.pointerType !== "touch" && pointers.size === 0) gestures.hover(at.x, at.y);
      return;
    }
    if (state.mode === "press" && Math.hypot(at.x - state.startX, at.y - state.startY) > TAP_SLOP) state.mode = "pan";
    if (state.mode === "drag") gestures.drag(at.x + state.dx, at.y + state.dy);
    else if (state.mode === "pan") panBy(at.x - last.x, at.y - last.y);
    else if (state.mode === "pinch") pinch(event.pointerId, at);
    pointers.set(event.pointerId, at);
  };

  /** @param {number} dx @param {number} dy */
  const panBy = (dx, dy) => {
    state.panX += dx;
    state.panY += dy;
    gestures.pan(dx, dy);
  };

  /**
   * @param {number} id
   * @param {{x: number, y: number}} at
   */
  const pinch = (id, at) => {
    const before = /** @type {{x: number, y: number}} */ (pointers.get(id));
    const other = [...pointers].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(at.x - other.x, at.y - other.y);
    gestures.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    if (was > 0 && is > 0) gestures.zoom((at.x + other.x) / 2, (at.y + other.y) / 2, is / was);
  };

  /** @param {PointerEvent} event */
  const up = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    const { mode } = state;
    if (pointers.size === 0) state.mode = "idle";
    // The browser took the finger to scroll the page: the map goes back to where it was.
    if (mode === "pan" && event.type === "pointercancel") gestures.pan(-state.panX, -state.panY);
    if (mode === "drag") gestures.dragEnd();
    else if (mode === "pan" || mode === "pinch") gestures.rest();
    else if (mode === "press" && event.type === "pointerup") gestures.tap(state.startX, state.startY);
  };

  /** @param {WheelEvent} event */
  const wheel = (event) => {
    event.preventDefault();
    const at = place(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    gestures.zoom(at.x, at.y, Math.exp(-event.deltaY * lines * WHEEL_SPEED));
    gestures.rest();
  };

  stage.addEventListener("pointerdown", down, { signal });
  stage.addEventListener("pointermove", move, { signal });
  stage.addEventListener("pointerup", up, { signal });
  stage.addEventListener("pointercancel", up, { signal });
  stage.addEventListener("pointerleave", () => pointers.size === 0 && gestures.leave(), { signal });
  stage.addEventListener("wheel", wheel, { signal, passive: false });
}

/**
 * Capture keeps a drag alive outside the map; a pointer that has already gone throws, which loses nothing.
 * @param {HTMLElement} stage
 * @param {number} id
 */
function capture(stage, id) {
  try {
    stage.setPointerCapture(id);
  } catch {
    // Synthetic pointers (tests, assistive tools) cannot be captured; their moves still reach the map.
  }
}
