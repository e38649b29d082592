/** From where a request came, as the edge says, or who stands in front of a local server; null when nobody says. */
export const clientAddress = (headers: Headers): string | null => {
  const forwarded = headers.get("X-Forwarded-For")?.split(",", 1)[0]?.trim();
  // Longer than any address with a scope in it: what somebody made up is nothing to remember.
  const address = headers.get("CF-Connecting-IP") ?? forwarded ?? "";
  return address !== "" && address.length <= 64 ? address : null;
};
