/** A number in a path: null for what no object of ours can have (negative, zero, huge, no number at all). */
export const parseId = (text: string | undefined): number | null => {
  if (text === undefined || !/^[0-9]{1,15}$/.test(text)) return null;
  const id = Number(text);
  return id > 0 ? id : null;
};
