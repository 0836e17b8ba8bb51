/** The site is docs/ as it stands: its pages, those generated from the definitions among them. `npm run site` copies them beside this folder and builds it. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withMermaid } from 'vitepress-plugin-mermaid';

const docs = fileURLToPath(new URL('../pages', import.meta.url));

/** A section of the side bar: the pages of a folder, by their headings. */
const pages = (text, folder, collapsed = true) => ({
  text,
  collapsed,
  items: readdirSync(`${docs}/${folder}`)
    .filter((file) => file.endsWith('.md') && file !== 'index.md')
    .sort((a, b) => a.localeCompare(b))
    .map((file) => ({ text: /^# (.+)$/m.exec(readFileSync(`${docs}/${folder}/${file}`, 'utf8'))?.[1] ?? file, link: `/${folder}/${file.replace(/\.md$/, '')}` })),
});

const guides = readdirSync(docs)
  .filter((file) => file.endsWith('.md') && file !== 'index.md' && file !== 'reference.md')
  .map((file) => ({ file, text: /^# (.+)$/m.exec(readFileSync(`${docs}/${file}`, 'utf8'))?.[1] ?? file }));
const order = ['getting-started.md', 'route-language.md', 'configuration.md', 'sidecar.md', 'testing.md', 'embedding.md', 'for-camel-users.md', 'for-node-red-and-benthos-users.md', 'compatibility.md'];
const rank = (file) => (order.indexOf(file) + order.length + 1) % (order.length + 1);
guides.sort((a, b) => rank(a.file) - rank(b.file));

export default withMermaid({
  title: 'Mecha',
  description: 'Your Apache Camel YAML, without a JVM, as the sidecar of your microservice.',
  srcDir: './pages',
  outDir: './dist',
  cacheDir: './.cache',
  cleanUrls: true,
  lastUpdated: false,
  // None of its own: browsers ask for one otherwise.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: {
    config(md) {
      // Pages are plain text: `<name>` is no element, `{{name}}` no expression, and comments are for who edits them.
      md.set({ html: false });
      md.core.ruler.before('normalize', 'comments', (state) => void (state.src = state.src.replace(/^<!--.*?-->\n/gms, '')));
      const plain = (html) => html.replace(/{{/g, '&#123;&#123;');
      const { code_inline: code } = md.renderer.rules;
      if (code !== undefined) md.renderer.rules.code_inline = (...given) => plain(code(...given));
      md.renderer.rules.text = (tokens, at) => plain(md.utils.escapeHtml(tokens[at].content));
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Guide', link: '/getting-started' },
      { text: 'Reference', link: '/reference' },
    ],
    sidebar: [
      { text: 'Guide', items: guides.map(({ file, text }) => ({ text, link: `/${file.replace(/\.md$/, '')}` })) },
      pages('Steps', 'eip'),
      pages('Connectors', 'connectors'),
      pages('Languages', 'languages'),
      pages('Data formats', 'dataformats'),
      pages('Top-level elements', 'route'),
      pages('Errors', 'errors'),
    ],
    outline: [2, 3],
  },
});
