// The shell of a report page: style, the one small script, and the parts that every page is made of.
import { createHash } from "node:crypto";
import { type Content, type Html, html, trusted } from "./markup.ts";

const style = `
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#5b6570;--paper:#f5f6f8;--card:#fff;--line:#dde1e6;--link:#1a5fb4;--soft:#eef3fa;--good:#0a7a4b;--bad:#b3261e;--warn:#fff6dd;--warnline:#e0b94a;--shade:#0003}
@media (prefers-color-scheme:dark){:root{--ink:#e7eaee;--dim:#a2acb8;--paper:#14171b;--card:#1d2126;--line:#343b44;--link:#7db4f5;--soft:#252c36;--good:#5fd39c;--bad:#ff8f86;--warn:#332a12;--warnline:#8d7024;--shade:#000b}}
@media print{:root{color-scheme:light;--ink:#000;--dim:#444;--paper:#fff;--card:#fff;--line:#bbb;--link:#000;--soft:#eee;--good:#064;--bad:#900;--warn:#fff;--warnline:#888;--shade:transparent}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0 auto;max-width:1060px;padding:1.5rem 1rem 4rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.6rem;line-height:1.2;margin:0}
h2{font-size:1.15rem;margin:0 0 .6rem}
h3{font-size:1rem;margin:1.2rem 0 .4rem}
h1,h2,h3,p,li,td,dd,figcaption{overflow-wrap:anywhere}
figcaption{text-wrap:balance}
.flag{white-space:nowrap}
p{margin:.4rem 0}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
header p,.dim{color:var(--dim)}
small,.dim,figcaption,details{font-size:.875rem}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.2rem;margin-top:1rem}
.big{font-size:2.6rem;font-weight:650;line-height:1.15;margin:0}
.big.verdict{font-size:1.45rem;line-height:1.3;margin-bottom:.6rem}
.big small{font-size:1rem;font-weight:400;color:var(--dim)}
.notice{background:var(--warn);border-color:var(--warnline)}
.notice ul{margin:.3rem 0;padding-left:1.2rem}
.good{color:var(--good)}.bad{color:var(--bad)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:.5rem 1.5rem}
.charts:has(>:nth-child(4):last-child){grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr))}
.charts>*{max-width:500px;min-width:0}
.charts svg{width:100%;height:auto;display:block}
.wide{overflow-x:auto;max-width:100%;background:linear-gradient(to right,var(--card) 55%,transparent) left/32px 100% no-repeat local,linear-gradient(to left,var(--card) 55%,transparent) right/32px 100% no-repeat local,linear-gradient(to right,var(--shade),transparent) left/12px 100% no-repeat scroll,linear-gradient(to left,var(--shade),transparent) right/12px 100% no-repeat scroll}
.wide svg{display:block;height:auto;max-width:100%;min-width:var(--least)}
svg text{pointer-events:none}
.matrix a path{cursor:pointer}
.matrix a:hover path,.matrix a:focus path{stroke:currentColor;stroke-width:3}
.matrix a:focus{outline:none}
.cell{display:none;border-top:1px solid var(--line);margin-top:.8rem;padding-top:.6rem;scroll-margin-top:1rem}
.cell:target{display:block}
.cell:focus{outline:none}
.shots{display:grid;grid-template-columns:repeat(auto-fill,minmax(112px,1fr));gap:.8rem;margin:.6rem 0}
figure{margin:0}
figure svg{max-width:100%;height:auto}
.shots img,.shots .none{width:100%;aspect-ratio:1;object-fit:contain;background:var(--soft);border-radius:6px;display:block}
.shots .none{display:grid;place-items:center;color:var(--dim);font-size:.8rem;text-align:center;padding:.4rem}
.small img,.sheet.small{image-rendering:pixelated}
.triples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:1rem;margin:.6rem 0}
.triples img{width:100%;display:block;image-rendering:pixelated;border-radius:4px}
figcaption{line-height:1.3;margin-top:.25rem}
figcaption small{color:var(--dim);font-size:.75rem;display:block}
.sheet{max-width:100%;min-width:min(100%,560px);height:auto;border-radius:6px;display:block}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}
th .dim{font-weight:400}
td{white-space:nowrap}
th:first-child,td:first-child{text-align:left}
td:first-child,th:first-child{padding-left:0;min-width:7rem}
td .name{display:inline-block;white-space:normal;width:max-content;min-width:min(9rem,100%);max-width:18rem;overflow-wrap:anywhere}
.settings{columns:2 340px;column-gap:2rem;margin:0}
.settings div{display:flex;gap:1rem;justify-content:space-between;border-bottom:1px solid var(--line);break-inside:avoid;padding:.15rem 0}
.settings dt{color:var(--dim)}
.settings dd{margin:0;text-align:right}
ul.names{columns:3 220px;padding-left:1.2rem;margin:.4rem 0}
ul.pairs{columns:2 300px;padding-left:1.2rem;margin:.4rem 0}
pre{background:var(--soft);padding:.7rem .9rem;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0}
summary{cursor:pointer;color:var(--link);margin:.5rem 0}
@media (max-width:600px){body{padding:1rem .6rem 3rem}section{padding:.9rem .8rem}.big{font-size:2.1rem}.shots{grid-template-columns:repeat(auto-fill,minmax(92px,1fr))}th,td{padding:.3rem .45rem}}
@media print{body{max-width:none;padding:0}section{break-inside:avoid-page;border:0;padding:0 0 .6rem}.screen{display:none}.wide{overflow:visible}.wide svg{min-width:0}}
`;

// Arrow keys walk from cell to cell of the matrix, so that Tab need not pass a thousand of them; Escape goes back.
const script = `(()=>{
const links=[...document.querySelectorAll('.matrix a')].map(a=>{const m=/cell-(\\d+)-(\\d+)$/.exec(a.getAttribute('href'));return{a,row:+m[1],column:+m[2]}});
if(!links.length)return;
const current=one=>{for(const other of links)other.a.setAttribute('tabindex',other===one?'0':'-1')};
current(links[0]);
const keys={ArrowLeft:['column','row',-1],ArrowRight:['column','row',1],ArrowUp:['row','column',-1],ArrowDown:['row','column',1]};
let last=links[0];
for(const one of links){
one.a.addEventListener('focus',()=>{last=one;current(one)});
one.a.addEventListener('keydown',event=>{
const key=keys[event.key];if(!key)return;
event.preventDefault();
const[along,across,way]=key;
const ahead=links.filter(other=>(other[along]-one[along])*way>0);
ahead.sort((p,q)=>Math.abs(p[across]-one[across])-Math.abs(q[across]-one[across])||Math.abs(p[along]-one[along])-Math.abs(q[along]-one[along]));
if(ahead.length)ahead[0].a.focus();
});
}
document.addEventListener('keydown',event=>{if(event.key==='Escape'&&/^#cell-/.test(location.hash)){location.hash='matrix';last.a.focus()}});
})();`;

// No address may be loaded and no script run but the one above: a hostile name can at worst look strange.
const policy = [
  "default-src 'none'",
  "img-src data:",
  "style-src 'unsafe-inline'",
  `script-src 'sha256-${createHash("sha256").update(script).digest("base64")}'`,
].join("; ");

/** A whole page: one file, no network. */
export function page(title: string, body: Content): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
${body}
<script>${trusted(script)}</script>
</body>
</html>
`.text;
}

export function section(id: string, heading: string, body: Content, className = ""): Html {
  return html`<section id="${id}"${className ? html` class="${className}"` : ""}>
<h2>${flagged(heading)}</h2>
${body}
</section>
`;
}

/** A table that scrolls sideways on a narrow screen. The first column is the row's heading. */
export function table(head: readonly Content[], rows: readonly (readonly Content[])[]): Html {
  const text = (cell: Content) => (typeof cell === "string" ? flagged(cell) : cell);
  const row = (cells: readonly Content[]) =>
    html`<tr>${cells.map((cell, column) => (column === 0 ? html`<th scope="row">${text(cell)}</th>` : html`<td>${text(cell)}</td>`))}</tr>
`;
  return html`<div class="wide" tabindex="0" role="region" aria-label="table"><table>
<thead><tr>${head.map((cell) => html`<th scope="col">${text(cell)}</th>`)}</tr></thead>
<tbody>
${rows.map(row)}</tbody>
</table></div>`;
}

/** A text in which flags do not break at their hyphens. */
export function flagged(text: string): Html {
  const parts = text.split(/([“(]?--[a-z][\w-]*)/);
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<span class="flag">${part}</span>` : part))}`;
}

/**
 * The name of a file that may break where people would: after a slash or a joint, and before the ending. A line of its
 * last letter alone is nobody's wish.
 */
export function breakable(name: string): Html {
  const parts = name.split(/(?<=[/\\_\s-])|(?=\.\w+$)|(?<=\D)(?=\d{4,})/);
  return html`${parts.map((part, index) => (index === 0 ? part : html`<wbr>${part}`))}`;
}

/** Names and values in two columns where there is room. */
export function settingsList(rows: readonly (readonly [string, Content])[]): Html {
  return html`<dl class="settings">
${rows.map(
  ([key, value]) => html`<div><dt>${flagged(key)}</dt><dd>${value}</dd></div>
`,
)}</dl>`;
}

/** The longest lists end with "and so many more". */
export function cappedList(items: readonly Content[], cap: number, where: string, className = ""): Html {
  const rest = items.length - cap;
  return html`<ul class="${className}">
${items.slice(0, cap).map(
  (item) => html`<li>${item}</li>
`,
)}</ul>${rest > 0 ? html`<p class="dim">and ${rest} more, all in ${where}.</p>` : ""}`;
}
