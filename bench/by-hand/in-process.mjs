/** Runs the loops by hand when asked: `GET /steps?count=1000000`, `GET /split?count=100` (lists). `node in-process.mjs PORT` */
import { createServer } from 'node:http';
import { list, listLength, measured, orders } from '../in-process-input.mjs';
import { split } from './split.mjs';
import { steps } from './steps.mjs';

let groups = 0;
const take = (group) => {
  groups += group.length;
};

createServer((request, reply) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const count = Number(searchParams.get('count'));
  const answer =
    pathname === '/steps'
      ? measured(count, () => steps(orders, count))
      : measured(count * listLength, () => {
          for (let i = 0; i < count; i++) split(list, take);
        });
  void answer.then((result) => reply.end(JSON.stringify(result)));
}).listen(Number(process.argv[2]), '127.0.0.1');
