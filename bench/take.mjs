/** The end of the aggregated groups: counts what was in them. */
export let taken = 0;

export default function take(exchange) {
  taken += exchange.body.length;
}
