import createClient, { type Middleware } from "openapi-fetch";

import { ApiError, apiError } from "./errors";
import type { paths } from "./schema";

/** Proves to the server that a request with the session's cookie was made by this page and not by another site's. */
export const CSRF_HEADERS = { "X-KB-Request": "1" } as const;

const signedOutListeners = new Set<() => void>();

/** Be told when the server no longer knows the session. Returns the function that ends this. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

export function reportSignedOut(): void {
  for (const listener of signedOutListeners) listener();
}

const noticeSignedOut: Middleware = {
  onResponse({ response, request }) {
    if (response.status === 401 && !request.url.endsWith("/sessions")) reportSignedOut();
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin, headers: CSRF_HEADERS });
api.use(noticeSignedOut);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The body of a successful call. Throws ApiError otherwise, with status 0 when the server cannot be reached. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (cause) {
    if (cause instanceof DOMException) throw cause;
    throw new ApiError(0, "unreachable", String(cause));
  }
  if (!answer.response.ok) throw apiError(answer.response.status, answer.error);
  return answer.data as T;
}
