// Tags as people type them: "Environment=production, Role=web", as the command line takes them.

import type { Attribute } from "./api";

export function parseTags(text: string): Attribute[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => {
      const [key = "", ...value] = part.split("=");
      return value.length ? { key: key.trim(), value: value.join("=").trim() } : { key: key.trim() };
    });
}

export function tagsText(tags: readonly Attribute[]): string {
  return tags.map((tag) => (tag.value ? `${tag.key}=${tag.value}` : tag.key)).join(", ");
}
