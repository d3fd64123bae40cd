// The screens of the story in their order; their addresses are the same as in ui/state.py.

import { BalanceStep } from "./balance_step.js";
import { EncoderStep } from "./encoder_step.js";
import { MixtureStep } from "./mixture_step.js";
import { NoiseStep } from "./noise_step.js";
import { PixelStep } from "./pixel_step.js";
import { DoublingQuestion, LandingQuestion, SurenessQuestion } from "./questions.js";
import { WidthStep } from "./width_step.js";

/**
 * @typedef {import("./step.js").Step} Step
 * @typedef {import("./story_view.js").StoryView} StoryView
 */

/** @type {readonly [string, new (story: StoryView, signal: AbortSignal) => Step][]} address, screen */
export const STEPS = Object.freeze([
  ["1", PixelStep], ["2", EncoderStep], ["2q", LandingQuestion], ["3", NoiseStep], ["4", WidthStep], ["4q", SurenessQuestion],
  ["5", BalanceStep], ["5q", DoublingQuestion], ["6", MixtureStep],
]);
