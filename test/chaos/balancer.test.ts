// The balancer of the rolling restart: in turn, past whoever refuses, and past whoever says that it is not ready.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Balancer, startBalancer } from '../../chaos/balancer.ts';
import { exchange } from '../support/exchange.ts';

let nodes: http.Server[];
let ready: boolean[];
let balancer: Balancer;

beforeEach(async () => {
  ready = [true, true];
  nodes = ready.map((_, index) =>
    http.createServer((request, response) => {
      if (request.url === '/readyz') response.statusCode = ready[index] ? 200 : 503;
      response.end(`node ${index}`);
    }),
  );
  for (const node of nodes) await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve));
  balancer = await startBalancer(nodes.map((node) => (node.address() as AddressInfo).port));
});
afterEach(async () => {
  await balancer.close();
  for (const node of nodes) node.close();
});

/** Who answers, of `count` connections one after the other. */
async function asked(count: number): Promise<string[]> {
  const answers: string[] = [];
  for (let times = 0; times < count; times += 1) answers.push((await exchange(`http://127.0.0.1:${balancer.port}/`)).body);
  return answers;
}

test('connections go to each in turn', async () => {
  const answers = await asked(6);
  expect(answers.filter((body) => body === 'node 0')).toHaveLength(3);
});

test('a node that refuses is passed over, without anybody noticing', async () => {
  await new Promise((resolve) => nodes[0]?.close(resolve));
  expect(await asked(6)).toEqual(Array(6).fill('node 1'));
});

test('a node that is not ready gets nothing new; when none is, one is asked all the same', async () => {
  ready[1] = false;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await asked(6)).toEqual(Array(6).fill('node 0'));
  ready[0] = false;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await asked(2)).toHaveLength(2);
});
