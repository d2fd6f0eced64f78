import { useTranslation } from "react-i18next";

/** Formats of the language in use: bytes, times, counts. */
export function useFormats() {
  const { i18n } = useTranslation();
  const language = i18n.resolvedLanguage ?? "en";
  return {
    bytes: (count: number) => formatBytes(count, language),
    dateTime: (iso: string) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso)),
    date: (iso: string) => new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(iso)),
    duration: (seconds: number) => formatDuration(seconds, language),
    count: (value: number) => new Intl.NumberFormat(language).format(value),
  };
}

/** A time that is left, as coarse as it is known. */
export function formatDuration(seconds: number, language: string): string {
  const [value, unit] =
    seconds < 55 ? [Math.max(5, Math.ceil(seconds / 5) * 5), "second"] : seconds < 3300 ? [Math.max(1, Math.round(seconds / 60)), "minute"] : [Math.round(seconds / 360) / 10, "hour"];
  return new Intl.NumberFormat(language, { style: "unit", unit: unit, unitDisplay: "short" }).format(value);
}

export function formatBytes(count: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  if (unit === 0) return `${new Intl.NumberFormat(language).format(value)} B`; // Intl writes “2 byte”
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: units[unit],
    unitDisplay: "short",
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
}
