"""The monitoring report (月度监测报告): what moved, what visits found, and whether the grading may be used."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from reports.canvas import Chart
from reports.document import Block, Document, Grid, Pictures, Section, Words, write_document
from reports.model_card import AUDITED, audit_grid
from reports.model_charts import chart_groups
from reports.wording import interval_words, share

BANNER = "内部资料 · 分类结果的质量监测 · 不公开、不告知企业、不作考核"
LEVELS = {"green": "正常", "amber": "提示", "red": "异常"}
MOST_INDICATORS = 25


def write_monitor_report(told: Mapping[str, Any], folder: Path, made_at: datetime) -> list[Path]:
    """Write monitor-DATE.html and .pdf.

    told: as_of, place, status, released (a sentence), findings, figures (as monitor_report holds them), indicators
    (rows of the portal's reading), tables and columns (code → name), districts (code → name), months and report
    (pictures by name).
    """
    document = Document(
        f"月度监测报告：{told['as_of']}", "Monthly monitoring", BANNER,
        [("分类时点", str(told["as_of"])), ("地区", told["place"]), ("结论", LEVELS[told["status"]]), ("放行", told["released"])],
        list(_sections(told)), made_at, _cards(told["figures"]),
    )  # fmt: skip
    return write_document(document, folder, f"monitor-{told['as_of']}")


def _cards(figures: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    moved, previous = figures["movement"], figures["against"].get("previous")
    return [
        ("已分类", f"{figures['enterprises']:,}", "户"),
        ("得分 PSI（与上期）", f"{previous['score']['psi']:.3f}" if previous else "—", "0.25 以上停止自动放行"),
        ("类别变动", share(moved["changed"], moved["compared"]) if moved else "—", "占两期都有的主体"),
        ("没有新情况的变动", share(moved["quiet_changed"], moved["quiet"]) if moved else "—", "目标不超过 2%"),
    ]  # fmt: skip


def _sections(told: Mapping[str, Any]) -> Iterator[Section]:
    figures = told["figures"]
    yield Section("一、结论与发现", "Findings", _findings(told))
    yield Section("二、分布偏移", "Population stability", _drift(told))
    yield Section("三、类别变动", "Movement between classes", _movement(figures, told["months"]))
    yield Section("四、概率是否相符", "Calibration by class", _calibration(figures, told["report"]))
    yield Section("五、不定向抽查发现率", "Find rate on random draws", _finds(figures, told))
    yield Section("六、数据来源", "Sources", _sources(told))
    yield Section("七、分组核查", "Audit by size, district and ownership", _audit(told))
    yield Section("八、口径", "Method", [Words(METHOD)])


METHOD = (
    "PSI = Σ（本期占比 − 基期占比）× ln（本期占比 ÷ 基期占比）。取值是整数且不多的按值分组，其余按基期十分位分组，未知单列，每组加半户"
    "避免除零。得分均用现用模型计算。",
    "许多主体共用的数（行业发现率、关联关系）还要求平均值明显移动，才列为发现。",
    "没有新情况：主体自己的各项指标与上期完全相同。所述概率与发现率的比较用 Jeffreys 检验；发现率用 Clopper–Pearson 精确区间。",
    "只有对分类有分量的指标、得分、来源缺失、类别大量变动、概率明显低估才停止自动放行；停止后须两名不同人员看过本报告、写明理由放行，"
    "记入审计日志；放行之前，排期、页面和报表都用上一期结果。",
)


def _findings(told: Mapping[str, Any]) -> list[Block]:
    first = Words([told["released"]], "bad" if told["status"] == "red" else "")
    rows = [
        (f"{LEVELS[f['level']]}{'（停止放行）' if f['blocks'] else ''}", f["sentence"], f["remedy"])
        for f in told["findings"]
    ]
    if not rows:
        return [first, Words(["没有需要处理的发现。"], "good")]
    return [first, Grid(("级别", "发现", "怎么办"), rows, widths=(0.7, 2, 2))]


def _drift(told: Mapping[str, Any]) -> list[Block]:
    against = told["figures"]["against"]
    if not against:
        return [Words(["首次分类，且与训练同日，没有可比的时点。"])]
    blocks: list[Block] = [
        Pictures([told["months"][name] for name in ("score", "heat") if name in told["months"]])
    ]
    rows = [
        (
            row["name"],
            f"{row['weight']:.1%}{'·定性' if row['ruled'] else ''}",
            *_psi(row, "training"),
            *_psi(row, "previous"),
        )
        for row in told["indicators"][:MOST_INDICATORS]
    ]
    headings = ("指标（偏移最大的在前）", "分量", "PSI 训练", "均值移动", "PSI 上期", "均值移动")
    note = "均值移动以基期标准差为单位。" + "；".join(
        f"{words} {against[name]['as_of']}，{against[name]['enterprises'][0]:,} 户"
        for name, words in (("training", "训练时点"), ("previous", "上期")) if name in against
    )  # fmt: skip
    blocks.append(Grid(headings, rows, numbers=range(1, 6), widths=(2.4, 1, 0.8, 0.8, 0.8, 0.8), note=note))
    return blocks


def _psi(row: Mapping[str, Any], name: str) -> tuple[str, str]:
    entry = row[name]
    if not entry:
        return ("—", "—")
    return (f"{entry['psi']:.3f}", "—" if entry["shift"] is None else f"{entry['shift']:+.2f}")


def _movement(figures: Mapping[str, Any], pictures: Mapping[str, Chart]) -> list[Block]:
    moved = figures["movement"]
    if not moved:
        return [Words(["首次分类，没有上期。"])]
    said = (
        f"两期都有的 {moved['compared']:,} 户中 {moved['changed']:,} 户变动；没有新情况的 {moved['quiet']:,} 户中 "
        f"{moved['quiet_changed']:,} 户变动。新进 {moved['entered']:,} 户，退出 {moved['left']:,} 户。"
    )
    rows = [(f"{a} → {b}", f"{many:,}", f"{quiet:,}") for a, b, many, quiet in moved["table"] if a != b]
    blocks: list[Block] = [Words([said])]
    if "movement" in pictures:
        blocks.append(Pictures([pictures["movement"]]))
    if rows:
        blocks.append(Grid(("变动", "户数", "其中没有新情况"), rows, numbers=(1, 2)))
    return blocks


def _calibration(figures: Mapping[str, Any], pictures: Mapping[str, Chart]) -> list[Block]:
    outcome = figures["outcome"]
    if not outcome:
        return [Words(["还没有已放行、且其后检查结果已经公示的分类。"])]
    whole = "观察期已满" if outcome["complete"] else "观察期未满，只作提示"
    said = f"{outcome['graded']} 的分类，其后至 {outcome['until']} 的检查（{whole}）。按模型自身的类别。"
    rows = [
        (r["class"], f"{r['visits']:,}", f"{r['problems']:,}", interval_words(r["stated"], True),
         share(r["problems"], r["visits"]), interval_words(r["interval"][0], True) + "–" + interval_words(r["interval"][1], True),
         "—" if r["p_worse"] is None else f"{r['p_worse']:.2g}")
        for r in outcome["classes"]
    ]  # fmt: skip
    headings = ("类别", "检查", "发现问题", "所述概率", "发现率", "Jeffreys 95% 区间", "高于所述概率的 p")
    return [Words([said]), Pictures([pictures["calibration"]]), Grid(headings, rows, numbers=range(1, 7))]


def _finds(figures: Mapping[str, Any], told: Mapping[str, Any]) -> list[Block]:
    finds = figures["finds"]
    rows = [
        (
            r["class"],
            f"{r['visits']:,}",
            f"{r['problems']:,}",
            interval_words([r["rate"], *r["interval"]], True),
        )
        for r in finds["classes"]
    ]
    said = f"{finds['since']} 以来的不定向抽查，按检查时生效的类别；首次分类之前的 {finds['unclassed']:,} 次不计。"
    pictures = [told["report"]["finds"], *([told["months"]["finds"]] if "finds" in told["months"] else [])]
    grid = Grid(("类别", "检查", "发现问题", "发现率与 95% 精确区间"), rows, numbers=(1, 2, 3))
    return [Words([said]), Pictures(pictures), grid]


def _sources(told: Mapping[str, Any]) -> list[Block]:
    rows, jumps = [], []
    for entry in told["figures"]["sources"]:
        then, now = entry["rows"]
        name = told["tables"].get(entry["table"], entry["table"])
        learned = entry["learned"] or (None, None)
        rows.append((name, _count(then), _count(now), _count(learned[1]), _count(learned[0])))
        for column, (was, is_now) in entry["missing"].items():
            if is_now:
                words = told["columns"].get(column, column)
                jump = "—" if was is None else f"{is_now - was:+.1%}"
                jumps.append(
                    (
                        name,
                        words,
                        "—" if was is None else f"{was:.1%}",
                        f"{is_now:.1%}",
                        jump,
                        abs(is_now - (was or 0)),
                    )
                )
    ordered = [row[:5] for row in sorted(jumps, key=lambda row: -row[5])]
    return [
        Grid(("来源", "上期记录", "现行记录", "本期新知悉", "上年同期"), rows, numbers=(1, 2, 3, 4)),
        Grid(("来源", "栏", "上期空缺", "现在空缺", "变动"), ordered[:MOST_INDICATORS], numbers=(2, 3, 4)),
    ]


def _count(number: int | None) -> str:
    return "—" if number is None else f"{number:,}"


def _audit(told: Mapping[str, Any]) -> list[Block]:
    blocks: list[Block] = []
    for name, (title, _) in AUDITED.items():
        groups: Sequence[Mapping[str, Any]] = [
            {**g, "group": told["districts"].get(g["group"], g["group"])}
            for g in told["figures"]["audit"].get(name, [])
        ]
        blocks.append(audit_grid(title, groups))
        shares = {g["group"]: g["classes"] for g in groups}
        blocks.append(Pictures([chart_groups(f"monitor-{name}", f"{title}：类别构成", shares)]))
    return blocks
