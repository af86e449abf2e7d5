# Copyright (c) the drover authors. SPDX-License-Identifier: MIT
"""One page of HTML with a picture for each bench; it loads nothing from elsewhere."""

import html
import math

import evidence
from reports import TITLE_A, row_note, row_verdict, signed, summary, title_of_drift

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 150, 56, 12, 12, 24

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em; color: #1b1f24; }
table { border-collapse: collapse; margin: 1em 0; } td, th { padding: .2em .8em; text-align: right; }
td:first-child, th:first-child, td.text { text-align: left; } tr:nth-child(even) { background: #f3f5f7; }
.fail { color: #b3261e; font-weight: 600; } .pass { color: #17733a; } .inconclusive { color: #8a6100; }
figure { margin: 1.5em 0; } figcaption { font-weight: 600; } svg { max-width: 100%; height: auto; } .facts { color: #57606a; }
"""


class Scale:
    """Percent to pixels; what lies outside is drawn at the edge."""

    def __init__(self, values):
        low, high = min([-0.03, *values]), max([0.08, *values])
        self.low = max(low - 0.005, -0.5)
        self.high = min(high + 0.005, 1.0)

    def __call__(self, value):
        inside = min(max(value, self.low), self.high)
        return TOP + (self.high - inside) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def level(scale, value, colour, text, dashes=""):
    y = scale(value)
    return (f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-dasharray="{dashes}"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" font-size="11" fill="{colour}">{text}</text>')


def dots(pairs, above, scale, start, step):
    for place, pair in enumerate(pairs):
        x, y = start + (place + 0.5) * step, scale(math.expm1(pair.sample()))
        if pair.disturbed(above):
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="none" stroke="#9aa4ae"/>'
        else:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="#2463a8" fill-opacity=".75"/>'


def picture(answer):
    """All pairs in the order in which they were taken; those of the second time behind a line; the estimate as a band."""
    groups = [one for one in (answer.first, answer.measured) if one is not None]
    count = sum(len(one.pairs) for one in groups)
    if count == 0:
        return "<p>No pair was taken.</p>"
    kept = sorted(math.expm1(sample) for one in groups for sample in one.samples())
    # One wild pair does not make all others a line.
    scale = Scale(kept[len(kept) // 20:len(kept) - len(kept) // 20])
    step = (WIDTH - LEFT - RIGHT) / count
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
             f'role="img" aria-label="change of each pair of {html.escape(answer.bench, quote=True)}">']
    start = LEFT + step * (count - len(answer.measured.pairs))
    if answer.change is not None:
        low = scale(answer.high) if answer.high is not None else TOP
        high = scale(answer.low) if answer.low is not None else HEIGHT - BOTTOM
        parts.append(f'<rect x="{start:.1f}" y="{low:.1f}" width="{WIDTH - RIGHT - start:.1f}" height="{max(1.0, high - low):.1f}" '
                     'fill="#2463a8" fill-opacity=".12"/>')
        parts.append(f'<line x1="{start:.1f}" x2="{WIDTH - RIGHT}" y1="{scale(answer.change):.1f}" y2="{scale(answer.change):.1f}" '
                     'stroke="#2463a8" stroke-width="2"/>')
    parts.append(level(scale, 0.0, "#57606a", "0 %"))
    parts.append(level(scale, evidence.TOLERATED, "#8a6100", f"+{evidence.TOLERATED:.0%}".replace("%", " %"), "4 3"))
    parts.append(level(scale, evidence.FOUND, "#b3261e", f"+{evidence.FOUND:.0%}".replace("%", " %"), "4 3"))
    place = LEFT
    for one in groups:
        parts += dots(one.pairs, one.above, scale, place, step)
        place += step * len(one.pairs)
    if len(groups) == 2:
        parts.append(f'<line x1="{start:.1f}" x2="{start:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#1b1f24"/>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end" font-size="11" fill="#57606a">{count} pairs in the '
                 'order taken; hollow: set aside</text></svg>')
    return "".join(parts)


def table(head, rows):
    yield "<table><tr>" + "".join(f"<th>{html.escape(word)}</th>" for word in head) + "</tr>"
    for cells, verdict, note in rows:
        yield ("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
               + f'<td class="{verdict}">{verdict}</td><td class="text">{html.escape(note)}</td></tr>')
    yield "</table>"


def as_html(found):
    lines = ["<!doctype html>", '<html lang="en"><head><meta charset="utf-8">',
             f"<title>{found.verdict}: {html.escape(found.head[:40])}</title><style>{STYLE}</style></head><body>",
             f'<h1 class="{found.verdict}">{found.verdict}</h1>', f"<p>{html.escape(summary(found))}</p>",
             f'<p class="facts">base {html.escape(found.base)}<br>head {html.escape(found.head)}']
    lines += [f"<br>{html.escape(name)}: {html.escape(str(value))}" for name, value in found.facts.items()]
    lines.append("</p>")
    lines += [f"<p>Note: {html.escape(note)}</p>" for note in found.notes]
    for rows, title, base in ((found.instructions, TITLE_A, "base"), (found.drift, title_of_drift(found), found.tag)):
        if rows:
            lines.append(f"<h2>{html.escape(title)}</h2>")
            lines += table(("path", base, "head", "change", "verdict", ""),
                           [((row.bench, f"{row.base:.1f}", f"{row.head:.1f}", signed(row.change)), row_verdict(row),
                             row_note(row)) for row in rows])
    if found.answers:
        lines.append("<h2>Gate B: time of head over base</h2>")
        lines += table(("bench", "pairs", "set aside", "change", "low", "high", "verdict", ""),
                       [((one.bench, str(one.pairs), str(one.measured.set_aside()), signed(one.change), signed(one.low),
                          signed(one.high)), one.verdict, one.why) for one in found.answers])
        for one in found.answers:
            lines.append(f'<figure><figcaption>{html.escape(one.bench)}: <span class="{one.verdict}">{one.verdict}</span>'
                         f"</figcaption>{picture(one)}</figure>")
    return "\n".join([*lines, "</body></html>", ""])


def write_html(found, path):
    with open(path, "w", encoding="utf-8") as file:
        file.write(as_html(found))
