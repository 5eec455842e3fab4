// Hands an address to the system's browser.
import { spawn } from 'node:child_process';

const commands: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

export function openInBrowser(url: URL): void {
  const [command, ...before] = commands[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...before, url.href], { stdio: 'ignore', detached: true });
  // Without a browser the address on the screen still works.
  child.on('error', () => {});
  child.unref();
}
