// The words of a training: its status, how long it has been and will be, and what the map shows by now. No page elements here.

import { t } from "../texts.js";
import { group } from "../words.js";

/**
 * @typedef {"waiting" | "running" | "paused" | "measuring" | "finished" | "interrupted" | "failed"} Status
 * @typedef {{step: number, share: number, epoch: number, seconds: number, seconds_left: number | null, distortion: number, rate: number}} Progress
 */

/** Below this rate in nats codes say next to nothing: every sample is the same to the network. */
const NOTHING_LEARNT = 0.5;
/** From this share of the training on, little moves. */
const FINE_WORK = 0.6;

/**
 * @param {number} seconds so far
 * @returns {string} "3.2 s", "47 s", "3 min 5 s", "1 h 2 min"
 */
export function duration(seconds) {
  if (seconds < 10) return t("live.time.seconds", { s: seconds.toFixed(1) });
  const whole = Math.round(seconds);
  if (whole < 60) return t("live.time.seconds", { s: whole });
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return t("live.time.minutes", { min: minutes, s: whole % 60 });
  return t("live.time.hours", { h: Math.floor(minutes / 60), min: minutes % 60 });
}

/**
 * An estimate in words: no finer than anyone could know it.
 * @param {number | null | undefined} seconds
 * @returns {string} "" where it is not known
 */
export function timeLeft(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  if (seconds < 4) return t("live.left.moments");
  if (seconds < 57) return t("live.left.seconds", { count: 5 * Math.max(1, Math.round(seconds / 5)) });
  if (seconds < 57 * 60) return t("live.left.minutes", { count: Math.max(1, Math.round(seconds / 60)) });
  return t("live.left.hours", { count: Math.max(1, Math.round(seconds / 3600)) });
}

/**
 * @param {{status: Status, place?: number | null, message?: string}} data
 * @param {Progress | null} progress
 * @param {boolean} slow
 * @returns {{title: string, rest: string}} a word, and what there is to say beside it
 */
export function statusWords({ status, place, message }, progress, slow) {
  const title = t(status === "running" && slow ? "live.status.slow" : `live.status.${status}`);
  if (status === "waiting" && message) return { title, rest: message };
  if (status === "waiting") return { title, rest: place ? t("live.waiting", { count: place }) : t("live.waiting.soon") };
  if (status === "failed") return { title, rest: message ?? "" };
  if (status === "interrupted") return { title, rest: t("live.interrupted") };
  if (status === "measuring") return { title, rest: t("live.measuring") };
  if (!progress) return { title, rest: status === "running" ? t("live.starting") : "" };
  const so_far = t("live.so_far", { epoch: group(progress.epoch), time: duration(progress.seconds) });
  const left = status === "running" && !slow ? timeLeft(progress.seconds_left) : "";
  return { title, rest: left ? t("live.and_left", { so_far, left }) : so_far };
}

/**
 * What the map shows by now, as the key of a text.
 * @param {Status} status
 * @param {{rate: number, share: number} | null} at the state that is shown
 * @param {boolean} scrubbing it is one of the timeline
 * @returns {"nothing" | "start" | "moving" | "late" | "done"}
 */
export function look(status, at, scrubbing) {
  if (!at) return "nothing";
  if (status === "finished" && !scrubbing) return "done";
  if (at.rate < NOTHING_LEARNT) return "start";
  return at.share < FINE_WORK ? "moving" : "late";
}

/**
 * Where on the timeline one stands.
 * @param {{seconds: number, epoch: number | null}} at
 * @returns {string} "after 3.2 s · epoch 40"; "before the first step"
 */
export function placeOnTimeline({ seconds, epoch }) {
  if (seconds === 0) return t("live.timeline.start");
  const time = duration(seconds);
  return epoch === null ? t("live.timeline.after", { time }) : t("live.timeline.after_epoch", { time, epoch: group(epoch) });
}

/** @param {number} value @returns {string} three significant digits, with a real minus sign */
export function significant3(value) {
  const text = Math.abs(value) >= 10_000 ? group(Math.round(value)) : Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
  return text.replace("-", "\u2212");
}
