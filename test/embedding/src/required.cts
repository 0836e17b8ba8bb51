// CommonJS: Node 20.19 and later can require an ES module that has no await at its top level.
import mechaRuntime = require('mecha-runtime');

const { Mecha } = mechaRuntime;

void (async () => {
  const mecha = await Mecha.start({ configuration: null, settings: { 'management.enabled': false, 'state.store': 'memory' }, routes: '- from:\n    uri: direct:a\n    steps:\n      - setBody: { simple: "required ${body}" }\n' });
  console.log(await mecha.request('direct:a', 'it'));
  await mecha.stop();
})();
