/** What may be typed while `run --dev` runs on a terminal. */
export const devKeys = 't: show steps, t ROUTE: of one route, r: reload, q: stop; then Enter';
