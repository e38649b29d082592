/** YAML's tags, as Psych takes them: those of YAML itself and GitLab's `!reference`; others change nothing. */

/** `!!str`, `!<tag:yaml.org,2002:str>` and Ruby's `!str` are one. */
export const tagName = (written: string): string => {
  const verbatim = /^!<(.*)>$/.exec(written)?.[1] ?? written;
  const name = verbatim.replace(/^tag:yaml\.org,2002:/, "").replace(/^!{1,2}/, "");
  return name === "" ? "!" : name;
};

const KNOWN = new Set(["!", "str", "int", "float", "bool", "null", "map", "seq", "reference"]);

export const isKnownTag = (name: string): boolean => KNOWN.has(name);

/** `!ruby/object:Name` would make an object. GitLab allows no class but its own. */
export const rubyClass = (name: string): string | null =>
  /^ruby\/[a-z]+:(.+)$/.exec(name)?.[1] ?? (name.startsWith("ruby/") ? name : null);
