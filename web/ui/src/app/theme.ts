import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const pine: MantineColorsTuple = [
  "#eef7f7", "#dcebec", "#b5d6d8", "#8cc0c3", "#6aadb1", "#54a1a6", "#479ba0", "#38878c", "#2a7479", "#155f64",
];
const ink: MantineColorsTuple = [
  "#d5d7d9", "#acb0b4", "#8a8f95", "#5d6369", "#3c4146", "#2f3338", "#25292d", "#1b1e21", "#141618", "#0e1011",
];

// System fonts only. The CJK names follow the Latin ones, so that Latin text and digits keep the Latin face.
const sans =
  'ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Roboto, "PingFang SC", "Hiragino Sans GB", ' +
  '"Microsoft YaHei UI", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", sans-serif';
const mono =
  'ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", Menlo, Consolas, "Noto Sans Mono CJK SC", monospace';

export const theme = createTheme({
  colors: { pine, dark: ink },
  primaryColor: "pine",
  primaryShade: { light: 8, dark: 5 },
  autoContrast: true,
  fontFamily: sans,
  fontFamilyMonospace: mono,
  headings: { fontFamily: sans, fontWeight: "620" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontSizes: { xs: "0.75rem", sm: "0.84rem", md: "0.95rem", lg: "1.08rem", xl: "1.25rem" },
  components: {
    Button: { styles: { label: { fontWeight: 550 } } },
    InputWrapper: { styles: { label: { fontWeight: 550 } } },
    Tooltip: { defaultProps: { openDelay: 350, withinPortal: true, multiline: true, maw: 320, fz: "xs" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: "md" } },
    Modal: { defaultProps: { centered: true, radius: "lg", overlayProps: { backgroundOpacity: 0.35, blur: 2 } } },
    Menu: { defaultProps: { shadow: "md", withinPortal: true } },
  },
});

/** Colours of our own, and Mantine's where its grey has too little contrast for small text. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#ffffff",
    "--mantine-color-text": "#1c2124",
    "--mantine-color-dimmed": "#626a6f",
    "--mantine-color-placeholder": "#7b848a",
    "--kb-ground": "#ffffff",
    "--kb-side": "#f7f8f8",
    "--kb-raised": "#ffffff",
    "--kb-hover": "#eceeee",
    "--kb-line": "#e5e8e9",
    "--kb-mark": "#ffe79e",
    "--kb-doubt": "#b96a00",
  },
  dark: {
    "--mantine-color-body": "#16181b",
    "--mantine-color-text": "#dadde0",
    "--mantine-color-dimmed": "#959ca2",
    "--mantine-color-placeholder": "#7d858b",
    "--kb-ground": "#16181b",
    "--kb-side": "#111315",
    "--kb-raised": "#1d2023",
    "--kb-hover": "#1f2326",
    "--kb-line": "#2a2e32",
    "--kb-mark": "#66510f",
    "--kb-doubt": "#f0a63a",
  },
});
