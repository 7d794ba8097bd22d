import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands in for an S3: GET and HEAD of objects, ranges, and a check of each signature. No real S3 was asked. */
export type S3Stub = {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Method and path of each request that was signed as it should be. */
  readonly signed: string[];
  close(): void;
};

const ACCESS = 'AKIDEXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

/** `objects` by bucket and key: `boot/efi/grubx64.efi`. */
export async function serveS3(objects: ReadonlyMap<string, Uint8Array>): Promise<S3Stub> {
  const signed: string[] = [];
  const server = createServer((request, response) => {
    if (!isSigned(request)) return void response.writeHead(403).end(fault('SignatureDoesNotMatch'));
    signed.push(`${request.method} ${request.url}`);
    answer(objects.get(decodeURIComponent(request.url!.split('?')[0]!.slice(1))), request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accessKey: ACCESS,
    secretKey: SECRET,
    signed,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function fault(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
}

function answer(
  object: Uint8Array | undefined,
  { method, headers }: IncomingMessage,
  response: ServerResponse,
) {
  if (!object) return response.writeHead(404).end(method === 'HEAD' ? undefined : fault('NoSuchKey'));
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  const first = Number(range?.[1] ?? 0);
  const last = Math.min(Number(range?.[2] || object.length - 1), object.length - 1);
  const body = object.subarray(first, last + 1);
  response.writeHead(range ? 206 : 200, {
    'content-length': body.length,
    'content-type': 'application/octet-stream',
    'last-modified': 'Fri, 20 Nov 2026 10:00:00 GMT',
    etag: `"${createHash('md5').update(object).digest('hex')}"`,
    ...(range && { 'content-range': `bytes ${first}-${last}/${object.length}` }),
  });
  return response.end(method === 'HEAD' ? undefined : body);
}

/** AWS Signature Version 4, in the header. */
function isSigned(request: IncomingMessage): boolean {
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    );
  if (!parts) return false;
  const [, access, day, region, names, signature] = parts as unknown as string[];
  const [path = '', query = ''] = request.url!.split('?');
  const canonical = [
    request.method,
    path,
    query.split('&').sort().join('&'),
    ...names!.split(';').map((name) => `${name}:${String(request.headers[name] ?? '').trim()}`),
    '',
    names,
    request.headers['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, digest].join('\n');
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const key = [day!, region!, 's3', 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${SECRET}`);
  return access === ACCESS && hmac(key, text).toString('hex') === signature;
}
