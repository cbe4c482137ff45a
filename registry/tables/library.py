"""One list and two libraries (一单两库): check items, object libraries, inspectors."""

from datetime import date

from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Integer, String

from registry.tables.declaration import AboutEnterprise, Fact, Table


class CheckItem(Fact, Table):
    """A check item (抽查事项): the 13 columns of domain.md 2.2. `natural_key` is the item code."""

    __tablename__ = "check_item"

    item_code: Mapped[str]
    item_name: Mapped[str]
    sub_item: Mapped[str | None]
    category: Mapped[str]
    """重点 or 一般."""
    basis: Mapped[str]
    department: Mapped[str]
    object_scope: Mapped[str]
    library: Mapped[str]
    """The object library it draws from; 主体综合库 is everybody."""
    ratio_low: Mapped[float | None]
    ratio_high: Mapped[float | None]
    frequency: Mapped[str]
    method: Mapped[str]
    qualification: Mapped[str | None]
    exempt_category: Mapped[str | None]
    """Quiet-day category (domain.md 3.3), e.g. food_drug."""
    minutes: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    ratio: Mapped[str | None]
    """抽查比例 in the list's own words."""
    remark: Mapped[str | None]
    section: Mapped[str | None]
    """责任处室."""
    active: Mapped[bool | None]


class LibraryEntry(AboutEnterprise, Table):
    """One object in a special library (专项检查对象名录库), the 27-library layout of requirements.md 1.2."""

    __tablename__ = "library_entry"

    library: Mapped[str]
    tag: Mapped[str | None]
    entname: Mapped[str]
    licence_no: Mapped[str | None]
    valid_to: Mapped[date | None]
    regorg: Mapped[str]
    localadm: Mapped[str]
    """管辖单位 as the bureau wrote it."""
    active: Mapped[bool]
    entkind: Mapped[str | None]
    licence_name: Mapped[str | None]
    approved_on: Mapped[date | None]
    licence_organ: Mapped[str | None]
    professional: Mapped[bool | None]
    """专业监管."""
    qualification: Mapped[str | None]
    """专业资质: what an inspector of this object must hold."""
    expert: Mapped[bool | None]
    """配备专家（组长）."""
    cluster: Mapped[str | None]
    regstate: Mapped[str | None]
    set_on: Mapped[date | None]
    set_by: Mapped[str | None]
    """设置部门."""


class Inspector(Fact, Table):
    """An inspector (执法检查人员). `staff_no` is the only name that leaves the bureau."""

    __tablename__ = "inspector"

    staff_no: Mapped[str]
    name: Mapped[str]
    department: Mapped[str]
    office: Mapped[str]
    specialities: Mapped[list[str]] = mapped_column(ARRAY(String))
    """岗位大类."""
    expert: Mapped[bool]
    active: Mapped[bool]
    level: Mapped[str | None]
    post: Mapped[str | None]
    """职务."""
    qualifications: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    """岗位资格; with their validity they are certificates."""
    item_scope: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    """执法事项范围: item codes; empty is without limit."""
    areas: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    """管辖片区."""
    post_since: Mapped[date | None]
    expert_fields: Mapped[list[str] | None] = mapped_column(ARRAY(String))


class InspectorCertificate(Fact, Table):
    """A certificate or qualification (执法证、资质) with its validity."""

    __tablename__ = "inspector_certificate"

    staff_no: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    """执法证, or a qualification such as 特种设备安全监察员."""
    certificate_no: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    system: Mapped[str | None]
    """Of a 执法证: 系统证 (the ministry's) or 省政府证."""


class InspectorLeave(Fact, Table):
    """Days an inspector is away (请假、外出)."""

    __tablename__ = "inspector_leave"

    staff_no: Mapped[str] = mapped_column(index=True)
    leave_from: Mapped[date]
    leave_to: Mapped[date]


class InspectorConflict(AboutEnterprise, Table):
    """A recusal (回避) of an inspector towards one enterprise."""

    __tablename__ = "inspector_conflict"

    staff_no: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    """亲属, 曾任职, 利害关系."""


class InspectorRelative(Fact, Table):
    """An inspector himself or a relative he declared (亲属申报): a keyed hash as in `relation`, never a name or number."""

    __tablename__ = "inspector_relative"

    staff_no: Mapped[str] = mapped_column(index=True)
    kinship: Mapped[str]
    """本人, 配偶, 直系血亲, 三代以内旁系血亲, 近姻亲."""
    person_key: Mapped[str] = mapped_column(index=True)


class InspectorEmployment(AboutEnterprise, Table):
    """An enterprise that an inspector worked for (曾任职单位), and until when."""

    __tablename__ = "inspector_employment"

    staff_no: Mapped[str] = mapped_column(index=True)
    role: Mapped[str | None]
    date_from: Mapped[date | None]
    date_to: Mapped[date | None]


class Department(Fact, Table):
    """A department of the joint mechanism (联合抽查成员单位)."""

    __tablename__ = "department"

    department: Mapped[str]
    """Short name used everywhere, e.g. 市场监管."""
    full_name: Mapped[str]
    initiates: Mapped[bool]
    organ_code: Mapped[str | None]
    sign: Mapped[str | None]
    """机关代字, for the numbers of documents."""


class Office(Fact, Table):
    """An office (机构): city, district or 所; `parent` gives the tree of jurisdiction."""

    __tablename__ = "office"

    office: Mapped[str]
    office_name: Mapped[str]
    level: Mapped[str]
    """市, 区, 所."""
    parent: Mapped[str | None]
    division: Mapped[str]
    """GB/T 2260 six digits, or 街道 code below it."""
    organ_code: Mapped[str | None]
    sign: Mapped[str | None]


class QuietDayRecord(Fact, Table):
    """A quiet-day rule set by record (企业安静日登记), beside the regional ones under rules/."""

    __tablename__ = "quiet_day_rule"

    scope: Mapped[str]
    """enterprise, park, scaled, industry or region."""
    scope_value: Mapped[str]
    month_days: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    date_from: Mapped[date | None]
    date_to: Mapped[date | None]
    exempt: Mapped[list[str]] = mapped_column(ARRAY(String))
    basis: Mapped[str]
