/** What a code of a complaint means, for the reference: one page a code. Codes are never used again for something else. */
export interface CodeEntry {
  readonly title: string;
  readonly explanation: string;
  /** What the two files below are called, where they are no routes. */
  readonly file?: string;
  /** A file that gives the complaint; absent where no file alone can. */
  readonly wrong?: string;
  readonly right?: string;
}

/** A route with these steps; written out where its structure is what is wrong. */
const routeFrom = (uri: string, steps: string): string => `- from:\n    uri: ${uri}\n    steps:\n${steps.replace(/^(?=.)/gm, '      ')}`;
const route = (steps: string): string => routeFrom('direct:start', steps);
const bean = (name: string, type: string): string => `- beans:\n    - name: ${name}\n      type: ${type}\n`;

export const codes: Readonly<Record<string, CodeEntry>> = {
  // M01xx: YAML and structure
  M0101: {
    title: 'The YAML can not be read',
    explanation: 'The file breaks a rule of YAML itself: a quote or bracket is not closed, or a character stands where it can not.',
    wrong: route('- to: "mock:out\n'),
    right: route('- to: "mock:out"\n'),
  },
  M0102: {
    title: 'A tab stands where indentation is wanted',
    explanation: 'YAML takes only blanks for indentation.',
    wrong: '- from:\n\turi: direct:start\n',
    right: '- from:\n    uri: direct:start\n    steps:\n      - to: mock:out\n',
  },
  M0103: {
    title: 'The indentation does not fit',
    explanation: 'A line starts at a column where nothing of the lines above it starts, so YAML can not tell what it belongs to.',
    wrong: '- from:\n    uri: direct:start\n   steps:\n      - to: mock:out\n',
    right: '- from:\n    uri: direct:start\n    steps:\n      - to: mock:out\n',
  },
  M0104: { title: 'The file has no routes', explanation: 'The file is empty, or holds only comments.', wrong: '# nothing yet\n', right: route('- to: mock:out\n') },
  M0105: {
    title: 'The file is not a list of elements',
    explanation: 'A file is a list: each route, bean or error handler starts with `- `. A mapping or a text at the top is read but nothing in it is used, as in Camel.',
    wrong: 'from:\n  uri: direct:start\n  steps:\n    - to: mock:out\n',
    right: route('- to: mock:out\n'),
  },
  M0106: {
    title: 'The file holds several YAML documents',
    explanation: 'One file is one document: `---` may stand only at its beginning.',
    wrong: `${route('- to: mock:a\n')}---\n${route('- to: mock:b\n')}`,
    right: route('- to: mock:a\n- to: mock:b\n'),
  },
  M0107: { title: 'A key is not a text', explanation: 'Keys of mappings are names. A list or mapping can not be one.', wrong: route('- setHeader:\n    name: a\n    constant: b\n    ? [c]\n    : d\n'), right: route('- setHeader:\n    name: a\n    constant: b\n') },
  M0108: {
    title: 'The file is too large, too deep, or repeats too much',
    explanation: 'Files are bounded in size and nesting, and so is what their aliases stand for: a small file can not make a huge one.',
    wrong: '- beans:\n    - name: a\n      type: "#class:a.mjs"\n      properties:\n        a: &a [x, x, x, x, x, x, x, x, x, x]\n        b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n        c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n        d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n        e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n',
    right: route('- setHeader: &kind { name: kind, constant: order }\n- setHeader: *kind\n'),
  },
  M0109: {
    title: 'An alias has no anchor',
    explanation: '`*name` repeats the value that `&name` marks earlier in the file.',
    wrong: route('- setHeader: *greeting\n'),
    right: route('- setHeader: &greeting { name: a, constant: x }\n- setHeader: *greeting\n'),
  },
  M0110: { title: 'Steps are not a list', explanation: 'Steps run one after the other, so they are a list: each starts with `- `.', wrong: '- from:\n    uri: direct:start\n    steps:\n      to: mock:out\n', right: route('- to: mock:out\n') },
  M0111: { title: 'A step is not a key with a value', explanation: 'A step is written as its name, a colon, and its options; `{}` when it has none.', wrong: route('- stop\n'), right: route('- stop: {}\n') },
  M0112: { title: 'A step stands outside of a route', explanation: 'Steps belong below the `steps` of a route. At the top level they are read, but not used, as in Camel.', wrong: '- to: mock:out\n', right: route('- to: mock:out\n') },
  M0113: {
    title: 'A Kubernetes resource can not be run',
    explanation: 'Files with a `kind` are Integration, Kamelet or Pipe resources; this one is of another kind, or lacks a part that its kind needs.',
    wrong: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n',
    right: 'apiVersion: camel.apache.org/v1\nkind: Integration\nmetadata:\n  name: x\nspec:\n  flows:\n    - from:\n        uri: direct:start\n        steps:\n          - to: mock:out\n',
  },
  M0114: {
    title: 'A list entry holds two steps',
    explanation: 'Each entry of a list of steps has one key, the name of the step. A second key is either another step that lacks its `- `, or an option that is not indented enough.',
    wrong: route('- setBody: { constant: x }\n  to: mock:out\n'),
    right: route('- setBody: { constant: x }\n- to: mock:out\n'),
  },
  M0115: { title: 'A mapping is missing', explanation: 'The options of this element stand below it as a mapping; a text alone does not say which option is meant.', wrong: route('- setBody: hello\n'), right: route('- setBody: { constant: hello }\n') },
  M0116: { title: 'A key is given twice', explanation: 'The last one counts, as in Camel.', wrong: '- from:\n    uri: direct:start\n    uri: direct:other\n    steps:\n      - to: mock:out\n', right: route('- to: mock:out\n') },
  M0117: {
    title: 'A list is missing',
    explanation: 'This option holds several entries, each starting with `- `.',
    wrong: route('- choice:\n    when:\n      simple: "${body}"\n      steps:\n        - to: mock:out\n'),
    right: route('- choice:\n    when:\n      - simple: "${body}"\n        steps:\n          - to: mock:out\n'),
  },
  M0118: {
    title: 'A property has no value',
    explanation: '`{{name}}` is filled in from the configuration before the route starts. Without a value there is nothing to fill in; `{{name:default}}` gives one, `{{?name}}` leaves the option out.',
    wrong: route('- to: "mock:{{destination}}"\n'),
    right: route('- to: "mock:{{destination:out}}"\n'),
  },
  M0119: {
    title: 'A property refers to itself',
    explanation: 'The value of a property holds a placeholder that leads back to it.',
    wrong: 'apiVersion: camel.apache.org/v1\nkind: Integration\nspec:\n  configuration:\n    - { type: property, value: "a={{b}}" }\n    - { type: property, value: "b={{a}}" }\n  flows:\n    - from:\n        uri: direct:start\n        steps:\n          - setBody: { constant: "{{a}}" }\n',
    right: 'apiVersion: camel.apache.org/v1\nkind: Integration\nspec:\n  configuration:\n    - { type: property, value: "a={{b}}" }\n    - { type: property, value: "b=hello" }\n  flows:\n    - from:\n        uri: direct:start\n        steps:\n          - setBody: { constant: "{{a}}" }\n',
  },
  M0120: { title: 'The braces of a placeholder do not match', explanation: '`{{` and `}}` come in pairs. In texts such as JSON, write a blank between two braces.', wrong: route('- setBody: { constant: "{{name" }\n'), right: route('- setBody: { constant: "{{name:x}}" }\n') },
  M0121: {
    title: 'A merge key is used',
    explanation: '`<<` is not part of the route language, in Camel neither.',
    wrong: route('- log: &first { message: a }\n- log: { <<: *first, message: b }\n'),
    right: route('- log: { message: a }\n- log: { message: b }\n'),
  },
  M0122: {
    title: 'Something is only for the operator of Camel K',
    explanation: 'Properties and variables that an Integration, a Pipe or a modeline sets are taken. The rest of `configuration`, `traits`, `dependencies` and their like tells the operator how to build and deploy: here nothing is built, and the manifest of the deployment says it.',
    wrong: 'apiVersion: camel.apache.org/v1\nkind: Integration\nmetadata:\n  name: x\nspec:\n  traits:\n    container:\n      limitMemory: 512Mi\n  flows:\n    - from:\n        uri: direct:start\n        steps:\n          - to: mock:out\n',
    right: 'apiVersion: camel.apache.org/v1\nkind: Integration\nmetadata:\n  name: x\nspec:\n  traits:\n    camel:\n      properties:\n        - greeting=hello\n  flows:\n    - from:\n        uri: direct:start\n        steps:\n          - to: mock:out\n',
  },
  M0123: {
    title: 'A reference of a Pipe leads nowhere',
    explanation: 'There is no cluster to ask where a resource is served. For brokers, channels and services of Knative a property says it, such as `knative.channel.orders.url`; for other resources write the endpoint itself.',
    wrong: 'apiVersion: camel.apache.org/v1\nkind: Pipe\nmetadata:\n  name: x\nspec:\n  source:\n    uri: timer:tick\n  sink:\n    ref:\n      kind: Channel\n      apiVersion: messaging.knative.dev/v1\n      name: orders\n',
    right: 'apiVersion: camel.apache.org/v1\nkind: Pipe\nmetadata:\n  name: x\nspec:\n  source:\n    uri: timer:tick\n  sink:\n    uri: mock:orders\n',
  },

  // M02xx: steps and options
  M0201: { title: 'There is no such step or element', explanation: 'The name is none that this runtime knows.', wrong: route('- frobnicate: {}\n'), right: route('- to: mock:out\n') },
  M0202: { title: 'The old spelling of a step', explanation: 'Names with dashes were given up in Camel 4: words are joined with capital letters.', wrong: route('- set-body:\n    constant: x\n'), right: route('- setBody:\n    constant: x\n') },
  M0203: {
    title: 'A step that is not supported yet',
    explanation: 'Camel has this step, this runtime does not.',
    wrong: route('- to: mock:a\n- a2aSubTask: {}\n'),
    right: route('- to: mock:a\n'),
  },
  M0204: {
    title: 'A part stands at the wrong place',
    explanation: 'Some names are only understood inside of another step, or only at the top level of the file.',
    wrong: route('- when:\n    simple: "${body}"\n    steps:\n      - to: mock:out\n'),
    right: route('- choice:\n    when:\n      - simple: "${body}"\n        steps:\n          - to: mock:out\n'),
  },
  M0205: { title: 'A value of the wrong kind', explanation: 'The option wants another kind of value, such as a number, `true` or `false`, or a duration.', wrong: route('- split:\n    simple: "${body}"\n    streaming: maybe\n    steps:\n      - to: mock:out\n'), right: route('- split:\n    simple: "${body}"\n    streaming: true\n    steps:\n      - to: mock:out\n') },
  M0206: { title: 'An option is missing', explanation: 'The step can not work without it.', wrong: route('- setHeader:\n    constant: x\n'), right: route('- setHeader:\n    name: a\n    constant: x\n') },
  M0207: { title: 'Not one of the values that there are', explanation: 'The option takes one of a few words. Letter case does not matter.', wrong: route('- log: { message: x, loggingLevel: LOUD }\n'), right: route('- log: { message: x, loggingLevel: WARN }\n') },
  M0208: {
    title: 'A deprecated option',
    explanation: 'It still works; the help says what to write instead.',
    wrong: route('- multicast:\n    parallelAggregate: true\n    steps:\n      - to: mock:out\n'),
    right: route('- multicast:\n    steps:\n      - to: mock:out\n'),
  },
  M0209: {
    title: 'There is no such data format',
    explanation: 'The name is none that this runtime knows.',
    wrong: route('- marshal: { jsn: {} }\n'),
    right: route('- marshal: { json: {} }\n'),
  },
  M0210: { title: 'A data format that is not supported yet', explanation: 'Camel has this data format, this runtime does not.', wrong: route('- marshal: { asn1: {} }\n'), right: route('- marshal: { json: {} }\n') },
  M0211: {
    title: 'A step stands among options',
    explanation: 'Steps inside of another step stand below its `steps`.',
    wrong: route('- filter:\n    simple: "${body}"\n    steps:\n      - to: mock:a\n    setBody: { constant: x }\n'),
    right: route('- filter:\n    simple: "${body}"\n    steps:\n      - to: mock:a\n      - setBody: { constant: x }\n'),
  },
  M0212: { title: 'There is no such option', explanation: 'The step or element does not know the option.', wrong: route('- log:\n    mesage: hello\n'), right: route('- log:\n    message: hello\n') },
  M0221: {
    title: 'Groups that are never complete',
    explanation: 'An aggregate needs at least one option that says when a group is complete: a size, a timeout, an interval or a predicate.',
    wrong: route('- aggregate:\n    correlationExpression: { header: customer }\n    aggregationStrategy: GroupedBodyAggregationStrategy\n    steps:\n      - to: mock:out\n'),
    right: route('- aggregate:\n    correlationExpression: { header: customer }\n    aggregationStrategy: GroupedBodyAggregationStrategy\n    completionTimeout: 1000\n    steps:\n      - to: mock:out\n'),
  },
  M0222: {
    title: 'Interval and timeout together',
    explanation: 'An interval completes all groups at once, a timeout each group when nothing came for it. One of them can be given.',
    wrong: route('- aggregate:\n    correlationExpression: { header: customer }\n    aggregationStrategy: GroupedBodyAggregationStrategy\n    completionTimeout: 1000\n    completionInterval: 1000\n    steps:\n      - to: mock:out\n'),
    right: route('- aggregate:\n    correlationExpression: { header: customer }\n    aggregationStrategy: GroupedBodyAggregationStrategy\n    completionTimeout: 1000\n    steps:\n      - to: mock:out\n'),
  },
  M0223: {
    title: 'A batch whose members may be dropped',
    explanation: 'A group that takes its size from a batch would wait for the member that was dropped.',
    wrong: route('- aggregate:\n    correlationExpression: { header: customer }\n    aggregationStrategy: GroupedBodyAggregationStrategy\n    completionFromBatchConsumer: true\n    discardOnAggregationFailure: true\n    steps:\n      - to: mock:out\n'),
    right: route('- aggregate:\n    correlationExpression: { header: customer }\n    aggregationStrategy: GroupedBodyAggregationStrategy\n    completionFromBatchConsumer: true\n    steps:\n      - to: mock:out\n'),
  },
  M0224: {
    title: 'Not an aggregation repository',
    explanation: 'The bean or class that is named does not keep groups.',
    wrong: bean('totals', 'java.util.HashMap') + route('- aggregate:\n    correlationExpression: { header: customer }\n    aggregationStrategy: GroupedBodyAggregationStrategy\n    completionSize: 2\n    aggregationRepository: totals\n    steps:\n      - to: mock:out\n'),
    right: bean('totals', 'java.util.HashMap') + route('- aggregate:\n    correlationExpression: { header: customer }\n    aggregationStrategy: GroupedBodyAggregationStrategy\n    completionSize: 2\n    steps:\n      - to: mock:out\n'),
  },
  M0225: {
    title: 'A saga step outside of all sagas that has something to complete',
    explanation: 'With the propagation NEVER or NOT_SUPPORTED the steps take part in no saga, so there is nothing to complete, to undo or to keep.',
    wrong: bean('sagaService', 'org.apache.camel.saga.InMemorySagaService') + routeFrom('direct:cancel', '- to: mock:cancelled\n') + route('- saga:\n    propagation: NEVER\n    compensation: direct:cancel\n    steps:\n      - to: mock:out\n'),
    right: bean('sagaService', 'org.apache.camel.saga.InMemorySagaService') + routeFrom('direct:cancel', '- to: mock:cancelled\n') + route('- saga:\n    propagation: REQUIRED\n    compensation: direct:cancel\n    steps:\n      - to: mock:out\n'),
  },
  M0226: {
    title: 'A step that takes in the whole route, in the wrong place',
    explanation: 'Such a step stands on the top level of a route, once. The steps beside it in the route belong to it, too.',
    wrong: bean('sagaService', 'org.apache.camel.saga.InMemorySagaService') + route('- filter:\n    simple: "${body}"\n    steps:\n      - saga:\n          steps:\n            - to: mock:out\n'),
    right: bean('sagaService', 'org.apache.camel.saga.InMemorySagaService') + route('- saga:\n    steps:\n      - filter:\n          simple: "${body}"\n          steps:\n            - to: mock:out\n'),
  },

  M0227: {
    title: 'A step that can not stand directly in another one',
    explanation: 'In Camel a route with it does not start. A `pipeline` around the step is enough.',
    wrong: route('- loadBalance:\n    roundRobinLoadBalancer: {}\n    steps:\n      - circuitBreaker:\n          steps:\n            - to: mock:out\n'),
    right: route('- loadBalance:\n    roundRobinLoadBalancer: {}\n    steps:\n      - pipeline:\n          steps:\n            - circuitBreaker:\n                steps:\n                  - to: mock:out\n'),
  },

  // M03xx: expressions and languages
  M0301: {
    title: 'An expression is wrong',
    explanation: 'The source text is not right in its language; the caret shows where.',
    wrong: route('- setBody: { simple: "${bdy}" }\n'),
    right: route('- setBody: { simple: "${body}" }\n'),
  },
  M0302: {
    title: 'An expression can not be compiled',
    explanation: 'The source text may be right, but something that it refers to is missing.',
    wrong: route('- setBody: { simple: "resource:file:greeting.txt" }\n'),
    right: route('- setBody: { simple: "Hello ${body}" }\n'),
  },
  M0303: {
    title: '`orderBy` gives its value later',
    explanation: 'The lane of a message must be known when it comes in: an asynchronous language can not tell it in time.',
    wrong: '- from:\n    uri: direct:start\n    orderBy: { jsonata: customer }\n    steps:\n      - to: mock:out\n',
    right: '- from:\n    uri: direct:start\n    orderBy: { header: customer }\n    steps:\n      - to: mock:out\n',
  },
  M0310: {
    title: '`onPrepare` names no processor',
    explanation: 'It must be a function, or an object with a method `process`.',
    wrong: bean('totals', 'java.util.HashMap') + route('- multicast:\n    onPrepare: totals\n    steps:\n      - to: mock:out\n'),
    right: bean('totals', 'java.util.HashMap') + route('- multicast:\n    steps:\n      - to: mock:out\n'),
  },
  M0311: {
    title: '`timeout` without `parallelProcessing`',
    explanation: 'A time limit for branches works only when they run side by side.',
    wrong: route('- multicast:\n    timeout: 1000\n    steps:\n      - to: mock:a\n      - to: mock:b\n'),
    right: route('- multicast:\n    timeout: 1000\n    parallelProcessing: true\n    steps:\n      - to: mock:a\n      - to: mock:b\n'),
  },
  M0312: {
    title: 'Options that exclude each other',
    explanation: 'Stopping at the first failure leaves nothing for a threshold of failures to count.',
    wrong: route('- split:\n    simple: "${body}"\n    stopOnException: true\n    maxFailedRecords: 3\n    steps:\n      - to: mock:out\n'),
    right: route('- split:\n    simple: "${body}"\n    maxFailedRecords: 3\n    steps:\n      - to: mock:out\n'),
  },
  M0313: {
    title: 'A watermark needs two options',
    explanation: '`resumeStrategy` says where the last value is kept, `watermarkKey` under which name: one without the other does nothing.',
    wrong: route('- split:\n    simple: "${body}"\n    watermarkKey: last\n    steps:\n      - to: mock:out\n'),
    right: route('- split:\n    simple: "${body}"\n    watermarkKey: last\n    resumeStrategy: "#store"\n    steps:\n      - to: mock:out\n'),
  },
  M0314: {
    title: 'Not a resume strategy',
    explanation: 'The bean has no methods to read and write the last value.',
    wrong: bean('seen', 'org.apache.camel.support.processor.idempotent.MemoryIdempotentRepository') + route('- split:\n    simple: "${body}"\n    watermarkKey: last\n    resumeStrategy: seen\n    steps:\n      - to: mock:out\n'),
    right: bean('seen', 'org.apache.camel.support.processor.idempotent.MemoryIdempotentRepository') + route('- split:\n    simple: "${body}"\n    watermarkKey: last\n    resumeStrategy: "#store"\n    steps:\n      - to: mock:out\n'),
  },
  M0315: {
    title: 'An empty delimiter',
    explanation: 'A text can not be cut at nothing.',
    wrong: route('- split:\n    simple: "${body}"\n    delimiter: ""\n    steps:\n      - to: mock:out\n'),
    right: route('- split:\n    simple: "${body}"\n    delimiter: "false"\n    steps:\n      - to: mock:out\n'),
  },
  M0316: {
    title: 'Options that exclude each other',
    explanation: 'Only one of them can be meant: messages are put in order in batches or in a stream, a failure is handled or the route goes on.',
    wrong: route('- resequence:\n    simple: "${header.number}"\n    batchConfig: { batchSize: 10 }\n    streamConfig: { capacity: 10 }\n    steps:\n      - to: mock:out\n'),
    right: route('- resequence:\n    simple: "${header.number}"\n    batchConfig: { batchSize: 10 }\n    steps:\n      - to: mock:out\n'),
  },
  M0317: {
    title: 'A tokenizer that can not cut',
    explanation: 'A tokenizer cuts into one kind of parts, with sizes in characters, and segments that share less than they hold.',
    wrong: route('- tokenizer:\n    langChain4jWordTokenizer: { tokenizerType: OPEN_AI, maxTokens: 100, maxOverlap: 10, modelName: gpt-4o-mini }\n'),
    right: route('- tokenizer:\n    langChain4jWordTokenizer: { tokenizerType: OPEN_AI, maxTokens: 400, maxOverlap: 40 }\n'),
  },
  M0321: { title: 'There is no such expression language', explanation: 'The name is none that this runtime knows.', wrong: route('- setBody:\n    expression:\n      simpel: x\n'), right: route('- setBody:\n    expression:\n      simple: x\n') },
  M0322: { title: 'Two expressions', explanation: 'One expression is wanted here.', wrong: route('- setBody:\n    constant: a\n    simple: b\n'), right: route('- setBody:\n    constant: a\n') },
  M0323: { title: 'An expression is missing', explanation: 'The step needs an expression: the name of a language, with the source text as its value.', wrong: route('- setBody: {}\n'), right: route('- setBody: { constant: x }\n') },
  M0324: { title: 'An expression does not name its language', explanation: 'A text alone could be in any language.', wrong: route('- setBody:\n    expression: hello\n'), right: route('- setBody:\n    expression:\n      constant: hello\n') },
  M0325: { title: 'An expression language that is not supported yet', explanation: 'Camel has this language, this runtime does not.', wrong: route('- setBody:\n    groovy: 1 + 1\n'), right: route('- setBody:\n    simple: "${body}"\n') },

  // M04xx: endpoints and connectors
  M0401: { title: 'There is no such connector', explanation: 'A URI starts with the name of a connector and a colon.', wrong: route('- to: mcok:thing\n'), right: route('- to: mock:thing\n') },
  M0402: {
    title: 'A connector that is not built in',
    explanation: 'Camel has this connector, this runtime does not. The message says what to write in its place.',
    wrong: route('- to: "jms:queue:orders"\n'),
    right: route('- to: "rabbitmq:orders"\n'),
  },
  M0403: {
    title: 'The endpoint has no URI',
    explanation: 'The URI is empty.',
    wrong: route('- to: ""\n'),
    right: route('- to: mock:out\n'),
  },
  M0404: {
    title: 'Nothing comes from this endpoint',
    explanation: 'The connector can only be sent to; a route can not start from it.',
    wrong: routeFrom('micrologic:prices', '- to: mock:out\n'),
    right: routeFrom('timer:start', '- to: micrologic:prices\n'),
  },
  M0405: {
    title: 'Nothing can be sent to this endpoint',
    explanation: 'The connector can only be consumed from; a step can not send to it.',
    wrong: route('- to: timer:tick\n'),
    right: route('- to: mock:out\n'),
  },
  M0406: { title: 'A part of the URI is missing', explanation: 'The endpoint can not work without it.', wrong: route('- to: "direct:"\n'), right: route('- to: direct:other\n') },
  M0407: { title: 'A value that an option of the endpoint does not take', explanation: 'The option wants another kind of value, or is given twice.', wrong: route('- to: "seda:x?size=many"\n'), right: route('- to: "seda:x?size=100"\n') },
  M0408: { title: 'The query of a URI can not be read', explanation: 'Parameters stand after `?`, as `name=value` with `&` between them.', wrong: route('- to: "log:x?level=INFO&"\n'), right: route('- to: "log:x?level=INFO"\n') },
  M0409: { title: 'The endpoint has no such option', explanation: 'The connector does not know the parameter.', wrong: route('- to: "seda:out?sise=1"\n'), right: route('- to: "seda:out?size=1"\n') },
  M0410: {
    title: 'Parameters in two places',
    explanation: 'The parameters of an endpoint stand in its URI or under `parameters`, not in both.',
    wrong: route('- to: { uri: "mock:c?retainFirst=1", parameters: { reportGroup: 5 } }\n'),
    right: route('- to: { uri: "mock:c", parameters: { retainFirst: 1, reportGroup: 5 } }\n'),
  },
  M0411: {
    title: 'A property of a component that means nothing',
    explanation: 'Properties `camel.component.NAME.OPTION` are the options of all endpoints of a connector that do not say otherwise, and `camel.rest.OPTION` those of `restConfiguration`. This one names no connector, or no option.',
    file: 'mecha.yaml',
    wrong: 'properties: { camel.component.kafka.max-pol-records: 100 }\n',
    right: 'properties: { camel.component.kafka.max-poll-records: 100 }\n',
  },
  M0412: {
    title: "A property of Camel's main program that does nothing here",
    explanation: 'Properties `camel.main.*`, `camel.rest.*`, `camel.beans.*` and their like say for a whole program what YAML says for a route. Most do here what they do in Camel; what makes a difference that is not made here is a warning, and what Camel does not know either is an error.',
    file: 'mecha.yaml',
    wrong: 'properties: { camel.main.autoStartupp: false }\n',
    right: 'properties: { camel.main.autoStartup: false }\n',
  },

  // M05xx: beans and references
  M0501: {
    title: 'A reference leads nowhere',
    explanation: 'There is no bean of that name, or it is not what is wanted here.',
    wrong: route('- idempotentConsumer:\n    idempotentRepository: seen\n    header: id\n    steps:\n      - to: mock:out\n'),
    right: bean('seen', 'org.apache.camel.support.processor.idempotent.MemoryIdempotentRepository') + route('- idempotentConsumer:\n    idempotentRepository: seen\n    header: id\n    steps:\n      - to: mock:out\n'),
  },
  M0502: {
    title: 'A bean can not be made',
    explanation: 'Its class or module is not known, or refuses its properties.',
    wrong: bean('prices', 'com.example.Prices'),
    right: bean('prices', 'java.util.HashMap'),
  },
  M0503: {
    title: 'A module is missing',
    explanation: 'The file that the bean names does not exist.',
    wrong: bean('prices', '"#module:./prices.mjs"'),
    right: bean('prices', 'java.util.HashMap'),
  },
  M0504: { title: 'A module can not be loaded', explanation: 'The file exists but fails while it is loaded.' },
  M0505: { title: 'A bean is no processor', explanation: 'It must be a function, or an object with a method `process`.' },
  M0506: {
    title: 'There is no such exception class',
    explanation: 'A class is named with its package, as Java does (`java.io.IOException`). One that neither Java, Camel nor a library of theirs has, and no part of Mecha fails with, would never be caught, and could not be thrown. Error classes of your own JavaScript modules have no package.',
    wrong: '- onException:\n    exception: [ java.io.IOExeption ]\n    handled: { constant: "true" }\n' + route('- to: mock:out\n'),
    right: '- onException:\n    exception: [ java.io.IOException ]\n    handled: { constant: "true" }\n' + route('- to: mock:out\n'),
  },
  M0507: {
    title: 'A second resource in a transaction',
    explanation: 'A transaction is of one resource: a database, the brokers of Kafka, or those of AMQP. What its steps do with another would be neither committed nor rolled back with it. In a transaction of a database it is a warning, because routes of Camel do so.',
    wrong: '- beans:\n    - name: orders\n      type: org.apache.commons.dbcp2.BasicDataSource\n      properties: { url: "jdbc:sqlite::memory:" }\n    - name: rabbit\n      type: org.springframework.amqp.rabbit.connection.CachingConnectionFactory\n      properties: { host: localhost }\n    - name: manager\n      type: org.springframework.amqp.rabbit.transaction.RabbitTransactionManager\n      constructors: { 0: "#bean:rabbit" }\n    - name: required\n      type: org.apache.camel.spring.spi.SpringTransactionPolicy\n      properties: { transactionManager: "#bean:manager" }\n' + route('- policy:\n    ref: required\n    steps:\n      - to: "sql:select 1?dataSource=#orders"\n'),
    right: '- beans:\n    - name: orders\n      type: org.apache.commons.dbcp2.BasicDataSource\n      properties: { url: "jdbc:sqlite::memory:" }\n    - name: rabbit\n      type: org.springframework.amqp.rabbit.connection.CachingConnectionFactory\n      properties: { host: localhost }\n    - name: manager\n      type: org.springframework.amqp.rabbit.transaction.RabbitTransactionManager\n      constructors: { 0: "#bean:rabbit" }\n    - name: required\n      type: org.apache.camel.spring.spi.SpringTransactionPolicy\n      properties: { transactionManager: "#bean:manager" }\n' + route('- to: "sql:select 1?dataSource=#orders"\n- policy:\n    ref: required\n    steps:\n      - to: mock:out\n'),
  },

  // M06xx: routes, ids and the start of the runtime
  M0601: { title: 'Two routes have one id', explanation: 'Ids name routes in logs, metrics and state, so each is used once.', wrong: '- route:\n    id: same\n    from:\n      uri: direct:a\n      steps:\n        - to: mock:a\n- route:\n    id: same\n    from:\n      uri: direct:b\n      steps:\n        - to: mock:b\n', right: '- route:\n    id: one\n    from:\n      uri: direct:a\n      steps:\n        - to: mock:a\n- route:\n    id: two\n    from:\n      uri: direct:b\n      steps:\n        - to: mock:b\n' },
  M0602: {
    title: 'Two steps have one id',
    explanation: 'Ids name steps in logs, metrics and state, so each is used once.',
    wrong: route('- to: { id: out, uri: mock:a }\n- to: { id: out, uri: mock:b }\n'),
    right: route('- to: { id: first, uri: mock:a }\n- to: { id: second, uri: mock:b }\n'),
  },
  M0603: {
    title: 'Two routes have one place in the start order',
    explanation: 'Routes start one after the other by `startupOrder`; two of one number would have none.',
    wrong: '- route:\n    startupOrder: 1\n    from:\n      uri: direct:a\n      steps:\n        - to: mock:a\n- route:\n    startupOrder: 1\n    from:\n      uri: direct:b\n      steps:\n        - to: mock:b\n',
    right: '- route:\n    startupOrder: 1\n    from:\n      uri: direct:a\n      steps:\n        - to: mock:a\n- route:\n    startupOrder: 2\n    from:\n      uri: direct:b\n      steps:\n        - to: mock:b\n',
  },
  M0604: {
    title: '`onException` names no exception',
    explanation: 'It must say which failures it is for.',
    wrong: '- onException:\n    handled: { constant: "true" }\n' + route('- to: mock:out\n'),
    right: '- onException:\n    exception: [ java.lang.Exception ]\n    handled: { constant: "true" }\n' + route('- to: mock:out\n'),
  },
  M0605: {
    title: 'An element stands after the routes',
    explanation: 'Error handling and interception are declared before the routes that they are for, as in Camel.',
    wrong: `${route('- to: mock:out\n')}- onException:\n    exception: [ "java.lang.Exception" ]\n    steps:\n      - to: mock:failed\n`,
    right: `- onException:\n    exception: [ "java.lang.Exception" ]\n    steps:\n      - to: mock:failed\n${route('- to: mock:out\n')}`,
  },
  M0606: {
    title: 'There is no such route template',
    explanation: 'No `routeTemplate` and no kamelet has the id that is named.',
    wrong: '- routeTemplate:\n    id: greeter\n    parameters:\n      - name: name\n    from:\n      uri: direct:{{name}}\n      steps:\n        - to: mock:out\n- templatedRoute:\n    routeTemplateRef: greter\n    parameters:\n      - { name: name, value: ann }\n',
    right: '- routeTemplate:\n    id: greeter\n    parameters:\n      - name: name\n    from:\n      uri: direct:{{name}}\n      steps:\n        - to: mock:out\n- templatedRoute:\n    routeTemplateRef: greeter\n    parameters:\n      - { name: name, value: ann }\n',
  },
  M0607: {
    title: 'Parameters of a template are missing',
    explanation: 'The template has parameters without a default value, and the route that is made from it does not give them.',
    wrong: '- routeTemplate:\n    id: greeter\n    parameters:\n      - name: name\n    from:\n      uri: direct:{{name}}\n      steps:\n        - to: mock:out\n- templatedRoute:\n    routeTemplateRef: greeter\n',
    right: '- routeTemplate:\n    id: greeter\n    parameters:\n      - name: name\n    from:\n      uri: direct:{{name}}\n      steps:\n        - to: mock:out\n- templatedRoute:\n    routeTemplateRef: greeter\n    parameters:\n      - { name: name, value: ann }\n',
  },
  M0608: {
    title: 'Kamelets go round in circles',
    explanation: 'The route of a kamelet uses the kamelet itself, or one that leads back to it.',
  },
  M0610: { title: 'A port is in use', explanation: 'Another program, or another instance of this one, listens on it.' },
  M0611: { title: 'A route can not start', explanation: 'Its consumer refuses to start; the message says why.' },
  M0612: { title: 'The runtime is stopping', explanation: 'Routes that are given to it now are not taken any more.' },
  M0613: {
    title: 'The catalogue of kamelets can not be read',
    explanation: 'The setting `kamelets` names something that is neither a folder nor a jar or zip archive.',
  },
  M0615: {
    title: '`onException` does not say what to do',
    explanation: 'It names exceptions, and nothing that happens to them: no steps, nothing handled or continued, no redelivery.',
    wrong: '- onException:\n    exception: [ java.lang.Exception ]\n' + route('- to: mock:out\n'),
    right: '- onException:\n    exception: [ java.lang.Exception ]\n    handled: { constant: "true" }\n' + route('- to: mock:out\n'),
  },
  M0620: {
    title: 'Two `rest` verbs go to one route',
    explanation: 'A verb makes the `direct:` route that it goes to its own, unless `inlineRoutes` is off; a second verb finds nothing there.',
    wrong: '- rest:\n    path: /orders\n    get:\n      - { path: "/{id}", to: direct:order }\n    post:\n      - { to: direct:order }\n' + routeFrom('direct:order', '- to: mock:out\n'),
    right: '- rest:\n    path: /orders\n    get:\n      - { path: "/{id}", to: direct:order }\n' + routeFrom('direct:order', '- to: mock:out\n'),
  },
  M0621: {
    title: 'XML bodies can not be bound',
    explanation: 'Binding XML needs classes to bind to; the route itself can unmarshal it.',
    wrong: '- rest:\n    path: /orders\n    bindingMode: xml\n    post:\n      - { to: direct:order }\n' + routeFrom('direct:order', '- to: mock:out\n'),
    right: '- rest:\n    path: /orders\n    bindingMode: off\n    post:\n      - { to: direct:order }\n' + routeFrom('direct:order', '- to: mock:out\n'),
  },
  M0622: {
    title: 'A service can not be made from an OpenAPI document',
    explanation: 'The document can not be read, or no `direct:` route answers one of its operations.',
    wrong: '- rest:\n    openApi: { specification: orders.json }\n' + routeFrom('direct:order', '- to: mock:out\n'),
    right: '- rest:\n    path: /orders\n    post:\n      - { to: direct:order }\n' + routeFrom('direct:order', '- to: mock:out\n'),
  },

  M0623: {
    title: 'Two verbs of `rest` serve one path',
    explanation: 'A request is answered by one of them; nothing would ever come to the other.',
    wrong: '- rest:\n    path: /orders\n    get:\n      - { path: "/{id}", to: "direct:order" }\n      - { path: "/{id}", to: "mock:other" }\n' + routeFrom('direct:order', '- to: mock:out\n'),
    right: '- rest:\n    path: /orders\n    get:\n      - { path: "/{id}", to: "direct:order" }\n      - { path: "/{id}/lines", to: "mock:other" }\n' + routeFrom('direct:order', '- to: mock:out\n'),
  },

  // M07xx: configuration and files
  M0701: { title: 'There is no such configuration file', explanation: 'The file that was named does not exist.' },
  M0702: {
    title: 'The configuration can not be read',
    explanation: 'The configuration file breaks a rule of YAML.',
    file: 'mecha.yaml',
    wrong: 'http: { port: 8080\n',
    right: 'http: { port: 8080 }\n',
  },
  M0703: {
    title: 'The configuration is not a mapping',
    explanation: 'The configuration file holds settings by name.',
    file: 'mecha.yaml',
    wrong: '- 8080\n',
    right: 'http: { port: 8080 }\n',
  },
  M0704: {
    title: 'There is no such setting',
    explanation: 'The name is none that this runtime knows.',
    file: 'mecha.yaml',
    wrong: 'http: { prot: 8080 }\n',
    right: 'http: { port: 8080 }\n',
  },
  M0705: {
    title: 'A setting of the wrong kind',
    explanation: 'The setting wants another kind of value.',
    file: 'mecha.yaml',
    wrong: 'http: { port: eighty }\n',
    right: 'http: { port: 8080 }\n',
  },
  M0706: { title: 'There is no such route file', explanation: 'The path or pattern that was given names no file.' },
  M0707: { title: 'Route files are too large', explanation: 'Files are bounded, each and all together, so that a wrong path does not fill the memory: all that are named together may have 8 MB, unless `routeFiles.maxBytes` says otherwise, and none of them more than 16 MB, whatever that says.' },
  M0708: { title: 'A route file is no text', explanation: 'Routes are written in YAML, as UTF-8 text.' },
  M0709: { title: 'A route file can not be read', explanation: 'The system refuses it; the message says why.' },
  M0711: { title: 'A setting that only a start can take', explanation: 'The configuration was read again while the program runs. Most of it is taken at once; what sockets, stores and connections are made from is taken at the next start.' },
  M0712: {
    title: 'The state folder is of a later version',
    explanation: 'The store in it says by which format it was written, and this version of Mecha does not know that one: reading on could lose or repeat messages. A store of an earlier version is taken over.',
  },
  M0713: { title: 'Routes in another language do not run', explanation: 'A folder of routes holds some in Java, XML, Groovy or Kotlin, which Camel would run, too. Here only YAML is read: `mecha migrate FOLDER` says file by file what becomes of them.' },
  M0710: { title: 'The state folder can not be used', explanation: 'It can not be written, another instance uses it, or what lies in it is damaged: the message says which, and names the process or the file.' },

  // M08xx: tests of routes
  M0801: {
    title: 'A step of a test does two things',
    explanation: 'Each step of a test sends, waits or changes one thing, so that their order is clear; `reply` belongs to what was sent.',
    file: 'orders.test.yaml',
    wrong: 'routes: [ hello.yaml ]\ntests:\n  - name: greets\n    send: { to: direct:hello, body: Ann }\n    advance: 1s\n    reply: Hello Ann\n',
    right: 'routes: [ hello.yaml ]\ntests:\n  - name: greets\n    steps:\n      - send: { to: direct:hello, body: Ann }\n        reply: Hello Ann\n      - advance: 1s\n',
  },
  M0802: {
    title: 'A test does nothing',
    explanation: 'It sends nothing and expects nothing, so it could never fail.',
    file: 'orders.test.yaml',
    wrong: 'routes: [ hello.yaml ]\ntests:\n  - name: greets\n',
    right: 'routes: [ hello.yaml ]\ntests:\n  - name: greets\n    send: { to: direct:hello, body: Ann }\n    reply: Hello Ann\n',
  },
  M0803: {
    title: 'A step of a test does not say what it needs',
    explanation: 'The message has no destination, two bodies, or waits for a reply that nobody asked for.',
    file: 'orders.test.yaml',
    wrong: 'routes: [ hello.yaml ]\ntests:\n  - name: greets\n    send: { body: Ann }\n    reply: Hello Ann\n',
    right: 'routes: [ hello.yaml ]\ntests:\n  - name: greets\n    send: { to: direct:hello, body: Ann }\n    reply: Hello Ann\n',
  },
  M0804: {
    title: 'Nothing says which routes are tested',
    explanation: 'A test file names its routes, or has the name of a routes file beside it: `orders.test.yaml` tests `orders.yaml`.',
    file: 'orders.test.yaml',
    wrong: 'tests:\n  - name: greets\n    send: { to: direct:hello, body: Ann }\n    reply: Hello Ann\n',
    right: 'routes: [ hello.yaml ]\ntests:\n  - name: greets\n    send: { to: direct:hello, body: Ann }\n    reply: Hello Ann\n',
  },
  M0805: { title: 'Snapshots can not be read or written', explanation: 'The file beside the test file that holds its snapshots is damaged, or with `--update` its folder can not be written.' },
  M0806: {
    title: 'The thread of the tests broke',
    explanation: 'Tests run in a thread of their own. It ended, or threw, before or between the tests of this file: by what a module of an earlier test left behind (a timer, a listener), as a rule.',
  },
  M0807: {
    title: 'Two tests have one name',
    explanation: 'Reports, `--filter` and snapshots find a test of a file by its name.',
    file: 'orders.test.yaml',
    wrong: 'routes: [ hello.yaml ]\ntests:\n  - name: greets\n    send: { to: direct:hello, body: Ann }\n    reply: Hello Ann\n  - name: greets\n    send: { to: direct:hello, body: Bob }\n    reply: Hello Bob\n',
    right: 'routes: [ hello.yaml ]\ntests:\n  - name: greets Ann\n    send: { to: direct:hello, body: Ann }\n    reply: Hello Ann\n  - name: greets Bob\n    send: { to: direct:hello, body: Bob }\n    reply: Hello Bob\n',
  },
  M0808: { title: 'Tests can not have a folder', explanation: 'What a test writes goes into an empty folder below that for temporary files, which the variable `TMPDIR` of the environment names (`TEMP` on Windows). It is not there, can not be written, or its disk is full.' },
  // M09xx: lints of `mecha validate`: what runs, but is hardly meant
  M0901: {
    title: 'A route that nobody feeds',
    explanation:
      'The route starts from an endpoint that only other routes can send to, and nothing in the files that were checked does, while others of its kind are fed. It may be meant for a program that embeds the runtime, or for `mecha send`; else it is left over, or a name is misspelt.',
    wrong: routeFrom('timer:tick', '- to: mock:out\n') + routeFrom('direct:left-over', '- to: mock:never\n'),
    right: routeFrom('timer:tick', '- to: direct:left-over\n') + routeFrom('direct:left-over', '- to: mock:out\n'),
  },
  M0902: {
    title: 'A call of a route that there is not',
    explanation: 'What is sent there fails: no route in the files that were checked starts from this endpoint. Check the files of one program together.',
    wrong: route('- to: direct:ordres\n') + routeFrom('direct:orders', '- to: mock:out\n'),
    right: route('- to: direct:orders\n') + routeFrom('direct:orders', '- to: mock:out\n'),
  },
  M0903: {
    title: 'Steps that are never reached',
    explanation: 'The step before them ends the route, or fails every message.',
    wrong: route('- stop: {}\n- to: mock:out\n'),
    right: route('- filter:\n    simple: "${body} == null"\n    steps:\n      - stop: {}\n- to: mock:out\n'),
  },
  M0904: {
    title: 'A secret in clear text',
    explanation: 'Whoever may read the file knows it, and so does the history of the repository. Write a placeholder that is filled in from the environment or from a mounted file.',
    wrong: route('- to: "http:example.com/orders?authMethod=Basic&authUsername=shop&authPassword=tiger7"\n'),
    right: route('- to: "http:example.com/orders?authMethod=Basic&authUsername=shop&authPassword=RAW({{env:ORDERS_PASSWORD:}})"\n'),
  },
  M0905: {
    title: 'A form that Camel has given up',
    explanation: 'It still works, and may be gone in a later version; the help says what to write.',
    wrong: 'apiVersion: camel.apache.org/v1\nkind: KameletBinding\nmetadata:\n  name: copy\nspec:\n  source:\n    uri: timer:tick\n  sink:\n    uri: mock:out\n',
    right: 'apiVersion: camel.apache.org/v1\nkind: Pipe\nmetadata:\n  name: copy\nspec:\n  source:\n    uri: timer:tick\n  sink:\n    uri: mock:out\n',
  },
  M0906: {
    title: 'An option without effect',
    explanation: 'Camel knows the option, and it is taken, but nothing here depends on it; the help says why, and what does its work.',
    wrong: '- from:\n    uri: kafka:orders\n    parameters:\n      brokers: localhost:9092\n      groupInstanceId: one\n    steps:\n      - log: "${body}"\n',
    right: '- from:\n    uri: kafka:orders\n    parameters:\n      brokers: localhost:9092\n    steps:\n      - log: "${body}"\n',
  },
};
