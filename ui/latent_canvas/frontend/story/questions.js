// The questions between the steps.

export { DoublingQuestion } from "./doubling_question.js";
export { LandingQuestion } from "./landing_question.js";
export { SurenessQuestion } from "./sureness_question.js";
