import { expect } from 'chai';
import { mermaid } from '../../src/observe/mermaid.ts';
import { Mecha } from '../../src/runtime/mecha.ts';

describe('the drawing of a route', () => {
  it('has the lists of steps of a step side by side, each under what tells it from the others', async () => {
    const routes = `
- route:
    id: sorted
    from:
      uri: direct:start
      steps:
        - choice:
            when:
              - simple: "\${body} == \\"a\\""
                steps:
                  - to: mock:a
                  - to: mock:a2
            otherwise:
              steps:
                - to: mock:other
        - multicast:
            steps:
              - to: mock:one
              - to: mock:two
        - to: mock:end
`;
    expect(mermaid(await Mecha.describe({ configuration: null, routes })).split('\n')).to.deep.equal([
      'flowchart TD',
      '  subgraph "sorted"',
      '    n0(["direct://start"])',
      '    n1["choice"]',
      '    n0 --> n1',
      '    n2["to[mock:a]"]',
      '    n1 -->|"when[simple{${body} == #quot;a#quot;}]"| n2',
      '    n3["to[mock:a2]"]',
      '    n2 --> n3',
      '    n4["to[mock:other]"]',
      '    n1 -->|"otherwise"| n4',
      '    n5["multicast"]',
      '    n1 --> n5',
      '    n6["to[mock:one]"]',
      '    n5 --> n6',
      '    n7["to[mock:two]"]',
      '    n5 --> n7',
      '    n8["to[mock:end]"]',
      '    n5 --> n8',
      '  end',
      '',
    ]);
  });
});
