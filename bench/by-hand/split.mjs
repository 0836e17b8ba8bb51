/** Split and aggregate by hand: each item of a JSON list becomes a message with a header and a body, a hundred of them one list. */
export function split(json, take) {
  let group = [];
  for (const item of JSON.parse(json)) {
    const message = { body: item, headers: {} };
    message.headers.id = item.id;
    message.body = `${item.sku}: ${item.quantity}`;
    group.push(message.body);
    if (group.length === 100) {
      take(group);
      group = [];
    }
  }
  if (group.length > 0) take(group);
}
