import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Desk } from './desk.ts';

describe('commands of a project', () => {
  let desk: Desk;

  beforeEach(() => {
    desk = new Desk();
  });

  afterEach(() => desk.clear());

  const read = (name: string): string => readFileSync(join(desk.folder, name), 'utf8');

  describe('init', () => {
    it('makes a project whose routes are right and whose tests pass, and says what to do next', async () => {
      const made = await desk.mecha('init', 'shop');
      expect(made).to.include({ code: 0, err: '' });
      expect(made.out).to.contain('cd shop').and.to.contain('mecha test');
      expect(await desk.mecha('validate', 'shop/routes')).to.include({ code: 0 });
      const tested = await desk.mecha('test', 'shop');
      expect(tested.out).to.contain('2 passed');
      expect(tested.code).to.equal(0);
    });

    it('writes nothing where a file is in the way', async () => {
      desk.write('routes/hello.yaml', 'mine\n');
      const { code, err } = await desk.mecha('init');
      expect(code).to.equal(1);
      expect(err).to.contain('nothing was written').and.to.contain('`routes/hello.yaml`');
      expect(readdirSync(desk.folder)).to.deep.equal(['routes']);
    });
  });

  describe('for programs', () => {
    it('tells by --json what was made, and what is wrong', async () => {
      const made = await desk.mecha('init', 'shop', '--json');
      expect(JSON.parse(made.out)).to.deep.equal({ folder: join(desk.folder, 'shop'), files: ['mecha.yaml', 'routes/hello.yaml', 'routes/hello.test.yaml', 'app/server.mjs', '.gitignore'] });
      const again = await desk.mecha('init', 'shop', '--json');
      expect([again.code, Object.keys(JSON.parse(again.out) as object)]).to.deep.equal([1, ['error', 'files']]);
      const snippet = await desk.mecha('add', 'log', '--json');
      expect(JSON.parse(snippet.out)).to.deep.include({ name: 'log' }).and.have.property('text').that.contains('- log:');
      expect(JSON.parse((await desk.mecha('add', 'log', '--into', 'r.yaml', '--json')).out)).to.deep.equal({ name: 'log', file: 'r.yaml' });
      const unknown = await desk.mecha('add', 'agregate', '--json');
      expect([unknown.code, (JSON.parse(unknown.out) as { error: string }).error]).to.deep.equal([1, 'there is no step and no connector `agregate`; did you mean `aggregate`?']);
    });

    it('leaves nothing half made where the folder can not take it', async () => {
      desk.write('shop/routes', 'a file where a folder must be\n');
      const { code, err } = await desk.mecha('init', 'shop');
      expect(code).to.equal(1);
      expect(err).to.contain('nothing was written');
      expect(readdirSync(join(desk.folder, 'shop'))).to.deep.equal(['routes']);
    });
  });

  describe('add', () => {
    it('prints the snippet of a step and of a connector', async () => {
      expect((await desk.mecha('add', 'aggregate')).out).to.match(/^- aggregate:\n(?: {4}.*\n)* {4}correlationExpression:/);
      const kafka = await desk.mecha('add', 'kafka');
      expect(kafka.out).to.match(/^- route:\n {4}id: kafka\n {4}from:\n {6}uri: "kafka:topic"\n/);
      expect((await desk.mecha('add', 'kafka', '--to')).out).to.match(/^- to:\n {4}uri: "kafka:topic"\n/);
    });

    it('adds a route to a file, and a step to the end of a route, as the file is indented', async () => {
      await desk.mecha('add', 'timer', '--into', 'r.yaml');
      await desk.mecha('add', 'timer', '--into', 'r.yaml');
      expect(read('r.yaml').match(/id: .*/g)).to.deep.equal(['id: timer', 'id: timer-2']);
      desk.write('s.yaml', '# first\n- route:\n    id: a\n    from:\n      uri: direct:a\n      steps:\n      - log: one\n      # behind\n\n- route:\n    id: b\n    from: { uri: "direct:b", steps: [ { log: x } ] }\n');
      expect(await desk.mecha('add', 'delay', '--into', 's.yaml', '--route', 'a')).to.include({ code: 0 });
      expect(read('s.yaml')).to.match(/^# first\n[^]* {6}- log: one\n {6}- delay:\n[^]* {6}# behind\n\n- route:\n {4}id: b\n/);
      expect(await desk.mecha('validate', 's.yaml')).to.include({ code: 0 });
    });

    it('changes nothing where the snippet does not fit, and says why', async () => {
      desk.write('s.yaml', '- route:\n    id: b\n    from: { uri: "direct:b", steps: [ { log: x } ] }\n');
      const before = read('s.yaml');
      for (const [args, code, message] of [
        [['agregate'], 1, 'did you mean `aggregate`?'],
        [['log', '--into', 's.yaml', '--route', 'b'], 2, 'are not written one to a line'],
        [['log', '--into', 's.yaml', '--route', 'c'], 2, 'there is no route `c` in the file; there are `b`'],
        [['timer', '--to'], 2, "can't be sent to"],
        [['log', '--route', 'b'], 2, '--route needs --into'],
      ] as const) {
        const result = await desk.mecha('add', ...args);
        expect(result.code, args.join(' ')).to.equal(code);
        expect(result.err).to.contain(message);
      }
      expect(read('s.yaml')).to.equal(before);
      expect(existsSync(join(desk.folder, 's.yaml.new'))).to.equal(false);
    });
  });

  describe('eval', () => {
    it('evaluates an expression of any language against body, headers, properties and variables', async () => {
      const value = async (...args: string[]): Promise<string> => {
        const { out, err, code } = await desk.mecha('eval', ...args);
        return code === 0 ? out.trimEnd() : `${code} ${out}${err}`;
      };
      expect(await value('Hello ${body} ${header.x} ${exchangeProperty.y} ${variable.z}', '--body', 'Ann', '--header', 'x=1', '--exchange-property', 'y=2', '--variable', 'z=3')).to.equal('Hello Ann 1 2 3');
      desk.write('order.json', '{"lines": [{"n": 1}, {"n": 2}]}');
      expect(await value('lines.n', '--language', 'jsonata', '--body', '@order.json')).to.equal('[1,2]');
      expect(await value('$.lines[1].n', '--language', 'jsonpath', '--body', '@order.json')).to.equal('2');
      expect(await value('.lines | length', '--language', 'jq', '--body', '@order.json', '--json')).to.equal('{"value":2,"kind":"number"}');
      expect(await value('${body[lines][0][n]}', '--body', '@order.json', '--parse', '--result-type', 'String', '--json')).to.equal('{"value":"1","kind":"text"}');
      expect(await value('{{greeting}}', '--language', 'constant', '--property', 'greeting=hi')).to.equal('hi');
      expect(await value('{{nothing}}')).to.match(/^2 error\[M0118\]/);
    });

    it('exits with 0 for a condition that is true, 1 for one that is false or an expression that fails, 2 for a wrong one', async () => {
      expect(await desk.mecha('eval', '${body} > 3', '--body', '5', '--predicate')).to.deep.equal({ code: 0, out: 'true\n', err: '' });
      expect(await desk.mecha('eval', '${body} > 3', '--body', '2', '--predicate')).to.deep.equal({ code: 1, out: 'false\n', err: '' });
      const wrong = await desk.mecha('eval', '${bodi}');
      expect(wrong.code).to.equal(2);
      expect(wrong.err).to.contain('error[M0301]').and.to.contain('${bodi}').and.to.contain('^');
      expect((await desk.mecha('eval', 'x', '--language', 'simpl')).err).to.contain('did you mean `simple`?');
      const failed = await desk.mecha('eval', '$.a', '--language', 'jsonpath', '--body', 'no json');
      expect(failed.code).to.equal(1);
      expect(failed.err).to.contain('error: the expression failed');
      expect((await desk.mecha('eval', 'x', '--body', '@nowhere')).code).to.equal(2);
    });
  });
});
