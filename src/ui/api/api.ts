/** Why something is not done: as the API says it, or `unreachable` where nobody answers. */
export class ApiProblem extends Error {
  readonly code: string;
  readonly status: number | undefined;
  readonly details: unknown;

  constructor(code: string, message: string, more: { status?: number; details?: unknown } = {}) {
    super(message);
    this.name = 'ApiProblem';
    this.code = code;
    this.status = more.status;
    this.details = more.details;
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The control API, for a page that it served. Everything throws {@link ApiProblem}. */
export type Api = {
  get<T>(path: string): Promise<T>;
  send<T>(method: Exclude<Method, 'GET'>, path: string, body?: unknown): Promise<T>;
  upload(path: string, file: Blob, options: UploadOptions): Promise<unknown>;
};

export type UploadOptions = {
  /** Octets that are on their way. */
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
};

export type ApiParts = {
  /** The session's own word, which each change must bring. */
  readonly csrf: () => string | undefined;
  /** Called where the session is over. */
  readonly onSignedOut: () => void;
};

const CSRF_HEADER = 'pxed-csrf';

export function createApi({ csrf, onSignedOut }: ApiParts): Api {
  function headers(type?: string): Record<string, string> {
    const word = csrf();
    return {
      ...(word !== undefined && { [CSRF_HEADER]: word }),
      ...(type !== undefined && { 'content-type': type }),
    };
  }

  function fail(status: number, text: string): never {
    const problem = problemOf(status, text);
    if (status === 401 && problem.code !== 'wrong-token') onSignedOut();
    throw problem;
  }

  async function exchange<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const type = body === undefined ? undefined : 'application/json';
    const more = body === undefined ? {} : { body: JSON.stringify(body) };
    let response: Response;
    let text: string;
    try {
      response = await fetch(`/api/v1/${path}`, { method, headers: headers(type), ...more });
      text = await response.text();
    } catch {
      throw unreachable();
    }
    if (!response.ok) fail(response.status, text);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  return {
    get: (path) => exchange('GET', path),
    send: exchange,
    upload(path, file, { onProgress, signal }) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      // fetch() tells nothing of how far an upload is.
      const request = new XMLHttpRequest();
      request.open('PUT', `/api/v1/${path}`);
      for (const [name, value] of Object.entries(headers('application/octet-stream'))) {
        request.setRequestHeader(name, value);
      }
      request.upload.onprogress = ({ loaded }) => onProgress(loaded);
      request.onerror = () => reject(unreachable());
      request.onabort = () => reject(new ApiProblem('stopped', 'The upload was stopped'));
      request.onload = () => {
        try {
          if (request.status >= 300) fail(request.status, request.responseText);
          resolve(request.responseText === '' ? undefined : JSON.parse(request.responseText));
        } catch (error) {
          reject(error);
        }
      };
      signal.addEventListener('abort', () => request.abort());
      request.send(file);
      return promise;
    },
  };
}

function unreachable(): ApiProblem {
  return new ApiProblem('unreachable', 'pxed does not answer: it was stopped, or the network is down');
}

/** As the API words it; whatever else comes (a proxy's page) by its status. */
export function problemOf(status: number, text: string): ApiProblem {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; details?: unknown } };
    return new ApiProblem(error.code, error.message, { status, details: error.details });
  } catch {
    return new ApiProblem('bad-answer', `The answer was ${status}, and no word of why`, { status });
  }
}
