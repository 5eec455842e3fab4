// The demo app: the web shop of two brands, and a relying party as a shop's developer would write one. It knows nothing of Portico but OpenID Connect and where people find their account.
//
//   PORT   where to listen, on localhost only
//   SITES  JSON: [{ "path": "", "issuer": "http://localhost:3000", "clientId": "...", "clientSecret": "..." }]
import { createServer } from 'node:http';
import { listener } from './listener.ts';
import { readSites } from './sites.ts';

const port = Number(process.env.PORT ?? 3001);
const server = createServer(
  { maxHeaderSize: 16 * 1024, requestTimeout: 30_000 },
  listener(readSites(process.env.SITES ?? '[]', `http://localhost:${port}`)),
);

server.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EADDRINUSE') throw error;
  console.error(
    `\nThe demo app needs port ${port}, which is in use. Stop what listens there, or choose another: DEMO_PORT=3101 npm start\n`,
  );
  process.exit(1);
});
server.listen(port, 'localhost', () => process.send?.('ready'));

// Whoever started us is gone, even by kill -9: nobody is left to stop us.
process.on('disconnect', () => process.exit(0));
