/** What may be typed while `run --dev` runs on a terminal. */
export const devKeys = "t + Enter shows each exchange's steps (t ROUTE: of one route), r reloads, q stops";
