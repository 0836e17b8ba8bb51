import { expect } from 'chai';
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { eventually } from '../eventually.ts';
import { freePort } from '../runtime/program.ts';
import { packedFolder, root, tarballOf } from './packed.ts';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: number };
}

interface Pod {
  readonly spec: {
    readonly terminationGracePeriodSeconds: number;
    readonly initContainers: readonly { readonly startupProbe: Probe; readonly livenessProbe: Probe; readonly readinessProbe: Probe; readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[] }[];
  };
}

const example = join(root, 'examples/sidecar');

/** What a Dockerfile says, done in a folder that stands for the root of the image. */
class Image {
  readonly environment: Record<string, string> = {};
  entrypoint: string[] = [];
  workdir = '/';
  readonly root: string;
  private readonly context: string;

  constructor(rootFolder: string, context: string) {
    this.root = rootFolder;
    this.context = context;
  }

  at(path: string): string {
    return join(this.root, path.startsWith('/') ? path : join(this.workdir, path));
  }

  build(text: string): void {
    for (const line of text.split('\n')) {
      const [, instruction, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
      switch (instruction) {
        case undefined:
        // There is one Node here, and one user.
        case 'FROM':
        case 'USER':
        case 'EXPOSE':
          break;
        case 'WORKDIR':
          this.workdir = rest!;
          mkdirSync(this.at('.'), { recursive: true });
          break;
        case 'COPY':
          execFileSync('sh', ['-c', `cp -r ${rest!.split(' ').slice(0, -1).join(' ')} "${this.at(rest!.split(' ').at(-1)!)}"`], { cwd: this.context });
          break;
        case 'RUN':
          execFileSync('sh', ['-c', rest!.replace(' -o node -g node', '').replaceAll(' /var/', ` ${this.at('/var')}/`)], { cwd: this.at('.'), stdio: 'pipe', env: { ...process.env, NODE_OPTIONS: '', npm_config_prefer_offline: 'true' } });
          break;
        case 'ENV':
          for (const pair of rest!.split(' ')) this.environment[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1).replace(/^\//, `${this.root}/`);
          break;
        case 'ENTRYPOINT':
          this.entrypoint = JSON.parse(rest!) as string[];
          break;
        default:
          throw new Error(`nobody does what this line says: ${line}`);
      }
    }
  }
}

/** All but what is mounted. */
const filesOf = (folder: string): readonly string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => !path.startsWith('routes')).sort();

describe('a sidecar as the documentation builds it', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'mecha-image-'));
  const image = new Image(folder, join(folder, 'context'));
  const pod = parse(readFileSync(join(example, 'pod.yaml'), 'utf8')) as Pod;
  const sidecar = pod.spec.initContainers[0]!;
  let child: ChildProcess | undefined;
  let said = '';
  let port = 0;
  let applicationPort = 0;
  let files: readonly string[] = [];
  const application = createServer((request, response) => response.end(request.url === '/health' ? 'up' : 'hello'));

  const status = async ({ httpGet }: Probe): Promise<number | undefined> => (await fetch(`http://127.0.0.1:${port}${httpGet.path}`).catch(() => null))?.status;

  /** As Kubernetes mounts a ConfigMap: a folder of its own for each version, and a link that is swapped. */
  const mount = (version: string, files: Readonly<Record<string, string>>): void => {
    const path = image.at(sidecar.volumeMounts.find(({ name }) => name === 'routes')!.mountPath);
    mkdirSync(join(path, `..${version}`), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, `..${version}`, name), text);
    symlinkSync(`..${version}`, join(path, '..new'));
    const isFirst = version === 'one';
    renameSync(join(path, '..new'), join(path, '..data'));
    if (isFirst) for (const name of Object.keys(files)) symlinkSync(`..data/${name}`, join(path, name));
  };

  before(async function () {
    packedFolder(this);
    mkdirSync(join(folder, 'context'));
    cpSync(example, join(folder, 'context'), { recursive: true });
    cpSync(tarballOf(this), join(folder, 'context', 'mecha-runtime-0.0.0.tgz'));
    image.build(readFileSync(join(example, 'Dockerfile'), 'utf8'));
    rmSync(image.at('routes'), { recursive: true });
    mount('one', { 'hello.yaml': readFileSync(join(example, 'routes/hello.yaml'), 'utf8') });

    [port, applicationPort] = [await freePort(), await freePort()];
    files = filesOf(image.at('.'));
    const [command, ...args] = image.entrypoint;
    const started = spawn(image.at(command!), args, { cwd: image.at('.'), env: { ...process.env, ...image.environment, NODE_OPTIONS: '', MECHA_HTTP_PORT: String(port), MECHA_MICROLOGIC_URL: `http://127.0.0.1:${applicationPort}` }, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (piece: Buffer) => void (said += piece.toString()));
  });

  after(() => {
    child?.kill('SIGKILL');
    application.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has started before its application is there: what is asked for meanwhile waits for it', async () => {
    await eventually(async () => expect(await status(sidecar.startupProbe), said).to.equal(200), 60_000);
    expect([await status(sidecar.livenessProbe), await status(sidecar.readinessProbe)]).to.deep.equal([200, 200]);
    const asked = fetch(`http://127.0.0.1:${port}/hello`);
    await new Promise<void>((resolve) => application.listen(applicationPort, '127.0.0.1', resolve));
    const reply = await asked;
    expect([await reply.text(), reply.headers.get('x-desk')]).to.deep.equal(['hello', 'one']);
  });

  it('takes the routes of a ConfigMap that changes', async () => {
    mount('two', { 'hello.yaml': readFileSync(join(example, 'routes/hello.yaml'), 'utf8').replace('constant: one', 'constant: two') });
    await eventually(async () => expect((await fetch(`http://127.0.0.1:${port}/hello`)).headers.get('x-desk')).to.equal('two'), 60_000);
  });

  it('ends within its grace, and has written nothing beside its state', async () => {
    const started = performance.now();
    const gone = once(child!, 'exit');
    child!.kill('SIGTERM');
    expect(await gone, said).to.deep.equal([0, null]);
    expect(performance.now() - started).to.be.lessThan(pod.spec.terminationGracePeriodSeconds * 1000);
    expect(filesOf(image.at('.'))).to.deep.equal(files);
  });
});
