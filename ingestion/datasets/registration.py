"""Registration (登记注册信息): enterprises, their premises and the names they are known by; domain.md 6.2."""

import pandas as pd

from ingestion.datasets.contract import ROW_TIMES, Column, Dataset, Further, Surroundings, cells, personal
from ingestion.datasets.demands import normalise_codes, sound_code
from ingestion.datasets.enterprise_types import ENTERPRISE_TYPES, is_branch_type
from ingestion.names import pinyin_key
from ingestion.redaction import telephone_hash

REGISTRATION_STATES = {
    **dict.fromkeys(
        (
            "存续", "存续(在营、开业、在册)", "在营", "开业", "在册", "在业", "正常", "在营(开业)企业", "在营(开业)", "登记成立",
            "存续在营", "存续(在营)", "确立", "A", "B", "K", "Q",
        ),
        "存续",
    ),
    **dict.fromkeys(("吊销", "已吊销", "吊销,未注销", "吊销未注销", "吊销(未注销)", "吊销企业", "被吊销", "D"), "吊销"),
    **dict.fromkeys(
        ("注销", "已注销", "注销企业", "吊销,已注销", "吊销已注销", "吊销(已注销)", "吊销后注销", "DX", "XX"), "注销"
    ),
    **dict.fromkeys(("撤销", "已撤销", "撤销登记", "被撤销", "C"), "撤销"),
    **dict.fromkeys(("迁出", "已迁出", "迁往市外", "迁往外地", "QX"), "迁出"),
    **dict.fromkeys(("歇业", "已歇业", "歇业中"), "歇业"),
    **dict.fromkeys(("清算", "清算中", "正在清算", "清算注销中"), "清算"),
    **dict.fromkeys(("其他", "责令关闭", "停业", "筹建", "注销中", "除名"), "其他"),
}  # fmt: skip
"""Map by text, not by number: three systems number these states differently.

Of Zhejiang's letters only those with one meaning: X and DA stand for two states each, so their rows are held.
"""

ENTERPRISE_KINDS = {
    **dict.fromkeys(("企业", "内资企业", "私营企业", "外商投资企业", "企业分支机构", "分支机构", "1"), "1"),
    **dict.fromkeys(
        ("农民专业合作社", "农专社", "农民专业合作社(联合社)", "农民专业合作社分支机构", "2"), "2"
    ),
    **dict.fromkeys(("个体工商户", "个体户", "个体", "3"), "3"),
    **dict.fromkeys(
        ("外国企业常驻代表机构", "外国(地区)企业常驻代表机构", "外企代表机构", "外资代表机构", "4"), "4"
    ),
}
"""主体类别, by text and by the digits of the draw lists (domain.md 6.2): one system's, and no other numbers them."""


def read_registration(rows: pd.DataFrame, around: Surroundings) -> None:
    """Fill what the file does not say outright: sort key, jurisdiction code, telephone hash, the type in words."""
    normalise_codes(rows, "parent_code")
    codes = cells(rows, (text if text in ENTERPRISE_TYPES else None for text in rows["enttype"]))
    rows["enttype"] = cells(rows, (ENTERPRISE_TYPES.get(text, text) for text in rows["enttype"]))
    rows["enttype_code"] = codes
    belongs = rows["parent_code"].notna() | codes.map(is_branch_type).astype(bool)
    rows["is_branch"] = [bool(said or told) for said, told in zip(rows["is_branch"], belongs, strict=True)]
    rows["uniscid"] = (
        None if around.foreign else rows["given_code"].where(rows["given_code"].str.len() == 18, None)
    )
    old = rows["given_code"].where(rows["given_code"].str.len() == 15, None)
    rows["regno"] = (
        rows["given_code"] if around.foreign else rows["given_regno"].where(rows["given_regno"].notna(), old)
    )
    rows["entname"] = rows["given_name"]
    rows["entname_sort"] = [pinyin_key(name or "") for name in rows["given_name"]]
    rows["localadm"] = [around.offices.get(office, office) for office in rows["localadm"]]
    rows["tel_hash"] = cells(rows, map(telephone_hash, rows["tel"]))


def premises_of(rows: pd.DataFrame, around: Surroundings) -> pd.DataFrame:
    """Premises 1 is the registered address; 2 is the place of business where it is another (一照多址).

    An enterprise without a second one gives a withdrawal of it, which counts only if there was one before.
    """
    carried = ["row_no", "known_at", "dated", "retracted", "sender", "enterprise_code", "localadm"]
    place = ["cluster", "longitude", "latitude"]
    first = rows[carried + place].assign(premises_no=1, address=rows["dom"], domdistrict=rows["domdistrict"])
    elsewhere = rows["proloc"].notna() & (rows["proloc"] != rows["dom"])
    second = rows.loc[elsewhere, [*carried, "cluster"]].assign(
        premises_no=2,
        address=rows.loc[elsewhere, "proloc"],
        domdistrict=rows.loc[elsewhere, "yiedistrict"].fillna(rows.loc[elsewhere, "domdistrict"]),
        longitude=None,
        latitude=None,
    )
    both = pd.concat([first, second], ignore_index=True)
    both["cluster"] = both["cluster"].fillna(both["domdistrict"])
    gone = rows.loc[~elsewhere, carried].assign(premises_no=2, retracted=True, longitude=None, latitude=None)
    gone[["address", "domdistrict", "localadm", "cluster"]] = ""
    return pd.concat([both, gone], ignore_index=True).astype(object)


PREMISES = Further("premises", ("enterprise_code", "premises_no"), premises_of)

REGISTRATION = Dataset(
    name="registration",
    title="登记注册信息",
    says="企业、个体工商户、农民专业合作社、各类分支机构和外国企业常驻代表机构的登记信息，一户一行；变更后重新报送整行。其他数据集按这里的代码、注册号和名称（含曾用名）找主体。",
    table="enterprise",
    identity="self",
    key=("enterprise_code",),
    occurred="estdate",
    in_order=(("opto", "opfrom"),),
    sender="localadm",
    snapshot=True,
    columns=(
        Column("given_code", "统一社会信用代码", "UNISCID", "code", stored=False, longest=64,
               note="18 位；没有的填下一列的注册号"),
        Column("given_regno", "注册号", "REGNO", "code", stored=False, longest=64, note="15 位旧注册号，校验码须正确"),
        Column("given_name", "企业名称", "ENTNAME", required=True, stored=False, longest=200, also=("企业(机构)名称",)),
        Column("former_names", "曾用名", "OLDNAME", "list", stored=False, optional=True, blank=(), note="几个之间用分号隔开"),
        Column("enttype", "市场主体类型", "ENTTYPE_CN", required=True, longest=100, also=("企业类型", "ENTTYPE"),
               note="文字，或 CA16 四位代码（换成文字，代码另存）"),
        Column("entkind", "主体类别", "ENTKIND", "choice", required=True, choices=ENTERPRISE_KINDS),
        Column("is_branch", "是否分支机构", "ISBRANCH", "boolean", optional=True, blank=False),
        Column("regcap", "注册资本(万元)", "REGCAP", "amount", also=("注册资本",)),
        Column("reccap", "实收资本(万元)", "RECCAP", "amount", also=("实收资本",)),
        Column("estdate", "成立日期", "ESTDATE", "date"),
        Column("opfrom", "营业期限自", "OPFROM", "date"),
        Column("opto", "营业期限至", "OPTO", "date", open_ended=True, note="长期不填，或填 9999-09-09"),
        Column("regorg", "登记机关", "REGORG_CN", required=True, longest=200, also=("REGORG",)),
        Column("localadm", "管辖单位", "LOCALADM", required=True, longest=200, also=("属地监管工商所",),
               note="机构代码或名称；管辖按它，不按代码里的区划"),
        Column("regstate", "登记状态", "REGSTATE_CN", "choice", required=True, choices=REGISTRATION_STATES,
               also=("REGSTATE",), note="填文字；各地数字含义不同，不收数字"),
        Column("dom", "住所", "DOM", required=True, longest=500, also=("住所(经营场所)",)),
        Column("domdistrict", "住所行政区划", "DOMDISTRICT", required=True, longest=50),
        Column("opscope", "经营范围", "OPSCOPE", blank=""),
        Column("industryphy", "行业门类", "INDUSTRYPHY", "code", required=True, pattern="[A-T]", note="GB/T 4754 的字母"),
        Column("industryco", "行业代码", "INDUSTRYCO", "code", required=True, pattern="[0-9]{2,4}",
               note="GB/T 4754 的数字，须属于前面的门类"),
        Column("empnum", "从业人数", "EMPNUM", "integer", least=0, most=5_000_000),
        Column("scaled", "是否规上", "SCALED", "boolean", optional=True, blank=False),
        Column("park", "园区", "PARK", optional=True, longest=100),
        Column("lerep", "法定代表人", "LEREP", longest=100,
               also=("负责人", "经营者", "法定代表人(负责人、经营者)", "NAME")),
        Column("parent_code", "隶属企业统一社会信用代码", "PARENT_UNISCID", "code", optional=True, longest=18,
               also=("隶属企业代码",), note="分支机构填，填了即为分支机构"),
        Column("tel", "联系电话", "TEL", "code", stored=False, optional=True, longest=80, note="只存哈希值，用于发现共用电话"),
        Column("proloc", "生产经营地", "PROLOC", stored=False, optional=True, longest=500, note="与住所不同时填"),
        Column("yiedistrict", "生产经营地行政区划", "YIEDISTRICT", stored=False, optional=True, longest=50),
        Column("cluster", "片区", "CLUSTER", stored=False, optional=True, longest=100, also=("街道", "片区/商圈")),
        Column("longitude", "经度", "LONGITUDE", "number", stored=False, optional=True, least=-180, most=180),
        Column("latitude", "纬度", "LATITUDE", "number", stored=False, optional=True, least=-90, most=90),
        *ROW_TIMES,
        *personal(
            ("法定代表人证件号码", "CERNO"), ("电子邮箱", "EMAIL"), ("性别", "SEX"), ("民族", "NATION")
        ),
    ),
    derive=read_registration,
    derived=("uniscid", "regno", "entname", "entname_sort", "tel_hash", "enttype_code"),
    further=(PREMISES,),
    checks=(sound_code("parent_code", "隶属企业统一社会信用代码"),),
)  # fmt: skip
