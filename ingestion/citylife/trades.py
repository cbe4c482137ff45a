"""Trades (行业): what each line of business is called, permitted, checked for and how risky it is by nature."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Trade:
    """One class of GB/T 4754-2017. Weights are relative frequencies among 企业 and 个体工商户 and 农专社."""

    phy: str
    code: str
    words: tuple[str, ...]
    scope: str
    company: float
    individual: float
    cooperative: float
    risk: float
    """Shift of the latent risk, in standard deviations."""
    public: float
    """How many customers may complain, relative."""
    size: float
    """Median number of people employed by a company."""
    permits: tuple[tuple[str, float], ...] = ()
    """Permit kind and the share of the trade's subjects that hold it."""


@dataclass(frozen=True)
class PermitKind:
    """One kind of permit (许可), who grants it, for how long, and the special library it leads to."""

    certificate: str
    document: str
    department: str
    prefix: str
    years: int
    """0: without end (长期)."""
    library: str
    category: str
    scope: str
    from_year: int


def _t(text: str, permits: str = "") -> Trade:
    phy, code, words, scope, company, individual, cooperative, risk, public, size = text.split("|")
    held = tuple((p.split(":")[0], float(p.split(":")[1])) for p in permits.split())
    return Trade(
        phy, code, tuple(words.split("/")), scope, float(company), float(individual), float(cooperative),
        float(risk), float(public), float(size), held,
    )  # fmt: skip


def _p(text: str) -> PermitKind:
    certificate, document, department, prefix, years, library, category, scope, since = text.split("|")
    return PermitKind(
        certificate, document, department, prefix, int(years), library, category, scope, int(since)
    )


TRADES = (
    _t("A|A0141|蔬菜种植/蔬菜产销|蔬菜种植、销售|.4|0|40|-.3|.1|6"),
    _t("A|A0151|果业/水果种植|水果种植、销售|.3|0|25|-.3|.1|6"),
    _t("A|A0412|水产养殖/渔业|内陆养殖|.3|0|20|-.1|.1|8"),
    _t("A|A0515|农产品加工/粮食加工|农产品初加工活动|.5|0|15|.1|.3|10"),
    _t("C|C1411|食品/糕点/烘焙食品|许可项目：食品生产；糕点、面包制造|1.2|.6|0|.35|.8|22", "food_make:.94 pollute:.25 device:.3"),
    _t("C|C1469|调味品/食品酿造|许可项目：食品生产；调味品制造|.7|.1|0|.4|.6|20", "food_make:.95 pollute:.4 device:.4"),
    _t("C|C1529|饮料/饮品科技|许可项目：饮料生产|.5|0|0|.25|.6|35", "food_make:.95 pollute:.4 device:.5"),
    _t("C|C1811|服饰/制衣|服装制造|1.5|.3|0|0|.2|30", "pollute:.1 device:.1"),
    _t("C|C2110|家具/木业|木质家具制造|1.3|.3|0|.15|.5|22", "pollute:.5 fire:.3"),
    _t("C|C2319|包装/印务|许可项目：包装装潢印刷品印刷|1.1|.1|0|.05|.2|18", "pollute:.5"),
    _t("C|C2641|涂料/化工科技|涂料制造（不含危险化学品）|.6|0|0|.5|.2|26", "pollute:.9 hazard:.35 fire:.6"),
    _t("C|C2927|塑料制品/塑业|塑料制品制造|1.5|.2|0|.1|.2|20", "pollute:.6 device:.2"),
    _t("C|C3311|金属制品/钢结构|金属结构制造|1.6|.2|0|.1|.1|24", "pollute:.4 device:.6"),
    _t("C|C3360|表面处理/电镀|金属表面处理及热处理加工|.6|0|0|.6|.1|28", "pollute:.97 hazard:.2 device:.4"),
    _t("C|C3484|机械/精密机械|机械零件、零部件加工|2.4|.4|0|-.1|.1|22", "pollute:.3 device:.6"),
    _t("C|C3824|电气/电子科技|电力电子元器件制造|1.4|0|0|-.2|.1|38", "pollute:.3 device:.4"),
    _t("E|E4710|建设工程/建筑|许可项目：建设工程施工|3|0|0|.2|.2|25"),
    _t("E|E5011|装饰工程/装饰设计|许可项目：住宅室内装饰装修|3|.4|0|.3|1.2|10"),
    _t("F|F5127|酒业/酒类商贸|许可项目：酒类经营；食品销售|1.4|.8|0|.05|.6|6", "food_sell:.9"),
    _t("F|F5151|医药/医药商贸|许可项目：药品批发|.5|0|0|.15|.3|24", "drug:.97"),
    _t("F|F5169|化工贸易/化工原料|化工产品销售；许可项目：危险化学品经营|.8|0|0|.45|.2|6", "hazard:.75"),
    _t("F|F5199|贸易/商贸/供应链|国内贸易代理；货物进出口|9|.5|0|.25|.4|5"),
    _t("F|F5212|超市/生活超市/购物中心|许可项目：食品销售；日用百货销售|1.6|2.4|0|.1|2.2|14", "food_sell:.93 fire:.3"),
    _t("F|F5213|便利店/便民超市/副食店|许可项目：食品销售|.8|9|0|.1|1|4", "food_sell:.9"),
    _t("F|F5223|蔬果店/水果店|新鲜水果零售；新鲜蔬菜零售|.3|5|0|0|.9|4", "food_sell:.3"),
    _t("F|F5224|水产品/肉类店|鲜肉零售；水产品零售|.3|3|0|.2|.8|4", "food_sell:.5"),
    _t("F|F5232|服装店/时装|服装零售|1.2|9|0|-.1|.9|4"),
    _t("F|F5251|大药房/药店|许可项目：药品零售|1|1.2|0|.1|1|6", "drug:.97 food_sell:.5"),
    _t("F|F5265|加油站/石油销售|许可项目：成品油零售|.5|0|0|.15|.8|10", "hazard:.95 fire:.8"),
    _t("F|F5274|电脑/数码|计算机软硬件及辅助设备零售|1.5|2.5|0|0|.8|5"),
    _t("F|F5281|五金店/建材|五金产品零售|1|6|0|-.1|.4|4"),
    _t("F|F5292|电子商务/网络科技|互联网销售（除销售需要许可的商品）|5|4|0|.4|2.6|6", "food_sell:.25"),
    _t("G|G5431|物流/货物运输|许可项目：道路货物运输（不含危险货物）|2.2|2|0|.15|.4|14"),
    _t("G|G6020|快递/速递服务|许可项目：快递服务|.6|.3|0|.15|2|30"),
    _t("H|H6110|大酒店/国际酒店|许可项目：住宿服务；餐饮服务|.5|.1|0|.05|1.8|48", "health:.97 food_sell:.8 fire:.9 device:.7"),
    _t("H|H6121|宾馆/客栈/民宿|许可项目：住宿服务|.7|2|0|.3|1.5|10", "health:.94 fire:.6"),
    _t("H|H6210|餐饮管理/大酒楼/饭店|许可项目：餐饮服务|3|9|0|.35|2|16", "food_sell:.93 fire:.15"),
    _t("H|H6220|快餐店/小吃店/面馆|许可项目：餐饮服务|.6|9|0|.3|1.2|5", "food_sell:.92"),
    _t("H|H6241|餐饮配送/中央厨房|许可项目：餐饮服务；集体用餐配送|.4|0|0|.4|1|32", "food_sell:.96 device:.3"),
    _t("I|I6513|软件/信息技术|软件开发；信息技术咨询服务|6|.4|0|-.45|.3|9"),
    _t("I|I6560|信息咨询/数据科技|信息系统集成服务|3|.2|0|-.35|.3|7"),
    _t("K|K7020|物业管理/物业服务|物业管理|1|0|0|.1|2|35", "device:.7"),
    _t("K|K7030|房产经纪/房地产中介|房地产经纪|1|.8|0|.35|1.6|8"),
    _t("L|L7259|广告传媒/文化传播/广告|广告设计、代理；广告发布|3.4|1|0|.25|.5|6", "ad:.75"),
    _t("L|L7263|人力资源/劳务派遣|许可项目：劳务派遣服务；职业中介活动|1|0|0|.4|.7|18", "labour:.85"),
    _t("L|L7291|旅行社/旅游|许可项目：旅游业务|.5|0|0|.25|1.8|9", "travel:.93"),
    _t("L|L7249|企业管理/商务咨询|企业管理咨询；社会经济咨询服务|6|.3|0|.1|.3|4"),
    _t("M|M7452|检测技术/检验检测|许可项目：检验检测服务|.5|0|0|-.1|.2|24", "lab:.95"),
    _t("O|O8040|美容/美发/理发店|许可项目：生活美容服务；理发服务|1|7|0|.25|1.8|5", "health:.85"),
    _t("O|O8051|洗浴/足浴|许可项目：洗浴服务；足浴服务|.4|1.5|0|.5|1.4|12", "health:.93 fire:.6"),
    _t("O|O8111|汽车维修/汽车服务|机动车修理和维护|1|3|0|.2|1.3|7", "pollute:.35"),
    _t("P|P8391|职业培训/教育科技|营利性民办职业技能培训机构|1.2|.1|0|.3|2|12", "fire:.3"),
    _t("Q|Q8425|门诊部/口腔诊所|许可项目：医疗服务|.5|.7|0|.15|1.2|12", "clinic:.97"),
    _t("R|R8760|影城/影视放映|许可项目：电影放映|.15|0|0|0|1.4|16", "amuse:.9 fire:.95 health:.9"),
    _t("R|R8930|健身/体育健身|健身休闲活动|.5|.4|0|.4|2.6|9", "health:.3 fire:.2"),
    _t("R|R9011|歌舞厅/娱乐/量贩歌厅|许可项目：歌舞娱乐活动|.3|.4|0|.6|1.4|18", "amuse:.95 fire:.95 health:.9"),
    _t("R|R9013|网吧/网络会所|许可项目：互联网上网服务|.25|.2|0|.4|.8|6", "netbar:.96 fire:.85"),
)  # fmt: skip

PERMIT_KINDS = {
    "food_make": _p("食品生产许可证|食品生产许可决定书|市场监管|SC|5|食品生产|普通|食品生产|2015"),
    "food_sell": _p("食品经营许可证|食品经营许可决定书|市场监管|JY|5|食品经营|普通|食品经营|2015"),
    "drug": _p("药品经营许可证|药品经营许可决定书|市场监管|YP|5|药品经营|普通|药品经营|2010"),
    "device": _p(
        "特种设备使用登记证|特种设备使用登记决定书|市场监管|TS|0|特种设备使用|登记|特种设备使用登记|2008"
    ),
    "lab": _p(
        "检验检测机构资质认定证书|资质认定决定书|市场监管|CMA|6|检验检测机构|认可|检验检测机构资质认定|2012"
    ),
    "hazard": _p("危险化学品经营许可证|危险化学品经营许可决定书|消防|WH|3|危化品|普通|危险化学品经营|2012"),
    "fire": _p(
        "公众聚集场所消防安全检查意见书|消防安全检查决定书|消防|XF|0|消防重点单位|核准|投入使用、营业前消防安全检查|2009"
    ),
    "health": _p("公共场所卫生许可证|公共场所卫生许可决定书|卫健|WS|4|公共场所卫生|普通|公共场所卫生|2011"),
    "clinic": _p("医疗机构执业许可证|医疗机构执业登记决定书|卫健|YL|5|医疗机构|登记|医疗机构执业|2010"),
    "labour": _p("劳务派遣经营许可证|劳务派遣经营许可决定书|人社|LW|3|劳务派遣|普通|劳务派遣经营|2013"),
    "pollute": _p("排污许可证|排污许可决定书|生态环境|PW|5|排污单位|普通|排放污染物|2016"),
    "amuse": _p("娱乐经营许可证|娱乐经营许可决定书|文旅|YLC|2|文化娱乐|普通|娱乐场所经营|2010"),
    "netbar": _p(
        "网络文化经营许可证|互联网上网服务场所许可决定书|文旅|WW|3|文化娱乐|普通|互联网上网服务|2010"
    ),
    "travel": _p("旅行社业务经营许可证|旅行社设立许可决定书|文旅|LX|0|旅行社|普通|旅行社业务|2010"),
}

LIBRARY_WITHOUT_PERMIT = {"ad": ("广告经营", "市场监管")}
"""Tags that need no permit: kind → library and the department that keeps it."""

KIND_NAMES = (*PERMIT_KINDS, *LIBRARY_WITHOUT_PERMIT)


def trade_weights() -> np.ndarray:
    """Array (3, trades): how likely each trade is among companies, individuals, cooperatives."""
    weights = np.array([[t.company, t.individual, t.cooperative] for t in TRADES]).T
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def permit_shares() -> np.ndarray:
    """Array (trades, permit kinds): the share of a trade's subjects that hold each kind."""
    shares = np.zeros((len(TRADES), len(KIND_NAMES)))
    for row, trade in enumerate(TRADES):
        for kind, share in trade.permits:
            shares[row, KIND_NAMES.index(kind)] = share
    return shares
