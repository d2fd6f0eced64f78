// Puts the chat on a page: <script src="https://kb.example.edu/widget.js" data-widget="ID" async></script>
// data-token: what the page's own server signed for this visitor, where the chat wants that.
// data-label: the button's words for screen readers. data-side="left": the other corner.
(() => {
  const script = document.currentScript;
  const id = script?.dataset.widget;
  if (!id) return;
  const { token = "", label = "Chat", side = "right" } = script.dataset;
  const origin = new URL(script.src).origin;
  const at = side === "left" ? "left" : "right";

  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-expanded", "false");
  button.dataset.kbWidget = "button";
  Object.assign(button.style, {
    position: "fixed", bottom: "20px", [at]: "20px", zIndex: "2147483000", width: "56px", height: "56px", padding: "0",
    border: "0", borderRadius: "28px", background: "#2a7479", color: "#fff", cursor: "pointer",
    boxShadow: "0 4px 16px rgba(0, 0, 0, 0.25)",
  });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ width: "26", height: "26", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "1.8", "stroke-linejoin": "round", "aria-hidden": "true" }))
    svg.setAttribute(name, value);
  svg.style.display = "block";
  svg.style.margin = "auto";
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M4 5h16v11H10l-4 4v-4H4z M8 9h8 M8 12h5");
  svg.append(path);
  button.append(svg);

  let frame = null;
  const show = (isOpen) => {
    if (isOpen && !frame) {
      frame = document.createElement("iframe");
      frame.title = label;
      // Behind "#", so that the token is in no server's log.
      frame.src = `${origin}/widget/${encodeURIComponent(id)}${token ? `#${encodeURIComponent(token)}` : ""}`;
      frame.referrerPolicy = "no-referrer";
      frame.dataset.kbWidget = "frame";
      Object.assign(frame.style, {
        position: "fixed", bottom: "88px", [at]: "20px", zIndex: "2147483000", width: "min(400px, calc(100vw - 40px))",
        height: "min(620px, calc(100vh - 108px))", border: "0", borderRadius: "16px", background: "#fff",
        boxShadow: "0 8px 40px rgba(0, 0, 0, 0.28)",
      });
      document.body.append(frame);
    }
    if (frame) frame.style.display = isOpen ? "block" : "none";
    button.setAttribute("aria-expanded", String(isOpen));
  };
  button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));
  const start = () => document.body.append(button);
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
