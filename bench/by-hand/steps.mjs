/** The ten steps by hand: a message with a body and headers, one after the other in a loop. Gives the messages that were made, to be used by someone. */
export function steps(orders, count) {
  let letters = 0;
  for (let i = 0; i < count; i++) {
    const message = { body: orders[i % orders.length], headers: {} };
    const { headers } = message;
    headers.id = message.body.id;
    headers.region = message.body.region;
    headers.label = `order ${headers.id}`;
    if (message.body.amount > 100) headers.size = `large ${message.body.amount}`;
    if (headers.region === 'us') headers.desk = `west-${headers.region}`;
    else if (headers.region === 'cn') headers.desk = `east-${headers.region}`;
    else headers.desk = `home-${headers.region}`;
    headers.amount = message.body.amount;
    message.body = `${headers.label} at ${headers.desk}`;
    headers.note = `${headers.size}: ${message.body}`;
    letters += message.body.length + headers.note.length;
  }
  return letters;
}
