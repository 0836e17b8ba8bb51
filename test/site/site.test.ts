import { existsSync, readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { expect } from 'chai';
import { root } from '../docs/blocks.ts';
import { eventually } from '../eventually.ts';
import { Browser, installedBrowser } from './browser.ts';

const built = join(root, 'site/dist');
const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };

/** As hosts of plain files do: `/eip/split` is `eip/split.html`. */
const fileOf = (path: string): string | undefined => [path, `${path}.html`, join(path, 'index.html')].map((name) => join(built, name)).find((name) => name.startsWith(built) && statSync(name, { throwIfNoEntry: false })?.isFile() === true);

describe('the documentation site in a browser', function () {
  this.timeout(180_000);
  let browser: Browser | undefined;
  let server: Server | undefined;
  let url = '';

  before(async function () {
    const path = installedBrowser();
    const missing = path === null ? 'no Chromium is installed (apt-get install chromium-headless-shell)' : existsSync(join(built, 'index.html')) ? null : 'the site is not built (npm run site)';
    if (missing !== null) {
      if (process.env['CI'] !== undefined) throw new Error(missing);
      console.log(`    pending: ${missing}`);
      return this.skip();
    }
    const files = (server = createServer((request, reply) => {
      const file = fileOf(decodeURIComponent(new URL(request.url!, 'http://x').pathname));
      reply.writeHead(file === undefined ? 404 : 200, { 'Content-Type': types[extname(file ?? '')] ?? 'application/octet-stream' }).end(file === undefined ? '' : readFileSync(file));
    }));
    await new Promise<void>((resolve) => void files.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
    browser = await Browser.open(path!);
  });

  after(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
  });

  afterEach(() => expect(browser?.complaints.splice(0) ?? []).to.deep.equal([]));

  /** Waits for an element that is seen, and gives its text. */
  const seen = async (selector: string, says: RegExp): Promise<void> => {
    const text = `[...document.querySelectorAll(${JSON.stringify(selector)})].filter((one) => one.getBoundingClientRect().height > 0).map((one) => one.textContent).join('\\n')`;
    await eventually(async () => expect(await browser!.value<string>(text)).to.match(says), 60_000);
  };

  it('finds a step by what one types, and opens its page', async () => {
    await browser!.go(`${url}/`);
    await seen('h1', /Mecha/);
    await seen('#local-search button', /Search/);
    // Until the page's script has come nothing hears of a click.
    await eventually(async () => expect(await browser!.value("document.querySelector('#localsearch-input') !== null || void document.querySelector('#local-search button').click()")).to.equal(true), 60_000);
    await browser!.value("document.querySelector('#localsearch-input').focus()");
    await browser!.type('resequence');
    await seen('.VPLocalSearchBox .results a', /resequence/i);
    await browser!.enter();
    await eventually(async () => expect(await browser!.value('location.pathname')).to.match(/\/eip\/resequence$/), 60_000);
    await seen('main h1', /resequence/i);
  });

  it('draws the diagram of a step', async () => {
    await browser!.go(`${url}/eip/aggregate`);
    await seen('main h1', /aggregate/i);
    await seen('main .mermaid svg', /aggregate/);
    const { width, height, nodes } = await browser!.value<{ width: number; height: number; nodes: number }>(
      "(() => { const svg = document.querySelector('main .mermaid svg'); const { width, height } = svg.getBoundingClientRect(); return { width, height, nodes: svg.querySelectorAll('g.node').length }; })()",
    );
    expect(nodes).to.be.at.least(3);
    expect(width).to.be.above(100);
    expect(height).to.be.above(50);
  });

  it('shows the options of a connector in a table that fits the page', async () => {
    await browser!.go(`${url}/connectors/kafka`);
    await seen('main table', /brokers/);
    expect(await browser!.value('document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1')).to.equal(true);
  });
});
