/**
 * A web server that has a boot root and nothing else, and prints each request with its answer.
 *
 *     node http-process.ts <root> <address>
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';

const [root = '.', address = '127.0.0.1'] = process.argv.slice(2);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname));
  const file = join(root, path);
  const facts = await stat(file).catch(() => undefined);
  const found = facts?.isFile() === true && !path.includes('..');
  console.log(`${request.method} ${request.url} ${found ? 200 : 404}`);
  if (!found) {
    response.writeHead(404, { 'content-length': 0 }).end();
    return;
  }
  // EDK2 asks by HEAD how large a file is, and wants no chunks.
  response.writeHead(200, { 'content-length': facts.size, 'content-type': 'application/octet-stream' });
  if (request.method === 'HEAD') response.end();
  else createReadStream(file).pipe(response);
}

const server = createServer((request, response) => void answer(request, response));
server.listen(80, address, () => console.log('the web server is up'));
