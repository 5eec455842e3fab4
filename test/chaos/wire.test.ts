// A slow wire: everything comes, in its order, later.
import net from 'node:net';
import { openWire, type Wire } from '../support/tcp-proxy.ts';

let echo: net.Server;
let wire: Wire;
beforeEach(async () => {
  echo = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  wire = await openWire(`postgres://127.0.0.1:${(echo.address() as net.AddressInfo).port}/x`);
});
afterEach(async () => {
  await wire.close();
  echo.close();
});

test('what is sent comes whole and in order, however the delay changes meanwhile, and not before it may', async () => {
  const socket = net.connect(Number(new URL(wire.url).port), '127.0.0.1');
  let came = '';
  socket.on('data', (chunk) => {
    came += chunk;
  });
  const began = performance.now();
  const words = Array.from({ length: 60 }, (_, index) => `${index} `);
  for (const [index, word] of words.entries()) {
    wire.delay([80, 20, 0][Math.floor(index / 20)] as number);
    socket.write(word);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  while (came.length < words.join('').length) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(came).toBe(words.join(''));
  expect(performance.now() - began).toBeGreaterThan(100);
  socket.destroy();
});
