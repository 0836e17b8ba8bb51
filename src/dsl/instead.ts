/** What stands in for a language or data format of Camel's that no engine exists for here: printed as the help of the load error. */
const module = 'or a JavaScript module: a bean `type: "#module:./x.mjs"`, called with `method`';
const called = '(a bean `type: "#module:./x.mjs"`, called with `bean`)';

export const insteadOfLanguage: Readonly<Record<string, string>> = {
  groovy: `no Groovy runs without a JVM: write it in \`js\` or \`simple\`, ${module}`,
  java: `no Java runs without a JVM: write it in \`js\` or \`simple\`, ${module}`,
  joor: `no Java runs without a JVM: write it in \`js\` or \`simple\`, ${module}`,
  jactl: `its engine needs a JVM: write it in \`js\`, ${module}`,
  mvel: `MVEL calls Java: write it in \`simple\` or \`js\`, ${module}`,
  ognl: 'Simple reads the same paths: `simple: "${body.address.street}"`; or write it in `js`',
  spel: 'SpEL calls Java: `#{body}` is `${body}` in `simple`; or write it in `js`',
  csimple: '`simple` takes the same text, and is compiled as well',
  datasonnet: 'its engine is written in Scala, and there is none outside the JVM: write the transformation in `jsonata` or `jq`',
  hl7terser: 'unmarshal with `hl7`: its body has `segments`, maps with `name` and the fields by their number, which `simple`, `jsonata` and `jq` read',
  wasm: 'there is no such host here: load the module in JavaScript: a bean `type: "#module:./x.mjs"`, called with `method`',
  xquery: `use \`xpath\` (1.0) or \`xslt:\`; or XPath 3.1 and XQuery in a JavaScript module with \`fontoxpath\` ${called}`,
};

export const insteadOfDataFormat: Readonly<Record<string, string>> = {
  asn1: `ASN.1 maps to Java classes that a schema was compiled to: read it in a JavaScript module with \`asn1js\` ${called}`,
  barcode: `it turns texts into pictures and back: call a JavaScript module with \`bwip-js\`, which draws them, or \`zxing-wasm\`, which reads them, too ${called}`,
  beanio: 'BeanIO maps to Java classes: use `csv`, or `univocityFixed` for columns of fixed length',
  bindy: 'Bindy maps to Java classes: use `univocityFixed` (columns of fixed length, in `univocityHeader`) or `univocityCsv`, with `asMap: true`',
  dfdl: 'there is no library for it outside Java: cut the text with `univocityFixed`, `csv` or `js`',
  fhirJson: 'FHIR resources are JSON: use `json`',
  fhirXml: 'use `jacksonXml`, which gives maps',
  flatpack: 'use `csv`, or `univocityFixed` for columns of fixed length',
  fory: 'Fory serialises Java objects: use `cbor` or `json`',
  grok: 'cut the line with `simple` or a regular expression in `js`',
  groovyJson: 'use `json`',
  groovyXml: 'use `jacksonXml`, which gives maps',
  iso8583: `its fields are laid out by a file of j8583, which nothing outside Java reads: call a JavaScript module ${called}`,
  jaxb: 'JAXB maps to Java classes: use `jacksonXml`, which gives maps, or `xpath`',
  jsonApi: 'use `json`: a JSON:API document is a map with `data` and `included`',
  ocsf: 'OCSF events are JSON: use `json`',
  parquetAvro: `call a JavaScript module with \`hyparquet\` and \`hyparquet-writer\` ${called}, or use \`avro\``,
  pqc: `its keys are Java key pairs in the registry: call a JavaScript module with \`@noble/post-quantum\` ${called}; \`crypto\` encrypts with AES-GCM`,
  smooks: `Smooks is configured for Java: use \`jacksonXml\`, \`csv\` or \`jsonata\`; for EDIFACT and X12 call a JavaScript module with \`edifact\` or \`node-x12\` ${called}`,
  syslog: 'cut the line with `simple` or a regular expression in `js`',
  swiftMt: `there is no kept library for it outside Java: take the fields out in \`js\`, ${module}`,
  swiftMx: 'SWIFT MX messages are XML: use `jacksonXml` or `xpath`',
  thrift: 'there is no kept library that reads a Thrift schema when routes are loaded: use `protobuf` or `avro`',
};

/** The same of steps: one of Camel's that is not here, and those that Camel has no more. */
export const insteadOfStep: Readonly<Record<string, string>> = {
  a2aSubTask: 'it tells agents how a task of theirs goes: write its steps without it, or in a `step`',
  serviceCall: 'Camel has it no more: write `toD: "http://{{orders.host}}/..."`, with the address in a property, or a name that DNS knows',
  inOnly: 'Camel has it no more: write `to: { uri: ..., pattern: InOnly }`',
  inOut: 'Camel has it no more: write `to: { uri: ..., pattern: InOut }`',
  hystrix: 'Camel has it no more: write `circuitBreaker`',
  hystrixConfiguration: 'Camel has it no more: write `circuitBreaker` with `resilience4jConfiguration`',
  resilience4jConfiguration: 'it is an option: put it beside the `steps` of the `circuitBreaker`, not among them',
  setOutHeader: 'Camel has it no more: write `setHeader`',
  setFaultBody: 'Camel has it no more: write `setBody`, or `throwException` for a failure',
  removeFaultHeader: 'Camel has it no more: write `removeHeader`',
  switch: 'write `choice` with a `when` for each case',
  whenSkipSendToEndpoint: 'write `skipSendToOriginalEndpoint: true` in `interceptSendToEndpoint`',
};
