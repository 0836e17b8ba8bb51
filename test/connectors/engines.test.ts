import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { routesFile, runtimeWith } from '../runtime/rig.ts';

describe('template engines and jslt', () => {
  let runtime: Runtime;

  const render = async (scheme: string, template: string, sent: unknown = 'b', headers: Record<string, unknown> = {}, files: Record<string, string> = {}): Promise<string> => {
    const resource = (uri: string): string => {
      const text = { t: template, ...files }[uri.replace(/^file:/, '')];
      if (text === undefined) throw new Error(`no file ${uri}`);
      return text;
    };
    runtime = runtimeWith({ clock: systemClock, resource });
    await runtime.start([routesFile([{ from: { uri: 'direct:a', steps: [{ to: `${scheme}:file:t` }] } }])]);
    const { body, exception } = await runtime.send('direct:a', sent, { headers });
    await runtime.stop(100);
    return exception === null ? String(body) : `${exception.type.split('.').pop()}: ${exception.message}`;
  };

  describe('velocity', () => {
    it('keeps blanks and line breaks as Velocity does', async () => {
      expect(await render('velocity', 'a\n  #if($body == "b")\n  x #if(true)y#end\n  #end\nz\n')).to.equal('a\n  x y\nz\n');
    });

    it('says line and column of what is no template', async () => {
      expect(await render('velocity', 'a\n #if(true)\nx')).to.equal('ParseErrorException: `#end` is missing (line 3, column 2)');
      expect(await render('velocity', 'a #end')).to.equal('ParseErrorException: `#end` has nothing to end (line 1, column 3)');
      expect(await render('velocity', '#set($a = )')).to.equal('ParseErrorException: `)` is no expression (line 1, column 11)');
      expect(await render('velocity', '${body.a-b}')).to.equal('ParseErrorException: expected `}` behind `${body.a` (line 1, column 9)');
      expect(await render('velocity', '#if')).to.equal('ParseErrorException: `#if` needs a condition in parentheses (line 1, column 4)');
      expect(await render('velocity', '#parse($body)')).to.equal('ParseErrorException: `#parse` needs the name of a file as a text (line 1, column 1)');
    });

    it('renders and includes files that the template names, with its variables and macros', async () =>
      expect(await render('velocity', '#macro(b $x)<$x>#end#set($n = 5)#parse("p.vm")|#include("i.txt")|$m', 'b', {}, { 'p.vm': '#b($n)$body#set($m = 6)', 'i.txt': '$raw' })).to.equal('<5>b|$raw|6'));

    it('says which call failed', async () => expect(await render('velocity', '$body.substring(5)', 'b')).to.equal('MethodInvocationException: `substring` failed: begin 5, end 1, length 1'));

    it('prints a list that holds itself as an error', async () => expect(await render('velocity', '#set($l = [1])#set($d = $l.add($l))$l')).to.match(/300 deep/));

    it('lets nothing out of the template', async () => {
      for (const template of ['$body.constructor.constructor("return process")()', '$body.constructor("x")', '$headers.h.getClass()', '$body.__proto__.x', '#set($c = "constructor")$body.length().get($c)']) {
        expect(await render('velocity', template, 'b', { h: {} })).to.not.match(/object process|native code|function/);
      }
    });
  });

  describe('handlebars', () => {
    it('fills a template in, escaped unless it says otherwise, and sees own members only', async () => {
      expect(await render('handlebars', '{{body}} {{{body}}} {{#each headers.list}}{{@index}}{{this}};{{/each}}{{#if headers.no}}x{{else}}y{{/if}}{{body.constructor}}', '<b>', { list: ['a', 'b'] })).to.equal('&lt;b&gt; <b> 0a;1b;y');
    });
  });

  describe('freemarker', () => {
    it('says line and column of what is no template, and the name of what is not there', async () => {
      expect(await render('freemarker', 'a\n<#if x>')).to.match(/^ParseException: .*not closed \(line 2/);
      expect(await render('freemarker', '<#frobnicate>')).to.match(/^ParseException: there is no directive `<#frobnicate>`/);
      expect(await render('freemarker', '${body?frobnicate}')).to.match(/`\?frobnicate` is not there/);
      expect(await render('freemarker', '${nope.x}')).to.match(/^InvalidReferenceException: .*nope/);
      expect(await render('freemarker', '${(nope.x)!"d"}${body.x!"e"}')).to.equal('de');
    });

    it('includes and imports files that the template names, macros of an imported one with the variables of their own', async () => {
      const files = { 'lib.ftl': 'dropped<#assign sign = "!"><#macro greet who>Hello ${who}${sign}<@end/></#macro><#macro end>.</#macro>', 'part.ftl': '<#assign n = n + 1>part ${n}' };
      expect(await render('freemarker', '<#assign sign = "?" n = 1><#import "lib.ftl" as lib><@lib.greet who="A"/> ${lib.sign}${sign} <#include "part.ftl"> ${n}', 'b', {}, files)).to.equal('Hello A!. !? part 2 2');
      expect(await render('freemarker', '<#include "nosuch.ftl">')).to.equal('TemplateException: there is no template `nosuch.ftl` to include');
      expect(await render('freemarker', '<#include body>')).to.equal('ParseException: `<#include>` needs the name of a file as a text (line 1, column 11)');
      expect(await render('freemarker', '<#include "t">')).to.match(/too deeply/);
    });

    it('says which setting, format, pattern or function is none', async () => {
      expect(await render('freemarker', '<#setting nope="x">')).to.match(/there is no setting `nope`/);
      expect(await render('freemarker', '<#outputformat "NOPE">x</#outputformat>')).to.match(/no output format `NOPE`: it is one of HTML/);
      expect(await render('freemarker', '${5?string("x")}')).to.match(/`x` is no pattern of numbers/);
      expect(await render('freemarker', '${"x"?date("yyyy")}')).to.match(/Unparseable date: "x"/);
      expect(await render('freemarker', '${"2024"?date}')).to.match(/needs a pattern/);
      expect(await render('freemarker', '${[1]?map(2)?size}')).to.match(/Expected a function/);
      expect(await render('freemarker', 'x<#ftl output_format="HTML">')).to.match(/`<#ftl>` stands at the beginning/);
    });

    it('breaks out of loops, goes on with the next turn, and gives values back', async () => {
      expect(await render('freemarker', '<#list 1..9 as n><#if n == 2><#continue></#if><#if n == 5><#break></#if>${n}</#list>')).to.equal('134');
      expect(await render('freemarker', '<#function f n><#if n lte 1><#return 1></#if><#return n * f(n - 1)></#function>${f(5)}')).to.equal('120');
      expect(await render('freemarker', '<#list headers.l>[<#items as i>${i}<#sep>,</#items>]</#list>', 'b', { l: ['x', 'y'] })).to.equal('[x,y]');
      expect(await render('freemarker', '<#macro m><#list 1..2 as i><#nested i></#list></#macro><@m ; n>${n};</@m>')).to.equal('1;2;');
      expect(await render('freemarker', '<#macro m x><#local y = x + 1>${y}</#macro><#assign y = 9><@m x=1/>${y}')).to.equal('29');
    });

    it('ends a macro that calls itself for ever, and a loop without bounds', async () => {
      expect(await render('freemarker', '<#macro m><@m/></#macro><@m/>')).to.match(/too deeply/);
      expect(await render('freemarker', '<#list 1..99999999 as n></#list>')).to.match(/more than 1000000/);
      expect(await render('freemarker', `\${${'('.repeat(5000)}1${')'.repeat(5000)}}`)).to.match(/nested too deeply/);
    });

    it('reaches no member but own ones', async () => {
      expect(await render('freemarker', '${body.constructor!"none"} ${headers.__proto__!"none"} ${headers["constructor"]!"none"}')).to.equal('none none none');
    });
  });

  describe('jslt', () => {
    it('calls functions of imported files, and refuses files that import themselves', async () => {
      expect(await render('jslt', 'import "m" as m m:twice(.a)', '{"a":2}', {}, { m: 'def twice(x) $x * 2' })).to.equal('4');
      expect(await render('jslt', 'import "m" as m 1', '{}', {}, { m: 'import "m" as m 1' })).to.match(/imports itself: m > m/);
    });

    it('says line and column of what is no expression, and names functions that are not there', async () => {
      expect(await render('jslt', '{\n "a" : }', '{}')).to.match(/^JsltException: Parse error: .*line 2, column 8/);
      expect(await render('jslt', 'frobnicate(1)', '{}')).to.match(/there is no function `frobnicate`/);
      expect(await render('jslt', 'size(1, 2)', '{}')).to.match(/takes 1 arguments, not 2/);
      expect(await render('jslt', '$nope', '{}')).to.match(/no such variable 'nope'/);
    });

    it('leaves out members that are null or empty, and takes no maps, as in Camel', async () => {
      expect(await render('jslt', '{"a": null, "b": {}, "c": [], "d": 0, "e": ""}', '{}')).to.equal('{"d":0,"e":""}');
      expect(await render('jslt', '.a', { a: 'x' })).to.match(/^ValidationException: .*`marshal: json` it first/);
    });

    it('ends a function that calls itself for ever', async () => expect(await render('jslt', 'def f(x) f($x) f(1)', '{}')).to.match(/500 deep/));
  });
});
