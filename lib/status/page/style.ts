/** The page's style sheet. Its hash stands in the Content-Security-Policy: no other style applies. */
export const STYLE = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2026;--quiet:#59626d;--line:#dde2e8;--link:#0757b8;
--good:#146c34;--good-bg:#e4f5ea;--warn:#7a4b00;--warn-bg:#fdf1d8;--bad:#a61b12;--bad-bg:#fde8e6;--idle:#47515c;
--idle-bg:#e9edf2;--taken:#1f6feb;--spare:#8b95a1;--failed:#cf3a1d}
@media(prefers-color-scheme:dark){:root{--page:#0e1216;--card:#171c22;--ink:#e7ebef;--quiet:#a0abb7;--line:#2c353f;
--link:#7db7ff;--good:#6fdc94;--good-bg:#12301d;--warn:#f0c35c;--warn-bg:#372a0c;--bad:#ff9d90;--bad-bg:#421a16;
--idle:#b9c3cd;--idle-bg:#242c35;--taken:#4f95ff;--spare:#7d8895;--failed:#ff7a5c}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,"Liberation Sans","DejaVu Sans",sans-serif;overflow-wrap:break-word}
header,main,footer{max-width:72rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.1rem}
section,.fold{margin-top:1.75rem}
h1,h2,h3{line-height:1.3;margin:0}
h1{margin-bottom:.6rem;font-size:.9rem;font-weight:400;color:var(--quiet)}
h1 b{color:var(--ink);margin-right:.4rem}
h2{font-size:1.1rem;font-weight:650;margin-bottom:.6rem}
h3{font-size:1rem;font-weight:600}
p{margin:.4rem 0}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
code,pre{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
pre{margin:.5rem 0 0;padding:.5rem .75rem;background:var(--page);border:1px solid var(--line);border-radius:.4rem;
overflow-x:auto;overflow-wrap:normal}
.quiet,small{color:var(--quiet)}
.state{margin:0;padding:1rem 1.25rem;background:var(--card);border:1px solid var(--line);
border-left:.4rem solid var(--quiet);border-radius:.5rem}
.state .say{margin:0;font-size:1.5rem;font-weight:650;line-height:1.3}
.state p{max-width:60rem;margin-bottom:0;text-wrap:pretty}
.state.good{border-left-color:var(--good)}.state.good .say{color:var(--good)}
.state.warn{border-left-color:var(--warn)}.state.warn .say{color:var(--warn)}
.state.bad{border-left-color:var(--bad)}.state.bad .say{color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.6rem;margin:.75rem 0 0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.5rem .8rem}
dt{color:var(--quiet);font-size:.85rem}
dd{margin:0;font-weight:600}
dd.bad{color:var(--bad)}
dd small{font-size:.85rem;font-weight:400;display:block}
.needs ul{list-style:none;margin:0;padding:0;display:grid;gap:.6rem}
.needs li{min-width:0;background:var(--card);border:1px solid var(--line);border-left:.4rem solid var(--bad);border-radius:.5rem;
padding:.7rem 1rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:.75rem}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
figcaption{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 .75rem;font-size:.9rem;margin-bottom:.5rem}
figcaption span,.scale,.ticks{color:var(--quiet)}
.plot{display:grid;grid-template-columns:auto 1fr;gap:.4rem}
svg{display:block;width:100%;height:6rem}
.scale,.ticks{display:flex;justify-content:space-between;font-size:.75rem;font-variant-numeric:tabular-nums}
.scale{flex-direction:column;align-items:flex-end;margin:-.55rem 0;min-width:1.5rem;line-height:1.1rem}
.ticks{margin:.4rem 0 0 1.9rem}
.grid,.axis{stroke:var(--line);fill:none;vector-effect:non-scaling-stroke}
.axis{stroke:var(--quiet)}
path.taken{fill:var(--taken)}path.spare{fill:var(--spare)}path.failed{fill:var(--failed)}
.swatch{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;margin-right:.4rem}
.swatch.taken{background:var(--taken)}.swatch.spare{background:var(--spare)}.swatch.failed{background:var(--failed)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.25rem;padding:0;margin:.5rem 0 0;font-size:.9rem}
.fold summary{cursor:pointer;padding:.6rem .8rem;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
.fold summary h2{display:inline;margin:0 .4rem 0 0;font-size:1rem}
.fold[open] summary{margin-bottom:.6rem}
.wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
table{border-collapse:collapse;width:100%;font-size:.925rem}
caption{text-align:left;color:var(--quiet);font-size:.9rem;padding:.5rem .8rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .8rem;border-top:1px solid var(--line);font-weight:400}
thead th{color:var(--quiet);font-size:.85rem;white-space:nowrap;border-top:0;border-bottom:1px solid var(--line)}
tbody tr:first-child>*{border-top:0}
tbody th{font-weight:600}
tbody th .quiet{font-weight:400}
td time,td .late,td .quiet{white-space:nowrap}
td time small{display:block}
.tracked tbody th,.webhooks td:nth-child(2){min-width:11rem}
.tracked td:last-child,.webhooks td:nth-child(3){min-width:15rem;width:60%}
.number{text-align:right}
.number,time{font-variant-numeric:tabular-nums}
.late{color:var(--warn)}
td a,tbody th a{color:inherit;text-decoration-color:var(--quiet);text-underline-offset:.2em}
td a:hover,tbody th a:hover{color:var(--link)}
td a code{white-space:nowrap}
.badge{display:inline-block;padding:0 .5em;border-radius:.35rem;font-weight:600;font-size:.875rem;white-space:nowrap}
.badge.good{background:var(--good-bg);color:var(--good)}.badge.idle{background:var(--idle-bg);color:var(--idle)}
.badge.warn{background:var(--warn-bg);color:var(--warn)}.badge.bad{background:var(--bad-bg);color:var(--bad)}
footer{margin-top:2rem;padding-bottom:2rem;font-size:.875rem;color:var(--quiet)}
@media(max-width:40rem){header,main,footer{padding-left:.9rem;padding-right:.9rem}.state .say{font-size:1.25rem}
.tiles{grid-template-columns:1fr 1fr}.tiles div:last-child:nth-child(odd){grid-column:1/-1}
th,td,caption{padding:.4rem .65rem}
.stacked thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stacked tbody tr{display:flex;flex-wrap:wrap;gap:.1rem .75rem;padding:.55rem .65rem;border-top:1px solid var(--line)}
.stacked tbody th,.stacked tbody td{border:0;padding:0;min-width:0!important;width:auto!important}
.tracked tbody th{flex:1 1 10rem}.tracked td:last-child{flex:1 0 100%}
.webhooks td:nth-child(1){order:1}.webhooks td:nth-child(2){flex:1 1 60%;font-weight:600}
.webhooks td:nth-child(3){order:3;flex:1 0 100%}.webhooks td:nth-child(4){order:2;margin-left:auto}
.webhooks td:nth-child(4):not(:empty)::before{content:"attempts: "}.webhooks td:nth-child(5){order:0}
td time small{display:inline}
.stacked td:empty{display:none}}
`;
