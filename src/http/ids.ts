/** A number in a path: null for what no object of ours can have (negative, zero, huge, with zeros in front, no number at all). */
export const parseId = (text: string | undefined): number | null => {
  if (text === undefined || !/^[1-9][0-9]{0,14}$/.test(text)) return null;
  return Number(text);
};
