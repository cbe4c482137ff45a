"""Tables of the further datasets, and columns that 双公示, inspections and the libraries were lacking.

Every added column may be NULL, and what the 2015 layouts have no field for may now be: a database with years of
facts upgrades in place.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from registry.migrations.grants import grant_one_writer

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for create in TABLES:
        create()
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=True))
    for table, name in MAY_BE_NULL:
        op.alter_column(table, name, nullable=True)
    grant_one_writer(op.get_bind())


def downgrade() -> None:
    """Nothing that a person relied on is deleted: schemas go forward only."""
    raise NotImplementedError("forward only")


def create_address_negative() -> None:
    """Table address_negative."""
    op.create_table(
        "address_negative",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False),
        sa.Column("division", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("organ", sa.String(), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_negative")),
    )
    op.create_index(
        op.f("ix_address_negative_address_key"), "address_negative", ["address_key"], unique=False
    )
    op.create_index(op.f("ix_address_negative_batch_id"), "address_negative", ["batch_id"], unique=False)
    op.create_index(
        "ix_address_negative_version", "address_negative", ["natural_key", "known_at", "id"], unique=False
    )


def create_commitment() -> None:
    """Table commitment."""
    op.create_table(
        "commitment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("commitment_no", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("matter", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=True),
        sa.Column("committed_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("organ", sa.String(), nullable=False),
        sa.Column("organ_code", sa.String(), nullable=True),
        sa.Column("published", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
    )
    op.create_index(op.f("ix_commitment_batch_id"), "commitment", ["batch_id"], unique=False)
    op.create_index(op.f("ix_commitment_enterprise_code"), "commitment", ["enterprise_code"], unique=False)
    op.create_index("ix_commitment_version", "commitment", ["natural_key", "known_at", "id"], unique=False)


def create_commitment_check() -> None:
    """Table commitment_check."""
    op.create_table(
        "commitment_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("commitment_no", sa.String(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("facts", sa.String(), nullable=True),
        sa.Column("measure", sa.String(), nullable=True),
        sa.Column("mended_on", sa.Date(), nullable=True),
        sa.Column("organ", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_check")),
    )
    op.create_index(op.f("ix_commitment_check_batch_id"), "commitment_check", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_commitment_check_enterprise_code"), "commitment_check", ["enterprise_code"], unique=False
    )
    op.create_index(
        "ix_commitment_check_version", "commitment_check", ["natural_key", "known_at", "id"], unique=False
    )


def create_honour() -> None:
    """Table honour."""
    op.create_table(
        "honour",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("certificate_no", sa.String(), nullable=True),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("awarded_on", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_honour")),
    )
    op.create_index(op.f("ix_honour_batch_id"), "honour", ["batch_id"], unique=False)
    op.create_index(op.f("ix_honour_enterprise_code"), "honour", ["enterprise_code"], unique=False)
    op.create_index("ix_honour_version", "honour", ["natural_key", "known_at", "id"], unique=False)


def create_judicial_signal() -> None:
    """Table judicial_signal."""
    op.create_table(
        "judicial_signal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("case_no", sa.String(), nullable=False),
        sa.Column("organ", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judicial_signal")),
    )
    op.create_index(op.f("ix_judicial_signal_batch_id"), "judicial_signal", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_judicial_signal_enterprise_code"), "judicial_signal", ["enterprise_code"], unique=False
    )
    op.create_index(
        "ix_judicial_signal_version", "judicial_signal", ["natural_key", "known_at", "id"], unique=False
    )


def create_key_supervision() -> None:
    """Table key_supervision."""
    op.create_table(
        "key_supervision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("item_code", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=True),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("organ", sa.String(), nullable=False),
        sa.Column("frequency", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_supervision")),
    )
    op.create_index(op.f("ix_key_supervision_batch_id"), "key_supervision", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_key_supervision_enterprise_code"), "key_supervision", ["enterprise_code"], unique=False
    )
    op.create_index(
        "ix_key_supervision_version", "key_supervision", ["natural_key", "known_at", "id"], unique=False
    )


def create_relation() -> None:
    """Table relation."""
    op.create_table(
        "relation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("party_kind", sa.String(), nullable=False),
        sa.Column("other_code", sa.String(), nullable=True),
        sa.Column("other_name", sa.String(), nullable=True),
        sa.Column("person_key", sa.String(), nullable=True),
        sa.Column("other_key", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("share", sa.Double(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("date_from", sa.Date(), nullable=True),
        sa.Column("date_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relation")),
    )
    op.create_index(op.f("ix_relation_batch_id"), "relation", ["batch_id"], unique=False)
    op.create_index(op.f("ix_relation_enterprise_code"), "relation", ["enterprise_code"], unique=False)
    op.create_index(op.f("ix_relation_other_code"), "relation", ["other_code"], unique=False)
    op.create_index(op.f("ix_relation_person_key"), "relation", ["person_key"], unique=False)
    op.create_index("ix_relation_version", "relation", ["natural_key", "known_at", "id"], unique=False)


def create_tax_signal() -> None:
    """Table tax_signal."""
    op.create_table(
        "tax_signal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("tax_grade", sa.String(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("insured", sa.Integer(), nullable=True),
        sa.Column("organ", sa.String(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_signal")),
    )
    op.create_index(op.f("ix_tax_signal_batch_id"), "tax_signal", ["batch_id"], unique=False)
    op.create_index(op.f("ix_tax_signal_enterprise_code"), "tax_signal", ["enterprise_code"], unique=False)
    op.create_index("ix_tax_signal_version", "tax_signal", ["natural_key", "known_at", "id"], unique=False)


TABLES = (
    create_address_negative,
    create_commitment,
    create_commitment_check,
    create_honour,
    create_judicial_signal,
    create_key_supervision,
    create_relation,
    create_tax_signal,
)

COLUMNS: dict[str, dict[str, Any]] = {
    "abnormal_listing": {
        "listing": sa.String(),
        "removal": sa.String(),
    },
    "check_item": {
        "ratio": sa.String(),
        "remark": sa.String(),
        "section": sa.String(),
        "active": sa.Boolean(),
    },
    "department": {
        "organ_code": sa.String(),
        "sign": sa.String(),
    },
    "enterprise": {
        "enttype_code": sa.String(),
        "parent_code": sa.String(),
    },
    "inspection_result": {
        "item_results": postgresql.JSONB(),
        "code_set": sa.String(),
        "plan_no": sa.String(),
        "task_no": sa.String(),
        "rectify_due": sa.Date(),
        "rectified_on": sa.Date(),
    },
    "inspector": {
        "level": sa.String(),
        "post": sa.String(),
        "qualifications": postgresql.ARRAY(sa.String()),
        "item_scope": postgresql.ARRAY(sa.String()),
        "areas": postgresql.ARRAY(sa.String()),
        "post_since": sa.Date(),
        "expert_fields": postgresql.ARRAY(sa.String()),
    },
    "inspector_certificate": {
        "system": sa.String(),
    },
    "library_entry": {
        "entkind": sa.String(),
        "licence_name": sa.String(),
        "approved_on": sa.Date(),
        "licence_organ": sa.String(),
        "professional": sa.Boolean(),
        "qualification": sa.String(),
        "expert": sa.Boolean(),
        "cluster": sa.String(),
        "regstate": sa.String(),
        "set_on": sa.Date(),
        "set_by": sa.String(),
    },
    "office": {
        "organ_code": sa.String(),
        "sign": sa.String(),
    },
    "penalty": {
        "sanctions": postgresql.ARRAY(sa.String()),
        "cf_nr_zkdx": sa.String(),
        "cf_yxq": sa.Date(),
        "counterpart": sa.String(),
        "cf_xdr_mc": sa.String(),
        "cf_xdr_zzjg": sa.String(),
        "cf_xdr_swdj": sa.String(),
        "cf_xdr_sydw": sa.String(),
        "cf_xdr_shzz": sa.String(),
        "cf_sjly": sa.String(),
        "cf_sjlydm": sa.String(),
        "bz": sa.String(),
        "layout": sa.String(),
        "cf_cfmc": sa.String(),
        "cf_syfw": sa.String(),
        "cf_sxyzcd": sa.String(),
        "dfbm": sa.String(),
        "old_state": sa.String(),
    },
    "permit": {
        "counterpart": sa.String(),
        "xk_xdr_mc": sa.String(),
        "xk_xdr_zzjg": sa.String(),
        "xk_xdr_swdj": sa.String(),
        "xk_xdr_sydw": sa.String(),
        "xk_xdr_shzz": sa.String(),
        "xk_lydw": sa.String(),
        "xk_lydwdm": sa.String(),
        "bz": sa.String(),
        "layout": sa.String(),
        "xk_xmmc": sa.String(),
        "dfbm": sa.String(),
        "old_state": sa.String(),
    },
    "serious_violation": {
        "redecorg": sa.String(),
    },
}

MAY_BE_NULL = (
    ("penalty", "cf_wfxw"),
    ("permit", "xk_xkws"),
    ("permit", "xk_yxqz"),
    ("permit", "xk_zt"),
)
