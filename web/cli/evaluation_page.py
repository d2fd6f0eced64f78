"""An evaluation as one HTML page that needs nothing else: plots drawn as SVG, light and dark, readable offline."""

from __future__ import annotations

from html import escape

from inference.evaluation.metrics import LOWER_IS_BETTER, METRICS, Mean
from inference.evaluation.runs import QuestionResult, Run

PLOT_LEFT, PLOT_WIDTH, ROW_HEIGHT = 170, 420, 26
SHARES_END = 1.0
STYLE = """
:root { color-scheme: light dark; --ink: #1c2325; --dim: #5f6b6e; --line: #dfe4e4; --page: #fbfcfc; --card: #fff;
  --mark: #14747c; --soft: #14747c40; --bad: #b4432f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8e8; --dim: #96a1a3; --line: #30373a; --page: #141719;
  --card: #1b1f22; --mark: #5cc0c6; --soft: #5cc0c640; --bad: #ee8570; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1040px; padding: 28px 20px 60px; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 34px 0 10px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; color: var(--dim); margin: 0; }
dd { margin: 0; color: var(--ink); overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px; overflow-x: auto; }
svg { display: block; max-width: 100%; height: auto; font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .dim { fill: var(--dim); } svg .grid { stroke: var(--line); } svg .dot { fill: var(--mark); }
svg .span { stroke: var(--soft); stroke-width: 6; stroke-linecap: round; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
td, th { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--dim); font-weight: 500; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
details > summary { cursor: pointer; overflow-wrap: anywhere; } .bad { color: var(--bad); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; color: var(--dim); margin: 6px 0 0; }
"""


def page_of(run: Run) -> str:
    """Return the page."""
    shown = {name: run.metrics[name] for name in METRICS if name in run.metrics}
    shares = {name: mean for name, mean in shown.items() if _is_share(name)}
    others = {name: mean for name, mean in shown.items() if not _is_share(name)}
    about = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in run.about.items())
    title = escape(f"{run.about.get('questions', '')} · {run.about.get('knowledge base', '')}")
    parts = [
        f"<h1>{title}</h1><dl>{about}</dl>",
        f"<h2>Shares, with their 95 % intervals</h2><div class=card>{_intervals(shares)}</div>",
    ]
    if (places := _first_places(run)) is not None:
        parts.append(f"<h2>Place of the first right passage</h2><div class=card>{_bars(places)}</div>")
    if others:
        parts.append(f"<h2>Cost</h2><div class=card>{_figures(others)}</div>")
    parts.append(f"<h2>Questions, the worst first</h2><div class=card>{_questions(run)}</div>")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style>{''.join(parts)}</html>\n"
    )


def _is_share(name: str) -> bool:
    return name not in ("tokens", "seconds", "seconds_search")


def _intervals(metrics: dict[str, Mean]) -> str:
    height = ROW_HEIGHT * len(metrics) + 24
    width = PLOT_LEFT + PLOT_WIDTH + 90
    drawn = []
    for step in range(0, 11, 2):
        x = PLOT_LEFT + PLOT_WIDTH * step / 10
        drawn.append(f'<line class="grid" x1="{x}" x2="{x}" y1="4" y2="{height - 20}"/>')
        drawn.append(f'<text class="dim" x="{x}" y="{height - 5}" text-anchor="middle">{step / 10:g}</text>')
    for row, (name, mean) in enumerate(metrics.items()):
        y = ROW_HEIGHT * row + 16
        at = [PLOT_LEFT + PLOT_WIDTH * value / SHARES_END for value in (mean.low, mean.value, mean.high)]
        arrow = " ↓" if name in LOWER_IS_BETTER else ""
        drawn.append(f'<text x="{PLOT_LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(name)}{arrow}</text>')
        drawn.append(f'<line class="span" x1="{at[0]:.1f}" x2="{at[2]:.1f}" y1="{y}" y2="{y}"/>')
        drawn.append(
            f'<circle class="dot" cx="{at[1]:.1f}" cy="{y}" r="4.5"><title>{mean.n} questions</title></circle>'
        )
        value = f"{mean.value:.3f}"
        drawn.append(f'<text class="dim" x="{PLOT_LEFT + PLOT_WIDTH + 14}" y="{y + 4}">{value} · {mean.n}</text>')
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img">{"".join(drawn)}</svg>'


def _first_places(run: Run) -> list[tuple[str, int]] | None:
    reciprocals = [result.values["mrr@10"] for result in run.results if "mrr@10" in result.values]
    if not reciprocals:
        return None
    places = [round(1 / value) if value else 0 for value in reciprocals]
    return [(str(place), places.count(place)) for place in range(1, 11)] + [("none", places.count(0))]


def _bars(counts: list[tuple[str, int]]) -> str:
    step, height = 52, 130
    most = max(count for _, count in counts) or 1
    drawn = []
    for place, (name, count) in enumerate(counts):
        x, tall = 10 + step * place, (height - 40) * count / most
        drawn.append(f'<rect class="dot" x="{x}" y="{height - 20 - tall:.1f}" width="34" height="{tall:.1f}" rx="3"/>')
        drawn.append(f'<text x="{x + 17}" y="{height - 25 - tall:.1f}" text-anchor="middle">{count or ""}</text>')
        drawn.append(f'<text class="dim" x="{x + 17}" y="{height - 4}" text-anchor="middle">{name}</text>')
    width = 20 + step * len(counts)
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img">{"".join(drawn)}</svg>'


def _figures(metrics: dict[str, Mean]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}<td class=n>{_number(mean.value)}<td class=n>{_number(mean.low)} … "
        f"{_number(mean.high)}<td class=n>{mean.n}"
        for name, mean in metrics.items()
    )
    return f"<table><tr><th>per question<th class=n>mean<th class=n>95 % interval<th class=n>questions{rows}</table>"


def _questions(run: Run) -> str:
    def badness(result: QuestionResult) -> float:
        signed = [
            -value if name in LOWER_IS_BETTER else value for name, value in result.values.items() if _is_share(name)
        ]
        return -9.0 if result.error else sum(signed) / max(1, len(signed))

    columns = [name for name in ("recall@10", "mrr@10", "holds_answer", "f1") if name in run.metrics]
    rows = []
    for result in sorted(run.results, key=badness):
        cells = "".join(f"<td class=n>{_number(result.values.get(name))}" for name in columns)
        said = f'<span class="bad">{escape(result.error)}</span>' if result.error else escape(result.answer or "–")
        rows.append(
            f"<tr><td><details><summary>{escape(result.question)}</summary><pre>"
            f"Expected: {escape(' | '.join(result.expected)) or '–'}\n"
            f"{'Abstained. ' if result.abstained else ''}Answer: {said}\n"
            f"Found: {escape(', '.join(result.found)) or '–'}</pre></details>{cells}"
        )
    heads = "".join(f"<th class=n>{escape(name)}" for name in columns)
    return f"<table><tr><th>question{heads}{''.join(rows)}</table>"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
