/**
 * How the routes of hand-written pages that are no files, and have no test on their page, are run: tests (docs/testing.md) by page and heading.
 * The route blocks below a heading are one file.
 */
export const ways: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  'docs/for-camel-users.md # A route with a bean': [{ name: 'a module prices', send: { to: 'direct:price', body: 'mug' }, expect: { logs: ['costs 7.5'] } }],
  'docs/for-node-red-and-benthos-users.md # For Node-RED and Benthos users': [
    {
      name: 'a total',
      request: { path: '/totals', method: 'POST', body: { customer: 'ann', lines: [{ price: 2, quantity: 3 }, { price: 5, quantity: 1 }] } },
      reply: { body: { customer: 'ann', total: 11 } },
    },
    {
      name: 'large orders are sent on',
      mocks: { 'kafka:large-orders': {} },
      steps: [
        { send: { route: 'relay', body: '{"amount":100}' }, reply: { outcome: 'acknowledged' } },
        { send: { route: 'relay', body: '{"amount":101}' }, reply: { outcome: 'acknowledged' }, expect: { mocks: { 'kafka:large-orders': { bodies: [{ amount: 101 }] } } } },
      ],
    },
  ],
  'docs/getting-started.md # Your application beside it': [
    { name: 'the application answers', mocks: { 'micrologic:/price': { reply: { body: { amount: 5 } } } }, request: { path: '/prices', method: 'POST', body: { item: 'tea' } }, reply: { body: { amount: 5 } } },
    {
      name: 'the application fails',
      mocks: { 'micrologic:/price': { fail: { exception: 'mecha.MicrologicException' } } },
      request: { path: '/prices', method: 'POST', body: { item: 'tea' } },
      reply: { status: 503, body: 'try again later' },
      expect: { mocks: { 'micrologic:/price': 4 } },
    },
  ],
  'docs/route-language.md # The route language': [
    {
      name: 'each order goes where its amount says',
      mocks: { 'direct:review': {}, 'direct:accept': {} },
      steps: [
        { file: { path: 'inbox/a.json', text: '{"amount":1001}' } },
        { file: { path: 'inbox/b.json', text: '{"amount":1000}' } },
        { file: { path: 'inbox/c.txt', text: '{"amount":1}' } },
        { advance: '10s', expect: { mocks: { 'direct:review': { bodies: [{ amount: 1001 }] }, 'direct:accept': { bodies: [{ amount: 1000 }] } }, files: { 'inbox/c.txt': '{"amount":1}' } } },
      ],
    },
  ],
  'docs/route-language.md # Beans': [{ name: 'a module prices', send: { to: 'direct:price', body: 'tea' }, reply: { body: 4.2 } }],
};

/** Routes that need real servers: the test that takes them from their page and runs them on these. */
export const onServers: Readonly<Record<string, readonly [file: string, piece: string]>> = {
  'docs/route-language.md # Transactions': ['test/connectors/kafka/blocks.test.ts', "blocksOf('docs/route-language.md').find(({ heading }) => heading === 'Transactions')"],
};
