import { isByteSource, isContent, isPlainMap, toText } from '../core/conversion/convert.ts';
import { parseJson, writeJson } from '../core/conversion/json.ts';
import { XmlNode, XmlNodeList } from '../core/conversion/xml.ts';
import { readStream } from '../core/conversion/stream.ts';
import { defineLanguage } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { Thread } from '../core/thread.ts';

const library = '@micropython/micropython-webassembly-pyscript';
const longestMillis = 5000;

/** What a script sees, in its own words; and how one is evaluated: an expression has a value, statements have none. */
const prelude = String.raw`
import json as _json
import sys as _sys

class _Log:
    def __init__(self):
        self.entries = []

class _Values(dict):
    def __init__(self, kind, given, log):
        super().__init__(given)
        self._of = (kind, log)
    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        self._of[1].entries.append([self._of[0], name, value])
    def put(self, name, value):
        self[name] = value
    def remove(self, name):
        self._of[1].entries.append(['-' + self._of[0], name, None])
        return super().pop(name, None)
    def pop(self, name, *otherwise):
        self._of[1].entries.append(['-' + self._of[0], name, None])
        return super().pop(name, *otherwise)
    def __delitem__(self, name):
        self.remove(name)
    def containsKey(self, name):
        return name in self

class _Headers(_Values):
    def _named(self, name):
        low = name.lower()
        for key in self.keys():
            if key.lower() == low:
                return key
        return name
    def __getitem__(self, name):
        return super().__getitem__(self._named(name))
    def __contains__(self, name):
        low = name.lower()
        return any([key.lower() == low for key in self.keys()])
    def __setitem__(self, name, value):
        super().__setitem__(self._named(name), value)
    def get(self, name, otherwise=None):
        return super().get(self._named(name), otherwise)
    def remove(self, name):
        return super().remove(self._named(name))
    def pop(self, name, *otherwise):
        return super().pop(self._named(name), *otherwise)

class _Message:
    def __init__(self, body, headers, log):
        self._body = body
        self._log = log
        self.headers = headers
    @property
    def body(self):
        return self._body
    @body.setter
    def body(self, value):
        self._body = value
        self._log.entries.append(['b', '', value])
    def getBody(self, *kind):
        return self._body
    def setBody(self, value):
        self.body = value
    def getHeader(self, name, otherwise=None):
        return self.headers.get(name, otherwise)
    def setHeader(self, name, value):
        self.headers[name] = value
    def removeHeader(self, name):
        return self.headers.remove(name)
    def getHeaders(self):
        return self.headers

class _Exchange:
    def __init__(self, message, properties, variables, about):
        self.message = message
        self.properties = properties
        self.variables = variables
        self.exchangeId = about['id']
        self.fromRouteId = about['fromRouteId']
    def getMessage(self):
        return self.message
    def getIn(self):
        return self.message
    def getExchangeId(self):
        return self.exchangeId
    def getFromRouteId(self):
        return self.fromRouteId
    def getProperty(self, name, otherwise=None):
        return self.properties.get(name, otherwise)
    def setProperty(self, name, value):
        self.properties[name] = value
    def removeProperty(self, name):
        return self.properties.remove(name)
    def getProperties(self):
        return self.properties
    def getAllProperties(self):
        return self.properties
    def getVariable(self, name):
        return self.variables.get(name)
    def setVariable(self, name, value):
        self.variables[name] = value
    def removeVariable(self, name):
        return self.variables.remove(name)
    def getVariables(self):
        return self.variables

class _Context:
    def __init__(self, name):
        self.name = name
    def getName(self):
        return self.name

def _plain(value):
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    return str(value)

_codes = {}

def _code(source):
    code = _codes.get(source)
    if code is None:
        if len(_codes) > 500:
            _codes.clear()
        try:
            code = (True, compile(source, 'script', 'eval'))
        except SyntaxError:
            code = (False, compile(source, 'script', 'exec'))
        _codes[source] = code
    return code

def _evaluate(request):
    request = _json.loads(request)
    log = _Log()
    try:
        is_expression, code = _code(request['source'])
        headers = _Headers('h', request['headers'], log)
        properties = _Values('p', request['properties'], log)
        variables = _Values('v', request['variables'], log)
        message = _Message(request['body'], headers, log)
        exchange = _Exchange(message, properties, variables, request)
        names = {'exchange': exchange, 'message': message, 'headers': headers, 'properties': properties, 'variables': variables, 'body': message.body,
                 'exchangeId': exchange.exchangeId, 'context': _Context(request['context']), 'unicode': str, 'basestring': str, 'long': int, 'xrange': range}
        value = None
        if is_expression:
            value = eval(code, names)
        else:
            exec(code, names)
        return _json.dumps({'text': str(value), 'changes': [[kind, name, _plain(item)] for kind, name, item in log.entries]})
    except Exception as thrown:
        return _json.dumps({'error': type(thrown).__name__ + ': ' + str(thrown)})
`;

/**
 * The interpreter reaches JavaScript through imports of its module: those that look something up, call or change it are replaced before it begins, so a
 * script that asks for them ends its thread. Its files are a folder in memory. It gets no more than \`mostMemory\`.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { pathToFileURL } = require('node:url');
const prelude = ${JSON.stringify(prelude)};
const bridge = /^(?:call|calln|lookup_attr|store_attr|has_attr|js_subscr|js_get_iter|js_iter_next|js_reflect|js_then|js_check|js_get_error|js_get_proxy|create_promise|proxy_convert)/;
const refused = (name) => () => { throw new Error('a script can not reach JavaScript'); };
const original = WebAssembly.instantiate;
WebAssembly.instantiate = (source, imports) => {
  const env = { ...imports.env };
  for (const name of Object.keys(env)) if (bridge.test(name)) env[name] = refused(name);
  const grow = env.emscripten_resize_heap;
  env.emscripten_resize_heap = (size) => (size >>> 0) > workerData.mostMemory ? 0 : grow(size);
  return original(source, { ...imports, env });
};
const quiet = () => {};
const python = import(pathToFileURL(workerData.library)).then(async ({ loadMicroPython }) => {
  const interpreter = await loadMicroPython({ heapsize: workerData.heap, pystack: 64 * 1024, stdin: () => null, stdout: quiet, stderr: quiet });
  interpreter.runPython(prelude);
  return interpreter;
});
parentPort.on('message', async (request) => {
  try {
    const interpreter = await python;
    interpreter.globals.set('_request', request);
    interpreter.runPython('_answer = _evaluate(_request)');
    parentPort.postMessage({ output: interpreter.globals.get('_answer') });
  } catch (error) {
    parentPort.postMessage({ error: String(error?.message ?? error).trim(), isBroken: true });
  }
});
`;

const broken = (message: string): ExchangeError => new ExchangeError('org.python.core.PyException', message);

const thread = new Thread<string, string>(program, library, longestMillis, broken, {
  data: { heap: 4 * 1024 * 1024, mostMemory: 128 * 1024 * 1024 },
  late: (millis) => new ExchangeError('java.util.concurrent.TimeoutException', `python: the script took longer than ${millis} ms`),
});

interface Answer {
  readonly text?: string;
  readonly changes?: readonly (readonly [kind: string, name: string, value: unknown])[];
  readonly error?: string;
}

function apply(exchange: Exchange, changes: NonNullable<Answer['changes']>): void {
  for (const [kind, name, value] of changes) {
    switch (kind) {
      case 'b':
        exchange.body = value;
        break;
      case 'h':
        exchange.headers.set(name, value);
        break;
      case 'p':
        exchange.properties.set(name, value);
        break;
      case 'v':
        exchange.setVariable(name, value);
        break;
      case '-h':
        exchange.headers.remove(name);
        break;
      case '-p':
        exchange.properties.remove(name);
        break;
      case '-v':
        exchange.removeVariable(name);
    }
  }
}

export const python = defineLanguage({
  name: 'python',
  summary:
    'Python, by MicroPython (Python 3) in a sandbox and a thread of its own, which sees the message and nothing else: `exchange`, `message`, `body`, `headers`, `properties`, `variables`, `exchangeId`, `context`. As in Camel the value is the text of an expression (`True`, `None`, `3.5`); statements have none. One of more than 5 seconds is ended.',
  options: {},
  examples: [{ expression: "sum(item['price'] for item in body['items'])", body: { items: [{ price: 1 }, { price: 2 }] }, gives: '3' }],
  expression: (source) => {
    const wants = (name: string): boolean => source.includes(name);
    const wantsBody = /body|exchange|message/i.test(source);
    const evaluate = async (exchange: Exchange): Promise<unknown> => {
      let body: unknown = null;
      if (wantsBody) body = isByteSource(exchange.body) ? toText(await readStream(exchange.body)) : hasText(exchange.body) ? toText(exchange.body) : exchange.body;
      const request = writeJson({
        source,
        id: exchange.id,
        fromRouteId: exchange.fromRouteId ?? null,
        context: exchange.scope.name,
        body,
        headers: plain(exchange.headers.toObject()),
        properties: wants('ropert') ? plain(exchange.properties.toObject()) : {},
        variables: wants('ariable') ? plain(exchange.variables.toObject()) : {},
      });
      const failed = (cause: unknown): ExchangeError => new ExchangeError('org.apache.camel.ExpressionIllegalSyntaxException', `Illegal syntax: ${source}`, { cause });
      const { text, changes, error } = parseJson(await thread.run(request).catch((cause: ExchangeError) => Promise.reject(cause.type.endsWith('TimeoutException') ? cause : failed(cause)))) as Answer;
      if (error !== undefined) throw failed(broken(error));
      apply(exchange, changes!);
      return text;
    };
    return Object.assign(evaluate, { isAsync: true });
  },
});

/** Bytes, files, streams that are kept, and nodes of XML: a script sees their text. */
const hasText = (value: unknown): boolean => typeof value === 'object' && value !== null && (value instanceof Uint8Array || isContent(value) || value instanceof XmlNode || value instanceof XmlNodeList);

/** Values that JSON can say; of others (beans, streams) a script sees their text. */
function plain(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const isData = value === null || /^(?:string|number|boolean)$/.test(typeof value) || (Array.isArray(value) && !(value instanceof XmlNodeList)) || isPlainMap(value);
    result[name] = isData ? value : String(value);
  }
  return result;
}
