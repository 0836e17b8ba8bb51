import { expect } from 'chai';
import { maskSecrets } from '../../src/core/mask.ts';

describe('masking secrets in log lines', () => {
  const masked: readonly (readonly [string, string])[] = [
    ['password=abc, other=1', 'password=xxxxx, other=1'],
    ["a=1, myToken = 'abc' b", "a=1, myToken = 'xxxxx' b"],
    ['x-api-key=abc', 'x-api-key=xxxxx'],
    ['user=ann', 'user=xxxxx'],
    ['{"user":"ann","password": "a\\"b","n":1}', '{"user":"xxxxx","password": "xxxxx","n":1}'],
    ['[{"my-secret-id":"","x":"password=1"}]', '[{"my-secret-id":"xxxxx","x":"password=xxxxx"}]'],
    ['{"users":"ann"}', '{"users":"ann"}'],
    ['<r><password a="1"> abc </password><b>token</b></r>', '<r><password a="1"> xxxxx </password><b>token</b></r>'],
    ['text <Token>abc</token> more', 'text <Token>xxxxx</token> more'],
    ['<secret><a>b</a></secret>', '<secret><a>b</a></secret>'],
    ['to http://ann:pw@host/x', 'to http://ann:xxxxx@host/x'],
    [`to http://ann:${'p'.repeat(2000)}@host/x`, 'to http://ann:xxxxx@host/x'],
    ['http://a:b http://c:d@host', 'http://a:b http://c:xxxxx@host'],
    ['token-id=5 tokens=5', 'token-id=5 tokens=xxxxx'],
    ['nothing to see = here', 'nothing to see = here'],
  ];

  for (const [text, shown] of masked) it(`makes ${shown} of ${text.slice(0, 80)}`, () => expect(maskSecrets(text)).to.equal(shown));

  const length = 400_000;
  const attacks = ['a', 'token', '"token', '<token ', '<token>a ', '://a:', '"token":"\\', 'token ', ' ', 'http:', '<', '"', '{"a":"token='];
  for (const part of attacks) {
    for (const start of ['', '{', '<', '<token>', '"token":"']) {
      it(`looks at ${JSON.stringify(start)} and a long row of ${JSON.stringify(part)} quickly`, () => {
        const text = start + part.repeat(length / part.length);
        const { user } = process.cpuUsage();
        maskSecrets(text);
        expect((process.cpuUsage().user - user) / 1000, 'milliseconds').to.be.below(3000);
      });
    }
  }
});
