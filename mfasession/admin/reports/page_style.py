"""The style sheet of the auditor's page: light, dark, and A4.

The colours differ for people with any colour vision, and have a contrast of 4.5:1 (WCAG 2.2, 1.4.3) on every
ground that they stand on; and no colour says anything that no word or pattern says.
"""

LIGHT = {
    "paper": "#ffffff", "ink": "#1f2328", "soft": "#eef0f2", "line": "#8b949e",
    "good": "#0b57a4", "bad": "#a8281c", "open": "#6b4a00", "plain": "#57606a",
}  # fmt: skip
DARK = {
    "paper": "#0d1117", "ink": "#e6edf3", "soft": "#1d232b", "line": "#6e7681",
    "good": "#79b8ff", "bad": "#ff9a8d", "open": "#e3b341", "plain": "#9aa4ae",
}  # fmt: skip


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


STYLE = f"""
:root {{ color-scheme: light dark; {_variables(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem;
  background: var(--paper); color: var(--ink); }}
h1, h2 {{ line-height: 1.2; }} h2 {{ margin-top: 2rem; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0; }}
dt {{ font-weight: 600; }} dd {{ margin: 0; overflow-wrap: anywhere; }}
code {{ font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }}
table {{ border-collapse: collapse; width: 100%; font-size: 14px; }}
caption {{ text-align: left; padding: .3rem .6rem; }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }}
thead th {{ position: sticky; top: 0; background: var(--paper); overflow-wrap: normal; }}
tbody th {{ min-width: 4rem; }} td.whole, th.whole {{ white-space: nowrap; }}
tr.no {{ background: var(--soft); }}
td.number, th.number {{ text-align: right; }}
.yes {{ color: var(--good); }} .no-word {{ color: var(--bad); font-weight: 600; }}
.unknown {{ color: var(--open); font-style: italic; }}
.charts {{ display: flex; flex-wrap: wrap; gap: 2rem; margin-top: 1rem; }}
figure {{ margin: 0; flex: 1 1 20rem; }}
figcaption {{ font-weight: 600; }}
svg {{ width: 100%; height: auto; }}
svg text {{ fill: var(--ink); font: 13px system-ui, sans-serif; }}
svg .good {{ fill: var(--good); }} svg .bad {{ fill: var(--bad); }} svg .open {{ fill: var(--open); }}
svg .plain {{ fill: var(--plain); }} svg .ground {{ fill: var(--soft); }}
svg .part {{ stroke: var(--paper); stroke-width: 2; }} svg .mark {{ stroke: var(--paper); stroke-width: 2; }}
@media (max-width: 60rem) {{ .wide {{ overflow-x: auto; }} .wide table {{ min-width: 56rem; }} }}
@page {{ size: A4 landscape; margin: 12mm;
  @bottom-right {{ content: counter(page) " / " counter(pages); font: 8pt sans-serif; }} }}
@media print {{
  :root {{ color-scheme: light; {_variables(LIGHT)} }}
  body {{ margin: 0; padding: 0; max-width: none; font-size: 10pt; }} table {{ font-size: 8.5pt; }}
  .wide {{ overflow: visible; }} .wide table {{ min-width: 0; }}
  .charts {{ flex-wrap: nowrap; }} svg {{ max-width: 8cm; }} h2 {{ margin-top: 1rem; }}
  thead th {{ position: static; }} thead {{ display: table-header-group; }}
  tr, figure, dl > * {{ break-inside: avoid; }} h2, caption {{ break-after: avoid; }}
  * {{ print-color-adjust: exact; }}
}}
""".strip()
