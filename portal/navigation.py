"""Navigation (菜单): what each role finds where."""

from typing import Any

from portal.sessions import Visitor

MENUS: dict[str, tuple[tuple[str, str], ...]] = {
    "staff": (
        ("/staff", "工作台"),
        ("/staff/batches", "数据归集"),
        ("/staff/quality", "数据质量"),
        ("/staff/matches", "待认领名称"),
        ("/staff/registers", "一单两库"),
        ("/staff/grades", "风险分类"),
        ("/staff/monitoring", "月度监测"),
        ("/staff/plans", "计划与抽取"),
        ("/staff/leads", "线索核查"),
        ("/staff/disturbance", "入企台账"),
        ("/staff/exemptions", "安静日豁免"),
        ("/staff/roster", "检查日历"),
        ("/staff/results", "结果审核"),
        ("/staff/warnings", "风险提示"),
        ("/staff/waivers", "免罚案件"),
        ("/staff/sheets", "表单下载"),
    ),
    "inspector": (("/inspector", "我的检查"), ("/inspector/receipts", "我的回执")),
    "enterprise": (
        ("/enterprise", "我的提醒"),
        ("/enterprise/visits", "我的检查"),
        ("/enterprise/waivers", "免罚决定"),
        ("/enterprise/rights", "我的权利"),
    ),
    "administrator": (("/administrator", "账户管理"),),
}
PUBLIC_MENU = (
    ("/", "公开抽取"),
    ("/annual-plans", "年度计划"),
    ("/quiet-days", "企业安静日"),
    ("/how-to-verify", "怎样核验"),
)
UPLOAD_PATH = "/staff/batches/upload"
HOMES = {
    "staff": "/staff",
    "inspector": "/inspector",
    "enterprise": "/enterprise",
    "administrator": "/administrator",
}


def menu_of(visitor: Visitor | None, path: str) -> list[dict[str, Any]]:
    """The visitor's menu with the entry of the page being shown marked."""
    entries = MENUS.get(visitor.role, ()) if visitor else PUBLIC_MENU
    best = max((href for href, _ in entries if _covers(href, path)), key=len, default="")
    return [{"href": href, "text": text, "current": href == best} for href, text in entries]


_BELONGS = {
    "/staff/rosters": "/staff/plans",
    "/staff/sources": "/staff/batches",
    "/staff/models": "/staff/grades",
    "/staff/appeals": "/staff/grades",
    "/staff/overrides": "/staff/grades",
    "/staff/migration": "/staff/grades",
    "/staff/draws": "/staff/plans",
    "/staff/runs": "/staff/plans",
    "/staff/annual": "/staff/plans",
    "/staff/simulation": "/staff/plans",
}
"""Pages whose address does not begin with that of their entry."""


def _covers(href: str, path: str) -> bool:
    for start, entry in _BELONGS.items():
        if path == start or path.startswith(f"{start}/"):
            return href == entry
    return (
        path == href
        or (href != "/" and path.startswith(f"{href}/"))
        or (href == "/" and path.startswith("/draws"))
    )
