// The charts of the KL weight, one file each behind this door.

/** @typedef {import("./svg.js").Ink} Ink */

export { BuysAndCosts } from "./buys_and_costs.js";
export { MarginalCurve } from "./marginal_curve.js";
export { SplitBar } from "./split_bar.js";
export { TradeOff } from "./tradeoff.js";
