/** For a `process` step: works on the exchange in place. */
export default (exchange) => {
  exchange.body = `${exchange.body}!`;
  exchange.headers.set('loud', true);
};
