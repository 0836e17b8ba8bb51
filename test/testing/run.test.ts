import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withTemporary } from '../temporary.ts';
import { outcomes, Project, start } from './project.ts';

/** What all tests of a file must be. */
const allFine = async (routes: string, tests: string, files: Readonly<Record<string, string>> = {}): Promise<void> => {
  const found = await outcomes(routes, tests, {}, files);
  expect(found).to.deep.equal(Object.fromEntries(Object.keys(found).map((name) => [name, 'fine'])));
  expect(found).to.not.deep.equal({});
};

describe('a test of routes', () => {
  it('sends a body with headers, properties and variables, and looks at the reply', () =>
    allFine(
      start('- setBody: { simple: "${body} ${header.a} ${exchangeProperty.b} ${variable.c}" }\n- setHeader: { name: Answer, constant: 42 }\n'),
      `tests:
  - name: texts
    send: { to: direct:start, body: one, headers: { A: two }, properties: { b: three }, variables: { c: four } }
    reply:
      body: one two three four
      contains: two three
      matches: ^one .* four$
      simple: "\${body.length} == 18"
      headers: { answer: "42" }
      absentHeaders: [ Question ]
      properties: { b: three }
  - name: by a predicate of another language
    send: { to: direct:start, expression: { constant: made }, headers: { n: 4 } }
    reply: { header: n }
`,
    ));

  it('compares JSON with the JSON that a text holds, wholly or in part', () =>
    allFine(
      start('- setBody: { constant: \'{"a": {"b": [1, 2]}, "c": null, "d": 1.5}\' }\n'),
      `tests:
  - name: whole
    send: { to: direct:start }
    reply: { body: { a: { b: [1, 2] }, c: null, d: 1.5 } }
  - name: part
    send: { to: direct:start }
    reply: { contains: { a: { b: [1, 2] } } }
`,
    ));

  it('tells each thing that is not as expected, and what it is', async () => {
    const found = await outcomes(
      start('- setBody: { simple: "${body}!" }\n- to: mock:out\n'),
      `tests:
  - { name: body, send: { to: direct:start, body: a }, reply: a }
  - { name: kind, send: { to: direct:start, body: a }, reply: { body: 1 } }
  - { name: contains, send: { to: direct:start, body: a }, reply: { contains: b } }
  - { name: matches, send: { to: direct:start, body: a }, reply: { matches: ^b } }
  - { name: predicate, send: { to: direct:start, body: a }, reply: { simple: "\${body} == 'a'" } }
  - { name: header, send: { to: direct:start, body: a }, reply: { headers: { x: y } } }
  - { name: absent, send: { to: direct:start, body: a, headers: { x: y } }, reply: { absentHeaders: [X] } }
  - { name: exception, send: { to: direct:start, body: a }, reply: { exception: java.io.IOException } }
  - { name: count, send: { to: direct:start, body: a }, expect: { mocks: { mock:out: 2 } } }
  - { name: at least, send: { to: direct:start, body: a }, expect: { mocks: { mock:out: { atLeast: 2 } } } }
  - { name: bodies, send: { to: direct:start, body: a }, expect: { mocks: { mock:out: { bodies: [b] } } } }
  - { name: messages, send: { to: direct:start, body: a }, expect: { mocks: { mock:out: { messages: [{ contains: b }] } } } }
  - { name: any order, send: { to: direct:start, body: a }, expect: { mocks: { mock:out: { order: any, messages: [b] } } } }
  - { name: every, send: { to: direct:start, body: a }, expect: { mocks: { mock:out: { every: { matches: b } } } } }
  - { name: no mock, send: { to: direct:start, body: a }, expect: { mocks: { seda:out: 1 } } }
  - { name: no endpoint, send: { to: direct:nowhere, body: a } }
  - { name: no route, send: { route: nowhere, body: a } }
  - { name: order, send: { to: direct:start, body: a }, expect: { order: [mock:out, mock:out] } }
  - { name: state, send: { to: direct:start, body: a }, expect: { state: { x: 1 } } }
  - { name: file, send: { to: direct:start, body: a }, expect: { files: { x: a } } }
  - { name: log, send: { to: direct:start, body: a }, expect: { logs: [nonsense] } }
  - { name: dead, send: { to: direct:start, body: a }, expect: { deadLetters: 1 } }
  - { name: state of a route, send: { to: direct:start, body: a }, expect: { routes: { start: Stopped } } }
  - { name: variable, send: { to: direct:start, body: a }, expect: { variables: { global:x: 1 } } }
  - { name: outcome, send: { to: direct:start, body: a }, reply: { outcome: acknowledged } }
`,
    );
    const wanted: Record<string, RegExp> = {
      body: /^the body of the reply is "a!", not "a"$/,
      kind: /is "a!", not 1$/,
      contains: /^the body of the reply does not contain "b": it is "a!"$/,
      matches: /does not match \/\^b\/: it is "a!"$/,
      predicate: /^simple `\$\{body\} == 'a'` is not true for the reply; its body is "a!"$/,
      header: /^the reply has no header `x`$/,
      absent: /has a header `X`: "y"$/,
      exception: /^the exchange did not fail with java.io.IOException: the body is "a!"$/,
      count: /^`mock:out` got 1 message, not 2: \["a!"\]$/,
      'at least': /^`mock:out` got 1 message, fewer than 2$/,
      bodies: /^the bodies that `mock:out` got are not as expected$/,
      messages: /^the body of message 1 of `mock:out` does not contain "b"/,
      'any order': /^no message of `mock:out` is like this; the others are \["a!"\]$/,
      every: /^the body of message 1 of `mock:out` does not match/,
      'no mock': /^`seda:out` is no mock of this test; the mocks are `mock:out`: add it under `mocks`$/,
      'no endpoint': /^no reply came|^the exchange failed: DirectConsumerNotAvailableException/,
      'no route': /^there is no route `nowhere`; the routes are `start`$/,
      order: /^messages came in another order$/,
      state: /^the state store has 0 entries that begin with `x`, not 1$/,
      file: /^there is no file `x` in the folder of the test$/,
      log: /^no log line contains "nonsense"/,
      dead: /^there are 0 dead letters, not 1$/,
      'state of a route': /^the route `start` is Started, not Stopped$/,
      variable: /^the variable `global:x` is null, not 1$/,
      outcome: /^`outcome` is only known where `send` names a `route`$/,
    };
    expect(Object.keys(found)).to.deep.equal(Object.keys(wanted));
    for (const [name, message] of Object.entries(wanted)) expect(found[name], name).to.match(message);
  });

  it('fails where the exchange fails, unless that is expected, and says where in the route', async () => {
    const project = new Project({
      'r.yaml': start('- throwException: { exceptionType: java.lang.IllegalStateException, message: too late }\n'),
      'r.test.yaml': `tests:
  - { name: fails, send: { to: direct:start } }
  - { name: as expected, send: { to: direct:start }, reply: { exception: java.lang.RuntimeException } }
  - { name: with its message, send: { to: direct:start }, reply: { exception: { type: IllegalStateException, message: too late, contains: late } } }
  - { name: with another class, send: { to: direct:start }, reply: { exception: java.io.IOException } }
  - { name: with another message, send: { to: direct:start }, reply: { exception: { message: too early } } }
`,
    });
    try {
      const [file] = (await project.run()).files;
      const [fails, expected, exact, otherClass, otherMessage] = file!.results;
      expect([expected!.failures, exact!.failures]).to.deep.equal([[], []]);
      expect(fails!.failures[0]).to.deep.include({ message: 'the exchange failed: IllegalStateException: too late', route: ['r.yaml:6:11'] });
      expect(fails!.failures[0]!.at!.source.position(fails!.failures[0]!.at!.start).line).to.equal(2);
      expect(otherClass!.failures[0]!.message).to.equal('the exchange failed with java.lang.IllegalStateException: too late, not with java.io.IOException');
      expect(otherMessage!.failures[0]!.message).to.equal('the exchange failed with the message "too late", not "too early"');
    } finally {
      project.clear();
    }
  });

  it('puts mocks in the place of endpoints by URI, pattern and step id, and of whole steps', () =>
    allFine(
      start('- to: "http://shop.example/items?throwExceptionOnFailure=true"\n- to: { id: second, uri: "http://other.example" }\n- bean: { id: third, ref: nowhere, method: call }\n- toD: "kafka:${body}"\n'),
      `mocks:
  http://shop.example/*: { reply: { body: { n: 1 }, headers: { X: y } } }
  kafka:topic: {}
tests:
  - name: all of them
    mocks:
      step:second: { reply: two }
      step:third: { reply: { simple: "topic" } }
    send: { to: direct:start, body: ask }
    reply: { body: topic, headers: { X: y, CamelHttpResponseCode: 200 } }
    expect:
      order: [ "http://shop.example/*", step:second, step:third, "kafka:topic" ]
      mocks:
        http://shop.example/*: { bodies: [ask] }
        step:second: { messages: [ { body: { n: 1 }, jsonata: 'n = 1' } ] }
        step:third: { bodies: [two] }
        kafka:topic: { bodies: [topic] }
`,
    ));

  it('reaches nothing outside: what has no mock fails the test, even where the route handles it', async () => {
    const routes = `- onException: { exception: [java.lang.Exception], handled: { constant: "true" } }\n${start('- to: "http://shop.example/items"\n')}`;
    const found = await outcomes(routes, 'tests:\n  - { name: a, send: { to: direct:start } }\n');
    expect(found['a']).to.match(/^a message went to `http:\/\/shop.example\/items`, which is outside of the program, and the test has no mock for it: add `http:\/\/shop.example\/items: \{\}` under `mocks`$/);
  });

  it('feeds a route as its source does, and tells what became of the delivery', () =>
    allFine(
      `- route:
    id: orders
    from:
      uri: kafka:orders
      steps:
        - filter:
            simple: "\${body} == 'bad'"
            steps:
              - throwException: { exceptionType: java.io.IOException, message: no }
        - to: mock:out
`,
      `tests:
  - name: acknowledged
    send: { route: orders, body: good }
    reply: { outcome: acknowledged }
    expect: { mocks: { mock:out: 1 } }
  - name: kept as a dead letter
    send: { route: orders, body: bad }
    reply: { outcome: deadLettered, exception: IOException }
    expect: { deadLetters: { count: 1, messages: [ bad ] }, mocks: { mock:out: 0 } }
  - name: rejected
    settings: { deadLetters.enabled: false }
    send: { route: orders, body: bad }
    reply: { outcome: rejected }
`,
    ));

  it('lets time pass through timers, delays and aggregation, and by itself until a reply is there', () =>
    allFine(
      `- route:
    id: ticks
    from:
      uri: timer:t?period=60000
      steps:
        - to: mock:ticks
- route:
    id: nightly
    from:
      uri: quartz:night?cron=0+0+3+*+*+?
      steps:
        - to: mock:nights
- route:
    id: slow
    from:
      uri: direct:slow
      steps:
        - delay: { constant: 3600000 }
        - setBody: { constant: done }
- route:
    id: groups
    from:
      uri: direct:groups
      steps:
        - aggregate:
            correlationExpression: { constant: all }
            completionTimeout: 5000
            aggregationStrategy: "#class:org.apache.camel.processor.aggregate.GroupedBodyAggregationStrategy"
            steps:
              - to: mock:groups
`,
      `tests:
  - name: a timer
    steps:
      - expect: { mocks: { mock:ticks: 0 } }
      - advance: 1s
        expect: { mocks: { mock:ticks: 1 } }
      - advance: 1h
        expect: { mocks: { mock:ticks: 61 } }
  - name: a schedule
    clock: 2026-03-01T02:59:00Z
    steps:
      - advance: 59s
        expect: { mocks: { mock:nights: 0 } }
      - advance: 1s
        expect: { mocks: { mock:nights: 1 } }
  - name: a reply that takes an hour
    timeout: 2h
    send: { to: direct:slow }
    reply: done
  - name: a reply that is taken later
    steps:
      - send: { to: direct:slow, as: first }
      - advance: 1h
      - await: first
        reply: done
  - name: a group
    steps:
      - send: { to: direct:groups, body: a }
      - send: { to: direct:groups, body: b }
      - advance: 4s
        expect: { mocks: { mock:groups: 0 } }
      - advance: 1s
        expect: { mocks: { mock:groups: { bodies: [[a, b]] } } }
`,
    ));

  it('injects faults: fails some times, delays, drops the connection, never answers', () =>
    allFine(
      `- onException:
    exception: [java.net.SocketException]
    redeliveryPolicy: { maximumRedeliveries: 3, redeliveryDelay: 1000 }
${start('- to: "http://shop.example"\n')}`,
      `tests:
  - name: is asked again after drops
    mocks: { "http://shop.example": { drop: 2, reply: fine } }
    send: { to: direct:start }
    reply: fine
    expect: { mocks: { "http://shop.example": 3 } }
  - name: gives up
    mocks: { "http://shop.example": { drop: true } }
    send: { to: direct:start }
    reply: { exception: { type: SocketException, contains: Connection reset } }
    expect: { mocks: { "http://shop.example": 4 } }
  - name: fails as it is told
    mocks: { "http://shop.example": { fail: { exception: java.lang.IllegalStateException, message: closed } } }
    send: { to: direct:start }
    reply: { exception: { type: IllegalStateException, message: closed } }
  - name: answers with a status
    mocks: { "http://shop.example": { reply: { status: 503, body: later } } }
    send: { to: direct:start }
    reply: { exception: HttpOperationFailedException, simple: "\${exception.statusCode} == 503" }
  - name: answers late
    mocks: { "http://shop.example": { delay: 10s, reply: late } }
    steps:
      - send: { to: direct:start, as: ask }
      - advance: 9s
      - change: { "http://shop.example": { reply: soon } }
      - send: { to: direct:start }
        reply: soon
      - advance: 1s
      - await: ask
        reply: late
  - name: answers one after the other
    mocks: { "http://shop.example": { replies: [ { body: a }, { body: b } ] } }
    steps:
      - { send: { to: direct:start }, reply: a }
      - { send: { to: direct:start }, reply: b }
      - { send: { to: direct:start }, reply: b }
`,
    ));

  it('looks on, where the endpoint itself answers', () =>
    allFine(
      `- route: { id: copies, from: { uri: "seda:in", steps: [ { to: "file:out" }, { to: "file:other" } ] } }\n`,
      `tests:
  - name: looks on, and lets the first fail
    mocks: { "file:out": { real: true }, "file:other": { fail: 1, real: true } }
    steps:
      - send: { route: copies, body: a, headers: { CamelFileName: a.txt } }
        reply: { outcome: deadLettered }
        expect: { files: { out/a.txt: a, other/a.txt: { absent: true } } }
      - send: { route: copies, body: b, headers: { CamelFileName: b.txt } }
        expect: { files: { out/b.txt: b, other/b.txt: b }, mocks: { "file:out": { bodies: [a, b] }, "file:other": 2 } }
`,
    ));

  it('looks on at a step, by its id: one that sends, asks, or does something itself, also from a change on', () =>
    allFine(
      `- route:
    id: all
    from:
      uri: direct:start
      steps:
        - to: { id: call, uri: direct:slow }
        - setBody: { id: set, simple: "\${body}!" }
        - to: mock:set
        - pollEnrich: { id: fetch, constant: "file:in?fileName=a.txt&noop=true" , timeout: 1000 }
        - toD: { id: dynamic, uri: "direct:\${header.where}" }
        - to: { id: out, uri: mock:out }
- route: { from: { uri: direct:slow, steps: [ { delay: { constant: 60000 } }, { setBody: { simple: "slow \${body}" } } ] } }
- route: { from: { uri: direct:there, steps: [ { setHeader: { name: was, constant: there } } ] } }
`,
      `timeout: 10m
tests:
  - name: all are themselves
    mocks: { "step:call": { real: true }, "step:set": { real: true }, "step:fetch": { real: true }, "step:dynamic": { real: true }, "step:out": { real: true } }
    steps:
      - file: { path: in/a.txt, text: file }
      - send: { to: direct:start, body: a, headers: { where: there } }
        reply: { body: file, headers: { was: there } }
        expect: { mocks: { "step:call": { bodies: [a] }, "step:set": { bodies: [slow a] }, "step:dynamic": 1, "step:out": { bodies: [file] }, mock:out: 1 } }
  - name: the first fails, the second is slow, then they are themselves
    mocks: { "step:set": { fail: 1, delay: 1h, real: true }, "step:fetch": {}, "step:call": {}, "step:dynamic": {} }
    steps:
      - send: { to: direct:start, body: a, as: first }
      - advance: 1h
      - await: first
        reply: { exception: java.io.IOException }
      - send: { to: direct:start, body: a, as: second }
      - advance: 59m
        expect: { mocks: { mock:set: 0 } }
      - advance: 1m
        expect: { mocks: { mock:set: { bodies: [a!] } } }
  - name: a change makes it itself
    mocks: { "step:set": { reply: x }, "step:fetch": {}, "step:call": {}, "step:dynamic": {} }
    steps:
      - send: { to: direct:start, body: a }
      - change: { "step:set": { real: true } }
      - send: { to: direct:start, body: a }
        expect: { mocks: { mock:set: { bodies: [x, a!] } } }
`,
    ));

  it('looks on at an endpoint whose route waits', () =>
    allFine(
      `- route: { from: { uri: direct:start, steps: [ { to: direct:slow } ] } }
- route: { from: { uri: direct:slow, steps: [ { delay: { constant: 60000 } }, { setBody: { constant: done } } ] } }
`,
      `timeout: 10m
tests:
  - name: waits
    mocks: { direct:slow: { real: true } }
    send: { to: direct:start, body: a }
    reply: done
    expect: { mocks: { direct:slow: { bodies: [a] } } }
`,
    ));

  it('looks into open groups, ids of repositories, the store and dead letters', async () => {
    const routes = `- beans:
    - { name: seen, type: org.apache.camel.support.processor.idempotent.MemoryIdempotentRepository }
    - { name: stored, type: org.apache.camel.support.processor.idempotent.FileIdempotentRepository, properties: { fileStore: seen.dat } }
- route:
    id: groups
    from:
      uri: kafka:orders
      steps:
        - idempotentConsumer: { idempotentRepository: seen, header: id, steps: [ { to: mock:first } ] }
        - idempotentConsumer: { idempotentRepository: stored, header: id, steps: [ { to: mock:first } ] }
        - aggregate:
            id: pairs
            correlationExpression: { header: customer }
            completionSize: 3
            aggregationStrategy: "#class:org.apache.camel.processor.aggregate.GroupedBodyAggregationStrategy"
            steps:
              - to: mock:groups
- route:
    id: nameless
    from:
      uri: kafka:others
      steps:
        - aggregate:
            correlationExpression: { header: customer }
            completionSize: 3
            aggregationStrategy: "#class:org.apache.camel.processor.aggregate.GroupedBodyAggregationStrategy"
            steps:
              - to: mock:groups
`;
    const said = (expected: string): string => `    steps:
      - send: { route: groups, body: { n: 1 }, headers: { customer: ann, id: 1 } }
      - send: { route: groups, body: tea, headers: { customer: ann, id: 2 } }
      - send: { route: groups, body: mug, headers: { customer: bob, id: 2 } }
        expect: { ${expected} }
`;
    expect(
      await outcomes(
        routes,
        `tests:
  - name: groups
${said('groups: { pairs: { ann: { messages: [ { contains: { n: 1 }, headers: { id: 1 } }, { simple: "${body} == \'tea\'" } ] }, bob: { bodies: [mug] } } }')}
  - name: ids
${said('seen: { seen: [2, 1], stored: [1, 2] }')}
  - name: store
${said('state: { "aggregate/groups/pairs/": 5, "aggregate/groups/pairs/group/": { count: 2 }, "aggregate/groups/pairs/finished/": { keys: [] } }')}
  - name: a dead letter
    send: { route: groups, body: x }
    reply: { outcome: deadLettered }
    expect: { deadLetters: { messages: [ { body: x, exception: { type: NoMessageIdException, contains: No message ID }, route: groups } ] } }
  - name: another group
${said('groups: { pairs: { ann: 3 } }')}
  - name: an aggregate without an id
    steps:
      - send: { route: nameless, body: tea, headers: { customer: ann } }
        expect: { groups: { aggregate1: { ann: 1 } } }
      - send: { route: nameless, body: mug, headers: { customer: ann } }
        expect: { groups: { aggregate1: {} } }
  - name: no such aggregate
${said('groups: { pear: {} }')}
  - name: other ids
${said('seen: { seen: [1, 3] }')}
  - name: no repository
${said('seen: { scene: [] }')}
  - name: other keys
${said('state: { "aggregate/groups/pairs/finished/": { keys: [x], entries: { y: 1 } } }')}
  - name: another dead letter
    send: { route: groups, body: x }
    reply: { outcome: deadLettered }
    expect: { deadLetters: { messages: [ { exception: java.io.IOException, route: other } ] } }
`,
      ),
    ).to.deep.equal({
      groups: 'fine',
      ids: 'fine',
      store: 'fine',
      'a dead letter': 'fine',
      'another group': 'the group `ann` of `pairs` has 2 messages, not 3: [{"n":1},"tea"]\n`pairs` has other open groups: `bob` with 1 message',
      'an aggregate without an id': '`aggregate1` has other open groups: `ann` with 2 messages',
      'no such aggregate': 'no aggregate has the id `pear`; the ids are `pairs`, `aggregate1`',
      'other ids': 'the ids in `seen` are not as expected',
      'no repository': 'there is no bean `scene`',
      'other keys': 'the keys in the state store that begin with `aggregate/groups/pairs/finished/` are not as expected\nthe state store has no entry `aggregate/groups/pairs/finished/y`',
      'another dead letter': 'the route of dead letter 1 is "groups", not "other"\ndead letter 1 failed with org.apache.camel.processor.idempotent.NoMessageIdException: No message ID could be found using expression: header{id} on message exchange: Exchange[], not with java.io.IOException',
    });
  });

  it('sends HTTP requests to the routes that listen, without the network', () =>
    allFine(
      `- rest:
    path: /orders
    post:
      - { path: "/{id}", to: "direct:order" }
- route:
    id: order
    from:
      uri: direct:order
      steps:
        - setHeader: { name: CamelHttpResponseCode, constant: 201 }
        - setHeader: { name: X-Kind, simple: "\${header.Content-Type}" }
        - setBody: { simple: "\${header.id} \${header.q} \${body}" }
`,
      `tests:
  - name: a body
    request: { path: /orders/7?q=x, body: { a: 1 } }
    reply: { status: 201, body: '7 x {"a":1}', headers: { X-Kind: application/json } }
  - name: a path that nobody serves
    request: /nowhere
    reply: { status: 404 }
  - name: a method that is not there
    request: { method: DELETE, path: /orders/7 }
    reply: { status: 405 }
`,
    ));

  it('is not held up by a process that was there before it', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      await allFine(start('- delay: { constant: 30000 }\n- setBody: { constant: done }\n'), 'tests:\n  - name: half a minute\n    send: { to: direct:start, body: x }\n    reply: done\n');
    } finally {
      other.kill();
    }
  });

  it('gives each test an empty folder of its own, and leaves none behind', async () => {
    const at = mkdtempSync(join(tmpdir(), 'mecha-temporary-'));
    const seen = 'bean: { ref: bean, method: look }';
    const module = "import { readdirSync, rmdirSync } from 'node:fs';\nexport const bean = { look: (folder) => readdirSync(folder).join(), remove: (folder) => rmdirSync(folder) };\n";
    const looks = (name: string, found: string, ...more: readonly string[]): string => `  - name: ${name}\n    steps:\n${more.map((line) => `      - ${line}\n`).join('')}      - send: { to: direct:start, body: x }\n        reply: { body: '${found}' }\n`;
    await withTemporary(at, async () => {
      for (const inThisThread of [true, false]) {
        expect(
          await outcomes(
            start(`- setBody: { simple: "{{test.folder}}" }\n- ${seen}\n`) + '- route: { id: remove, from: { uri: "direct:remove", steps: [ { setBody: { simple: "{{test.folder}}" } }, { bean: { ref: bean, method: remove } } ] } }\n',
            `beans: [ bean.mjs ]\ntests:\n${looks('empty', '')}${looks('written', 'a.txt', 'file: { path: a.txt, text: a }')}${looks('empty again', '')}  - name: removes it\n    send: { to: direct:remove, body: x }\n${looks('there again', '')}`,
            { inThisThread },
            { 'bean.mjs': module },
          ),
        ).to.deep.equal({ empty: 'fine', written: 'fine', 'empty again': 'fine', 'removes it': 'fine', 'there again': 'fine' });
        expect(readdirSync(at).filter((name) => name.startsWith('mecha-test-'))).to.deep.equal([]);
      }
    });
    rmSync(at, { recursive: true });
  }).timeout(20_000);

  it('gives each test an empty folder for its files', () =>
    allFine(
      `- route: { id: copy, from: { uri: "file:in", parameters: { include: ".*[.]txt" }, steps: [ { to: "file:out" } ] } }\n`,
      `tests:
  - name: first
    steps:
      - file: { path: in/a.txt, text: hello }
      - advance: 2s
        expect: { files: { out/a.txt: hello, in/a.txt: { absent: true }, in/.camel/a.txt: { contains: ell } } }
  - name: second
    steps:
      - file: { path: in/b.txt, from: data/b.txt }
      - advance: 2s
        expect: { files: { out/b.txt: { text: { b: 1 } }, out/a.txt: { absent: true } } }
`,
      { 'data/b.txt': '{"b": 1}' },
    ));

  it('takes properties, settings, environment, beans and kamelets of its own', () =>
    allFine(
      `- route: { id: a, from: { uri: "direct:a", steps: [ { setBody: { simple: "{{greeting}} {{env:WHO}}" } }, { bean: { ref: shout, method: loud } }, { to: "kamelet:log-it?prefix=p" } ] } }\n`,
      `kamelets: [ k/log-it.kamelet.yaml ]
properties: { greeting: hello }
environment: { WHO: you }
beans: [ fake.mjs ]
tests:
  - name: the kamelet itself
    send: { to: direct:a }
    expect: { mocks: { mock:log-it: { bodies: ["p HELLO YOU"] } } }
  - name: a mock of the kamelet
    properties: { greeting: bye }
    mocks: { "kamelet:log-it": {} }
    send: { to: direct:a }
    reply: BYE YOU
    expect: { mocks: { "kamelet:log-it": 1, mock:log-it: 0 } }
`,
      {
        'fake.mjs': 'export const shout = { loud: (text) => text.toUpperCase() };\n',
        'k/log-it.kamelet.yaml': 'kind: Kamelet\nmetadata: { name: log-it }\nspec:\n  definition: { properties: { prefix: { type: string } } }\n  template:\n    from:\n      uri: kamelet:source\n      steps:\n        - setBody: { simple: "{{prefix}} ${body}" }\n        - to: mock:log-it\n',
      },
    ));

  it('stops and starts everything again with the state that was stored', () =>
    allFine(
      `- route:
    id: groups
    from:
      uri: kafka:orders
      steps:
        - aggregate:
            id: pairs
            correlationExpression: { constant: all }
            completionSize: 2
            aggregationStrategy: "#class:org.apache.camel.processor.aggregate.GroupedBodyAggregationStrategy"
            steps:
              - to: mock:groups
`,
      `tests:
  - name: a group survives
    steps:
      - send: { route: groups, body: a }
      - restart: true
      - send: { route: groups, body: b }
        expect: { mocks: { mock:groups: { bodies: [[a, b]] } } }
`,
    ));

  it('suspends and resumes routes', () =>
    allFine(
      `- route: { id: t, from: { uri: "timer:t?period=1000", steps: [ { to: "mock:t" } ] } }\n`,
      `tests:
  - name: nothing comes while it is suspended
    steps:
      - advance: 3s
      - suspend: t
      - advance: 1h
        expect: { mocks: { mock:t: 3 }, routes: { t: Suspended } }
      - resume: t
        expect: { routes: { t: Started } }
`,
    ));

  it('cuts a test that never ends, and says what it was doing', async () => {
    const found = await outcomes(
      start('- loopDoWhile: {}\n').replace('- loopDoWhile: {}', '- loop: { doWhile: true, constant: "true", steps: [ { setBody: { constant: x } } ] }'),
      'tests:\n  - { name: endless, limit: 300, send: { to: direct:start } }\n  - { name: next, send: { to: direct:start, as: x } }\n',
      { filter: 'endless' },
    );
    expect(found['endless']).to.match(/^the test did not end within 300 ms and was cut: it was at `send` in line 2; \d+ timers? and 1 message were under way, and the routes' clock stood at \d{4}-\d\d-\d\dT\S+$/);
  });

  it('says so when no reply can come', async () => {
    const found = await outcomes(start('- to: "http://shop.example"\n'), 'mocks: { "http://shop.example": { silent: true } }\ntests:\n  - { name: silent, send: { to: direct:start } }\n');
    expect(found['silent']).to.match(/^no reply came and nothing is under way that could bring one$/);
  });

  it('refuses a file that is wrong, with the place and what to write', async () => {
    const wrong: Record<string, RegExp> = {
      'tests:\n  - { name: a, send: { to: direct:start, body: a }, advance: 1s }\n': /^M0801 the test has both `send` and `advance`$/,
      'tests:\n  - { name: a }\n': /^M0802 the test does nothing/,
      'tests:\n  - { name: a, send: { body: a } }\n': /^M0803 `send` has no `to`$/,
      'tests:\n  - { name: a, steps: [ { await: x, reply: y } ] }\n': /^M0803 nothing was sent `as: x` before/m,
      'tests:\n  - { name: a, reply: x, expect: {} }\n': /^M0801 `reply` stands in a step that sends nothing$/,
      'tests:\n  - { name: a, sent: { to: direct:start } }\n': /^M0209|unknown option `sent`/,
      'tests:\n  - { name: a, send: { to: direct:start }, reply: { matches: "(" } }\n': /^M0803 `matches` is no regular expression/,
      'tests:\n  - { name: a, send: { to: direct:start, as: x }, reply: y }\n': /^M0801 `reply` stands in a step that does not wait/,
    };
    for (const [tests, message] of Object.entries(wrong)) expect((await outcomes(start('- to: mock:out\n'), tests))['file'], tests).to.match(message);
    expect((await outcomes(start('- to: mock:out\n'), 'tests:\n  - { name: a, send: { to: direct:start }, reply: { simple: "${" } }\n'))['a']).to.match(/^an expression of the test is wrong: simple: /);
    expect((await outcomes('- nonsense:\n', 'tests:\n  - { name: a, send: { to: direct:start } }\n'))['a']).to.match(/^the routes can not be loaded: there is no element `nonsense`/);
  });
});
