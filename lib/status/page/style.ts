/** The page's style sheet. Its hash stands in the Content-Security-Policy: no other style applies. */
export const STYLE = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2026;--quiet:#59626d;--line:#d9dee4;--link:#0757b8;
--good:#146c34;--good-bg:#e4f5ea;--warn:#7a4b00;--warn-bg:#fdf1d8;--bad:#a61b12;--bad-bg:#fde8e6;--idle-bg:#e9edf2;
--taken:#1f6feb;--spare:#8b95a1;--failed:#cf3a1d}
@media(prefers-color-scheme:dark){:root{--page:#0e1216;--card:#171c22;--ink:#e7ebef;--quiet:#a0abb7;--line:#2f3842;
--link:#7db7ff;--good:#6fdc94;--good-bg:#12301d;--warn:#f0c35c;--warn-bg:#372a0c;--bad:#ff9d90;--bad-bg:#421a16;
--idle-bg:#242c35;--taken:#4f95ff;--spare:#7d8895;--failed:#ff7a5c}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,"Liberation Sans","DejaVu Sans",sans-serif;overflow-wrap:break-word}
header,main,footer{max-width:64rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.25rem}
h1{font-size:1rem;font-weight:600;margin:0 0 .5rem;color:var(--quiet)}
h2{font-size:1.15rem;line-height:1.3;margin:2rem 0 .6rem}
p{margin:.4rem 0}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.state{border:1px solid var(--line);border-left:.5rem solid var(--quiet);border-radius:.5rem;padding:.9rem 1.1rem;
background:var(--card)}
.state p{max-width:52rem}
.state p:last-child{margin-bottom:0}
.state .say{margin:0;font-size:1.45rem;font-weight:650;line-height:1.3}
.state.good{border-left-color:var(--good)}.state.good .say{color:var(--good)}
.state.warn{border-left-color:var(--warn)}.state.warn .say{color:var(--warn)}
.state.bad{border-left-color:var(--bad)}.state.bad .say{color:var(--bad)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.6rem;margin:.75rem 0 0}
.facts div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.5rem .75rem}
dt{color:var(--quiet);font-size:.85rem}
dd{margin:0;font-weight:600}
dd.bad{color:var(--bad)}
dd small{font-size:.85rem;font-weight:400;color:var(--quiet);display:block}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(18rem,100%),1fr));gap:.75rem}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .75rem}
figcaption{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 .75rem;font-size:.9rem;margin-bottom:.4rem}
figcaption span,.ends,.quiet{color:var(--quiet)}
svg{display:block;width:100%;height:4.5rem}
.ends{display:flex;justify-content:space-between;font-size:.8rem;margin:.15rem 0 0}
.axis{stroke:var(--line);fill:none}
path.taken{fill:var(--taken)}path.spare{fill:var(--spare)}path.failed{fill:var(--failed)}
.swatch{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;margin-right:.4rem}
.swatch.taken{background:var(--taken)}.swatch.spare{background:var(--spare)}.swatch.failed{background:var(--failed)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.25rem;padding:0;margin:.5rem 0 .75rem;font-size:.9rem}
.wide+p{margin-top:.75rem}
.wide{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
table{border-collapse:collapse;width:100%;font-size:.925rem}
caption{text-align:left;color:var(--quiet);font-size:.9rem;padding:.5rem .75rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem;border-top:1px solid var(--line);font-weight:400}
thead th{color:var(--quiet);font-size:.85rem;white-space:nowrap;border-top:0;border-bottom:1px solid var(--line)}
tbody tr:first-child>*{border-top:0}
tbody th{font-weight:600}
tbody th .quiet{font-weight:400}
td time,.never{white-space:nowrap}
.tracked tbody th,.recent td:nth-child(2){min-width:11rem}
.tracked td:last-child,.recent td:nth-child(4){min-width:15rem;width:60%}
.number,.counts thead th:not(:first-child){text-align:right}
.number,time{font-variant-numeric:tabular-nums}
.counts .number{min-width:4rem}
.never{color:var(--warn);font-weight:600}
.badge{display:inline-block;padding:0 .5em;border-radius:.35rem;font-weight:600;font-size:.875rem;white-space:nowrap;
background:var(--idle-bg)}
.badge.forwarded,.badge.queued,.badge.dry_run{background:var(--good-bg);color:var(--good)}
.badge.unavailable{background:var(--warn-bg);color:var(--warn)}
.badge.refused,.badge.error{background:var(--bad-bg);color:var(--bad)}
footer{margin-top:2rem;padding-bottom:2rem;font-size:.9rem;color:var(--quiet)}
@media(max-width:40rem){.state .say{font-size:1.25rem}th,td,caption{padding:.4rem .65rem}
.counts th .quiet{display:block;font-size:.85rem}.counts .number{min-width:0}.counts thead th{white-space:normal}
.stacked thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stacked tbody tr{display:flex;flex-wrap:wrap;gap:.1rem .75rem;padding:.5rem .65rem;border-top:1px solid var(--line)}
.stacked tbody th,.stacked tbody td{border:0;padding:0;min-width:0!important;width:auto!important}
.tracked tbody th{flex:1 1 10rem}.tracked td:last-child{flex:1 0 100%}
.recent td:nth-child(2){order:1;flex:1 0 100%;font-weight:600}.recent td:nth-child(4){order:1;flex:1 0 100%}
.recent td:last-child{margin-left:auto}.recent td:last-child::after{content:" ms"}
.stacked td:empty{display:none}}
`;
