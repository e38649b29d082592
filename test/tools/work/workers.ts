/** What stands for `cloudflare:workers` where the app runs in Node: it is driven there with requests that wake no object. */
export const waitUntil = (): void => {};
