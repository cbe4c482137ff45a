"""The model card (模型卡): what a model is for and not for, what it learned from, how good it is, and for whom."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from registry.vocabulary import CLASS_NAMES
from reports import metrics as measures
from reports.charts import chart_calibration, chart_lift
from reports.document import Block, Bullets, Document, Grid, Pictures, Section, Words, write_document
from reports.model_charts import chart_groups, chart_rates, chart_scores, chart_weights
from reports.wording import interval_words, plain_words, share

BANNER = "内部资料 · 只供监管机关配置抽查比例和频次 · 不公开、不告知企业、不作考核"
PURPOSE = (
    "用途：给出经营主体在观察期内被查出问题的概率，据以分为 A、B、C、D 四类，供“双随机、一公开”监管配置抽查比例和频次"
    "（国市监信发〔2022〕6号）。",
    "它是内部的监管资源配置工具，不是对企业的信用评价。类别不公开，不告知企业，不作为行政许可、处罚、评优、融资的依据。",
)
LIMITS_OF_USE = (
    "不得作为处罚、许可、列入名单的依据，也不得代替执法检查的结论；是否违法以检查和立案查明的事实为准。",
    "不得用于考核、排名检查人员或机构；不以查出问题数、罚没金额为目标。",
    "不得用于其他地区或其他对象，也不得在本卡所列数据来源之外加入个人信息。",
    "最低类别也可能被抽到，最高类别也不当然违法；对具体主体的分类可按异议程序申请复核。",
)
SLICES = {
    "all": "全部检查",
    "random": "不定向抽查（无偏样本）",
    "known": "以前检查过的",
    "first_time": "首次检查的",
}
SLICE_COLUMNS = (
    ("auc", "AUC"),
    ("ap", "平均精度"),
    ("ks", "KS"),
    ("lift_10", "前10%提升"),
    ("brier", "Brier"),
    ("ece", "ECE"),
)
EFFECTS = {"direct": "直接判定", "floor": "不低于", "cap": "不高于", "worsen": "加重"}
SOURCES = {"random": "不定向抽查", "targeted": "定向、巡查、监测", "complaint": "投诉举报、转办"}
DIRECTIONS = {1: "正（越大越高）", -1: "负（越大越低）", 0: "不限"}
AUDITED = {
    "size": ("规模", "by size"),
    "district": ("区县", "by district"),
    "ownership": ("所有制", "by ownership"),
}


def write_model_card(
    card: Mapping[str, Any], folder: Path, made_at: datetime, districts: Mapping[str, str]
) -> list[Path]:
    """Write model-card-N.html and .pdf; `card` as `risk.card.Card`'s values, `districts`: code → name."""
    run = card["run"]
    document = Document(
        f"模型卡：模型 {run['id']}", "Model card", BANNER, _facts(run), list(_sections(card, districts)), made_at,
    )  # fmt: skip
    return write_document(document, folder, f"model-card-{run['id']}")


def _facts(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("模型", f"{run['id']}（{measures.SCORES.get(run['learner'], run['learner'])}）"), ("地区", str(run["place"])),
        ("训练时点", str(run["as_of"])), ("训练于", f"{run['made_at']:%Y-%m-%d %H:%M}"),
    ]  # fmt: skip


def _sections(card: Mapping[str, Any], districts: Mapping[str, str]) -> Iterator[Section]:
    found = card["metrics"]
    yield Section("一、用途与限制", "Purpose and limits of use", [Words(PURPOSE), Bullets(LIMITS_OF_USE)])
    yield Section("二、对象、标签与规则", "Cohort, label and rules", _definitions(card))
    yield Section("三、训练数据", "Training data", _data(found))
    yield Section("四、方法与选择", "Learner and why it was chosen", _choice(card["run"], found))
    yield Section("五、效果", "Performance", _performance(card["run"], found))
    yield Section("六、校准、提升与各类发现率", "Calibration, lift and classes", _curves(card))
    yield Section("七、指标", "Indicators", _indicators(card))
    yield Section("八、定性指标", "Hard rules", [_hard_rules(card["hard_rules"])])
    yield Section("九、泄漏警报与局限", "Leak alarms and limits", _limits(found))
    yield Section("十、分组核查", "Audit by size, district and ownership", _audit(card, districts))
    yield Section("十一、版本与哈希", "Versions and hashes", [_versions(card["run"])])


def _definitions(card: Mapping[str, Any]) -> list[Block]:
    said = (
        "一次训练样本 = 一个主体在一个时点的全部指标，加上其后观察期内的检查结果。标签为 1：观察期内检查发现问题，"
        "或受检者新增行政处罚、列入名录；未受检查者没有标签，不计为无问题。"
    )
    rows = [
        (name, plain_words(value, unit), since, basis) for name, value, unit, since, basis in card["rules"]
    ]
    return [Words([said]), Grid(("规则", "值", "生效", "依据"), rows, widths=(1.1, 1.3, 0.8, 2.2))]


def _data(found: Mapping[str, Any]) -> list[Block]:
    labelled = found.get("labelled")
    if not labelled:
        return [Words(["训练记录里没有样本的说明。"], "bad")]
    sources = labelled.get("by_source") or {}
    told = "；".join(f"{SOURCES.get(name, name)} {many:,} 次" for name, many in sources.items())
    windows = [
        (w.get("snapshot", "—"), w.get("until", "—"), w.get("known_by", "—"), f"{w.get('visits', 0):,}", f"{w.get('problems', 0):,}",
         share(w.get("problems", 0), w.get("visits", 0)))
        for w in labelled.get("windows") or []
    ]  # fmt: skip
    total = f"有结论的检查 {labelled.get('visits', 0):,} 次，其中发现问题 {labelled.get('problems', 0):,} 次。来源：{told or '没有记录'}。"
    headings = ("时点", "观察期至", "结果知悉至", "检查", "发现问题", "比例")
    return [
        Words([total]),
        Grid(
            headings,
            windows,
            numbers=(3, 4, 5),
            note="时点的指标只用当日结束前已知悉的事实；较早的窗口训练，倒数第二个校准，最后一个只作检验。",
        ),
    ]


def _choice(run: Mapping[str, Any], found: Mapping[str, Any]) -> list[Block]:
    selection = found.get("selection") or {}
    blocks: list[Block] = [Words([str(selection.get("reason") or "训练记录里没有写明选择的理由。")])]
    windows = selection.get("windows") or []
    if windows:
        names = [key for key in windows[0] if key not in ("snapshot", "visits")]
        rows = [
            (w["snapshot"], f"{w['visits']:,}", *(_number(w.get(name)) for name in names)) for w in windows
        ]
        headings = ("滚动验证窗口", "检查", *(f"{measures.SCORES.get(name, name)} AUC" for name in names))
        blocks.append(Grid(headings, rows, numbers=range(1, len(headings))))
    differences = selection.get("differences") or {}
    rows = [(name, interval_words(value)) for name, value in differences.items()]
    if rows:
        blocks.append(Grid(("配对比较（AUC 差）", "差与 95% 区间"), rows, numbers=(1,)))
    parameters = run.get("parameters") or {}
    blocks.append(Words([f"参数：{plain_words(parameters, '')}；随机种子 {run.get('seed', '—')}。"], "quiet"))
    return blocks


def _performance(run: Mapping[str, Any], found: Mapping[str, Any]) -> list[Block]:
    test = found.get("test") or {}
    if not test:
        return [Words(["没有可用于检验的后续窗口，效果没有测过；只能用于排序。"], "bad")]
    blocks: list[Block] = [Words([measures.test_of(found)])]
    chosen = measures.SCORES.get(_scored_as(run["learner"]), run["learner"])
    for key, name in SLICES.items():
        entry = test.get(key) or {}
        rows = [
            (
                measures.SCORES.get(score, score),
                *(interval_words(row.get(column)) for column, _ in SLICE_COLUMNS),
            )
            for score, row in (entry.get("scores") or {}).items()
        ]
        said = f"{name}：{entry.get('visits', 0):,} 次检查，{entry.get('problems', 0):,} 次发现问题。"
        blocks.append(Words([said if rows else f"{said}不足以测算。"]))
        if rows:
            blocks.append(
                Grid(
                    ("评分", *(title for _, title in SLICE_COLUMNS)),
                    rows,
                    numbers=range(1, 7),
                    widths=(1.3, 1.4, 1.4, 0.7, 0.8, 0.7, 0.7),
                )
            )
    forests = [chart for key in ("all", "random") if (chart := _forest(key, test.get(key) or {}, chosen))]
    if forests:
        blocks.insert(1, Pictures(forests))
    against = found.get("against") or {}
    if against:
        rows = [(measures.SCORES.get(name, name), interval_words(value)) for name, value in against.items()]
        blocks.append(
            Grid(
                ("所用评分减去", "AUC 差与 95% 区间（配对）"),
                rows,
                numbers=(1,),
                note="区间含 0 的，不能说所用评分更好。",
            )
        )
    return blocks


def _forest(key: str, entry: Mapping[str, Any], chosen: str) -> Any:
    scores = {}
    for name, row in (entry.get("scores") or {}).items():
        value = row.get("auc")
        if isinstance(value, list) and len(value) == 3 and None not in value:
            scores[measures.SCORES.get(name, name)] = (float(value[0]), float(value[1]), float(value[2]))
    return chart_scores(f"scores-{key}", f"AUC：{SLICES[key]}", "AUC", scores, chosen) if scores else None


def _curves(card: Mapping[str, Any]) -> list[Block]:
    charts, found, run = [], card["metrics"], card["run"]
    points = measures.calibration_points(found)
    lifts = measures.lift_points(found, run["learner"])
    if points:
        charts.append(chart_calibration(points))
    if lifts:
        charts.append(chart_lift(lifts))
    blocks: list[Block] = (
        [Pictures(charts)] if charts else [Words(["没有后续窗口的检查，校准和提升没有测过。"], "bad")]
    )
    rows = [
        (
            f"{name} {CLASS_NAMES.get(name, '')}",
            f"{many:,}",
            f"{visits:,}",
            f"{problems:,}",
            interval_words(rate, True),
        )
        for name, many, visits, problems, rate in card["classes"]
    ]
    rates = {
        name: (visits, problems, tuple(rate or (0.0, 0.0, 1.0)))
        for name, _, visits, problems, rate in card["classes"]
    }
    if rows:
        blocks.append(
            Grid(
                ("类别（模型自身）", "户数", "检验窗口检查", "发现问题", "比例与 95% 精确区间"),
                rows,
                numbers=(1, 2, 3, 4),
            )
        )
        blocks.append(Pictures([chart_rates("card-classes", "检验窗口各类发现率", rates)]))
    return blocks


def _indicators(card: Mapping[str, Any]) -> list[Block]:
    rows = sorted(card["indicators"], key=lambda row: -row["share"])
    used = [row for row in rows if row["share"] > 0]
    shown = [
        (
            row["family"],
            row["name"],
            DIRECTIONS[row["direction"]],
            _number(row["weight"]),
            f"{row['share']:.2%}",
        )
        for row in used
    ]
    rest = "、".join(row["name"] for row in rows if not row["share"])
    said = (
        f"{len(rows)} 项指标中 {len(used)} 项有分量。分量 = {card['shares_of']} 全部对象上平均绝对贡献的占比；"
        "方向已知的，模型按方向受约束。"
    )
    blocks: list[Block] = [Words([said])]
    if used:
        blocks.append(
            Pictures([chart_weights("card-weights", [(r["name"], r["direction"], r["share"]) for r in rows])])
        )
        blocks.append(
            Grid(
                ("族", "指标", "方向", "权重", "分量"), shown, numbers=(3, 4), widths=(1.2, 2.2, 1, 0.7, 0.7)
            )
        )
    if rest:
        blocks.append(Words([f"没有分量的：{rest}。"], "quiet"))
    return blocks


def _hard_rules(rules: Sequence[Sequence[str]]) -> Block:
    if not rules:
        return Words(["本地区没有定性指标。"])
    rows = [
        (code, f"{EFFECTS.get(effect, effect)} {klass}", sentence, basis)
        for code, effect, klass, sentence, basis in rules
    ]
    note = "次序：直接判定先于不低于，不低于先于不高于，其后才是模型；模型自身的类别另行保存。"
    return Grid(("代码", "作用", "情形", "依据"), rows, widths=(1.1, 0.7, 1.4, 2.2), note=note)


def _limits(found: Mapping[str, Any]) -> list[Block]:
    alarms = [str(said) for said in found.get("alarms") or []]
    first: Block = Bullets(alarms) if alarms else Words(["没有泄漏警报。"], "good")
    return [first, Bullets([str(said) for said in found.get("limits") or ["训练记录里没有写明局限。"]])]


def _audit(card: Mapping[str, Any], districts: Mapping[str, str]) -> list[Block]:
    if not card["audit"]:
        return [Words(["还没有用这个模型分类，没有可核查的分组。"])]
    outcome = card["outcome"]
    since = (
        f"发现率按 {outcome['graded']} 的分类之后至 {outcome['until']} 的检查计。"
        if outcome
        else "还没有分类之后的检查结果，发现率从缺。"
    )
    blocks: list[Block] = [
        Words([f"按 {card['graded_on']} 的分类结果。{since}组别按名称或代码排列，不排名。"])
    ]
    for name, (title, _) in AUDITED.items():
        groups = [{**g, "group": districts.get(g["group"], g["group"])} for g in card["audit"].get(name, [])]
        blocks.append(audit_grid(title, groups))
        blocks.append(
            Pictures(
                [
                    chart_groups(
                        f"card-{name}", f"{title}：类别构成", {g["group"]: g["classes"] for g in groups}
                    )
                ]
            )
        )
    return blocks


def audit_grid(title: str, groups: Sequence[Mapping[str, Any]]) -> Grid:
    """Counts, mean probability, observed rate with exact interval, and class shares of each group."""
    rows = [
        (
            g["group"], f"{g['enterprises']:,}", f"{g['probability']:.1%}",
            " / ".join(f"{many / g['enterprises']:.0%}" for many in g["classes"].values()), interval_words(g["worse"], True),
            f"{g['problems']:,}/{g['visits']:,}", interval_words(g["rate"], True),
        )
        for g in groups
    ]  # fmt: skip
    headings = (title, "户数", "平均概率", "A/B/C/D", "C、D 占比", "问题/检查", "发现率")
    return Grid(headings, rows, numbers=range(1, 7), widths=(1.3, 0.6, 0.75, 1.55, 1.6, 0.85, 1.6))


def _versions(run: Mapping[str, Any]) -> Block:
    names = (
        ("model_hash", "模型文件 SHA-256"),
        ("data_hash", "训练数据 SHA-256"),
        ("rules_version", "规则版本"),
        ("code_version", "程序版本"),
        ("seed", "随机种子"),
    )
    return Grid(("项目", "值"), [(title, str(run.get(key, "—"))) for key, title in names], widths=(1, 3))


def _scored_as(learner: str) -> str:
    return "rule_score" if learner == "scorecard" else learner


def _number(value: Any) -> str:
    return "—" if value is None else f"{float(value):.3f}"
