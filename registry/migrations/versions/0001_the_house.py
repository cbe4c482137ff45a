"""The first tables: facts, judgements, plans, draws, visits, paper, people, journal and jobs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from registry.migrations.grants import create_roles, grant_one_writer

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    create_roles(op.get_bind())
    for create in TABLES:
        create()
    grant_one_writer(op.get_bind())


def downgrade() -> None:
    """Nothing that a person relied on is deleted: schemas go forward only."""
    raise NotImplementedError("forward only")


def create_abnormal_listing() -> None:
    """Table abnormal_listing."""
    op.create_table(
        "abnormal_listing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("specause", sa.String(), nullable=False),
        sa.Column("abntime", sa.Date(), nullable=False),
        sa.Column("decorg", sa.String(), nullable=False),
        sa.Column("decno", sa.String(), nullable=True),
        sa.Column("remexcpres", sa.String(), nullable=True),
        sa.Column("remdate", sa.Date(), nullable=True),
        sa.Column("redecorg", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abnormal_listing")),
    )
    op.create_index(op.f("ix_abnormal_listing_batch_id"), "abnormal_listing", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_abnormal_listing_enterprise_code"), "abnormal_listing", ["enterprise_code"], unique=False
    )
    op.create_index(
        "ix_abnormal_listing_version", "abnormal_listing", ["natural_key", "known_at", "id"], unique=False
    )


def create_account() -> None:
    """Table account."""
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("must_change_password", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
    )


def create_annual_report() -> None:
    """Table annual_report."""
    op.create_table(
        "annual_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("report_year", sa.Integer(), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=False),
        sa.Column("all_zero", sa.Boolean(), nullable=False),
        sa.Column("amended", sa.Integer(), nullable=False),
        sa.Column("empnum", sa.Integer(), nullable=True),
        sa.Column("insured", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annual_report")),
    )
    op.create_index(op.f("ix_annual_report_batch_id"), "annual_report", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_annual_report_enterprise_code"), "annual_report", ["enterprise_code"], unique=False
    )
    op.create_index(
        "ix_annual_report_version", "annual_report", ["natural_key", "known_at", "id"], unique=False
    )


def create_batch() -> None:
    """Table batch."""
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=True),
        sa.Column("source_office", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("held_reason", sa.String(), nullable=True),
        sa.Column("rows_read", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_valid", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_faulty", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_new", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_same", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_superseding", sa.Integer(), server_default="0", nullable=False),
        sa.Column("senders", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )


def create_check_item() -> None:
    """Table check_item."""
    op.create_table(
        "check_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("item_code", sa.String(), nullable=False),
        sa.Column("item_name", sa.String(), nullable=False),
        sa.Column("sub_item", sa.String(), nullable=True),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("object_scope", sa.String(), nullable=False),
        sa.Column("library", sa.String(), nullable=False),
        sa.Column("ratio_low", sa.Double(), nullable=True),
        sa.Column("ratio_high", sa.Double(), nullable=True),
        sa.Column("frequency", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("qualification", sa.String(), nullable=True),
        sa.Column("exempt_category", sa.String(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_item")),
    )
    op.create_index(op.f("ix_check_item_batch_id"), "check_item", ["batch_id"], unique=False)
    op.create_index("ix_check_item_version", "check_item", ["natural_key", "known_at", "id"], unique=False)


def create_complaint() -> None:
    """Table complaint."""
    op.create_table(
        "complaint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("complaint_no", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
    )
    op.create_index(op.f("ix_complaint_batch_id"), "complaint", ["batch_id"], unique=False)
    op.create_index(op.f("ix_complaint_enterprise_code"), "complaint", ["enterprise_code"], unique=False)
    op.create_index("ix_complaint_version", "complaint", ["natural_key", "known_at", "id"], unique=False)


def create_department() -> None:
    """Table department."""
    op.create_table(
        "department",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=False),
        sa.Column("initiates", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
    )
    op.create_index(op.f("ix_department_batch_id"), "department", ["batch_id"], unique=False)
    op.create_index("ix_department_version", "department", ["natural_key", "known_at", "id"], unique=False)


def create_enterprise() -> None:
    """Table enterprise."""
    op.create_table(
        "enterprise",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("uniscid", sa.String(), nullable=True),
        sa.Column("regno", sa.String(), nullable=True),
        sa.Column("entname", sa.String(), nullable=False),
        sa.Column("entname_sort", sa.String(), nullable=False),
        sa.Column("enttype", sa.String(), nullable=False),
        sa.Column("entkind", sa.String(), nullable=False),
        sa.Column("is_branch", sa.Boolean(), nullable=False),
        sa.Column("regcap", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("reccap", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("estdate", sa.Date(), nullable=True),
        sa.Column("opfrom", sa.Date(), nullable=True),
        sa.Column("opto", sa.Date(), nullable=True),
        sa.Column("regorg", sa.String(), nullable=False),
        sa.Column("localadm", sa.String(), nullable=False),
        sa.Column("regstate", sa.String(), nullable=False),
        sa.Column("dom", sa.String(), nullable=False),
        sa.Column("domdistrict", sa.String(), nullable=False),
        sa.Column("opscope", sa.String(), nullable=False),
        sa.Column("industryphy", sa.String(), nullable=False),
        sa.Column("industryco", sa.String(), nullable=False),
        sa.Column("empnum", sa.Integer(), nullable=True),
        sa.Column("scaled", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("park", sa.String(), nullable=True),
        sa.Column("lerep", sa.String(), nullable=True),
        sa.Column("tel_hash", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise")),
    )
    op.create_index(op.f("ix_enterprise_batch_id"), "enterprise", ["batch_id"], unique=False)
    op.create_index(op.f("ix_enterprise_enterprise_code"), "enterprise", ["enterprise_code"], unique=False)
    op.create_index("ix_enterprise_version", "enterprise", ["natural_key", "known_at", "id"], unique=False)


def create_enterprise_alias() -> None:
    """Table enterprise_alias."""
    op.create_table(
        "enterprise_alias",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enterprise_alias")),
        sa.UniqueConstraint(
            "kind", "alias", "enterprise_code", name=op.f("uq_enterprise_alias_kind_alias_enterprise_code")
        ),
    )
    op.create_index(op.f("ix_enterprise_alias_alias"), "enterprise_alias", ["alias"], unique=False)
    op.create_index(
        op.f("ix_enterprise_alias_enterprise_code"), "enterprise_alias", ["enterprise_code"], unique=False
    )


def create_feature_snapshot() -> None:
    """Table feature_snapshot."""
    op.create_table(
        "feature_snapshot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("feature_names", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("data_hash", sa.String(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature_snapshot")),
    )
    op.create_index(op.f("ix_feature_snapshot_as_of"), "feature_snapshot", ["as_of"], unique=False)


def create_filing() -> None:
    """Table filing."""
    op.create_table(
        "filing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("altitem", sa.String(), nullable=False),
        sa.Column("altdate", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("altbe", sa.String(), nullable=True),
        sa.Column("altaf", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filing")),
    )
    op.create_index(op.f("ix_filing_batch_id"), "filing", ["batch_id"], unique=False)
    op.create_index(op.f("ix_filing_enterprise_code"), "filing", ["enterprise_code"], unique=False)
    op.create_index("ix_filing_version", "filing", ["natural_key", "known_at", "id"], unique=False)


def create_inspection_result() -> None:
    """Table inspection_result."""
    op.create_table(
        "inspection_result",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("insp_no", sa.String(), nullable=False),
        sa.Column("inspdate", sa.Date(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("localadm", sa.String(), nullable=True),
        sa.Column("draw_type", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("item_codes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("result_code", sa.String(), nullable=False),
        sa.Column("raw_result", sa.String(), nullable=False),
        sa.Column("problem", sa.Boolean(), nullable=True),
        sa.Column("measure", sa.Double(), nullable=True),
        sa.Column("inspectors", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_result")),
    )
    op.create_index(op.f("ix_inspection_result_batch_id"), "inspection_result", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_inspection_result_enterprise_code"), "inspection_result", ["enterprise_code"], unique=False
    )
    op.create_index(
        "ix_inspection_result_version", "inspection_result", ["natural_key", "known_at", "id"], unique=False
    )


def create_inspector() -> None:
    """Table inspector."""
    op.create_table(
        "inspector",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("staff_no", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("specialities", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("expert", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspector")),
    )
    op.create_index(op.f("ix_inspector_batch_id"), "inspector", ["batch_id"], unique=False)
    op.create_index("ix_inspector_version", "inspector", ["natural_key", "known_at", "id"], unique=False)


def create_inspector_certificate() -> None:
    """Table inspector_certificate."""
    op.create_table(
        "inspector_certificate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("staff_no", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("certificate_no", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspector_certificate")),
    )
    op.create_index(
        op.f("ix_inspector_certificate_batch_id"), "inspector_certificate", ["batch_id"], unique=False
    )
    op.create_index(
        op.f("ix_inspector_certificate_staff_no"), "inspector_certificate", ["staff_no"], unique=False
    )
    op.create_index(
        "ix_inspector_certificate_version",
        "inspector_certificate",
        ["natural_key", "known_at", "id"],
        unique=False,
    )


def create_inspector_conflict() -> None:
    """Table inspector_conflict."""
    op.create_table(
        "inspector_conflict",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("staff_no", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspector_conflict")),
    )
    op.create_index(op.f("ix_inspector_conflict_batch_id"), "inspector_conflict", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_inspector_conflict_enterprise_code"), "inspector_conflict", ["enterprise_code"], unique=False
    )
    op.create_index(op.f("ix_inspector_conflict_staff_no"), "inspector_conflict", ["staff_no"], unique=False)
    op.create_index(
        "ix_inspector_conflict_version", "inspector_conflict", ["natural_key", "known_at", "id"], unique=False
    )


def create_inspector_leave() -> None:
    """Table inspector_leave."""
    op.create_table(
        "inspector_leave",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("staff_no", sa.String(), nullable=False),
        sa.Column("leave_from", sa.Date(), nullable=False),
        sa.Column("leave_to", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspector_leave")),
    )
    op.create_index(op.f("ix_inspector_leave_batch_id"), "inspector_leave", ["batch_id"], unique=False)
    op.create_index(op.f("ix_inspector_leave_staff_no"), "inspector_leave", ["staff_no"], unique=False)
    op.create_index(
        "ix_inspector_leave_version", "inspector_leave", ["natural_key", "known_at", "id"], unique=False
    )


def create_job() -> None:
    """Table job."""
    op.create_table(
        "job",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("cron", sa.String(), nullable=True),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job")),
    )


def create_job_run() -> None:
    """Table job_run."""
    op.create_table(
        "job_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("scheduled_at", sa.DateTime(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("progress", sa.Double(), server_default="0", nullable=False),
        sa.Column("stage", sa.String(), server_default="", nullable=False),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
        sa.UniqueConstraint("job", "scheduled_at", name=op.f("uq_job_run_job_scheduled_at")),
    )


def create_journal() -> None:
    """Table journal."""
    op.create_table(
        "journal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal")),
    )


def create_library_entry() -> None:
    """Table library_entry."""
    op.create_table(
        "library_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("library", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=True),
        sa.Column("entname", sa.String(), nullable=False),
        sa.Column("licence_no", sa.String(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("regorg", sa.String(), nullable=False),
        sa.Column("localadm", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library_entry")),
    )
    op.create_index(op.f("ix_library_entry_batch_id"), "library_entry", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_library_entry_enterprise_code"), "library_entry", ["enterprise_code"], unique=False
    )
    op.create_index(
        "ix_library_entry_version", "library_entry", ["natural_key", "known_at", "id"], unique=False
    )


def create_model_run() -> None:
    """Table model_run."""
    op.create_table(
        "model_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("data_hash", sa.String(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("model_file", sa.LargeBinary(), nullable=False),
        sa.Column("model_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_run")),
    )


def create_number_sequence() -> None:
    """Table number_sequence."""
    op.create_table(
        "number_sequence",
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("office", "kind", "year", name=op.f("pk_number_sequence")),
    )


def create_office() -> None:
    """Table office."""
    op.create_table(
        "office",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("office_name", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("division", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office")),
    )
    op.create_index(op.f("ix_office_batch_id"), "office", ["batch_id"], unique=False)
    op.create_index("ix_office_version", "office", ["natural_key", "known_at", "id"], unique=False)


def create_penalty() -> None:
    """Table penalty."""
    op.create_table(
        "penalty",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("cf_wsh", sa.String(), nullable=False),
        sa.Column("cf_wfxw", sa.String(), nullable=False),
        sa.Column("violation_code", sa.String(), nullable=True),
        sa.Column("cf_sy", sa.String(), nullable=False),
        sa.Column("cf_yj", sa.String(), nullable=False),
        sa.Column("cf_cflb", sa.String(), nullable=False),
        sa.Column("cf_nr", sa.String(), nullable=False),
        sa.Column("cf_nr_fk", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("cf_nr_wfff", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("cf_jdrq", sa.Date(), nullable=False),
        sa.Column("cf_gsjzq", sa.Date(), nullable=True),
        sa.Column("cf_cfjg", sa.String(), nullable=False),
        sa.Column("cf_cfjgdm", sa.String(), nullable=True),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("repaired_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_penalty")),
    )
    op.create_index(op.f("ix_penalty_batch_id"), "penalty", ["batch_id"], unique=False)
    op.create_index(op.f("ix_penalty_enterprise_code"), "penalty", ["enterprise_code"], unique=False)
    op.create_index("ix_penalty_version", "penalty", ["natural_key", "known_at", "id"], unique=False)


def create_permit() -> None:
    """Table permit."""
    op.create_table(
        "permit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("xk_wsh", sa.String(), nullable=False),
        sa.Column("xk_xkws", sa.String(), nullable=False),
        sa.Column("xk_xklb", sa.String(), nullable=False),
        sa.Column("xk_xkzs", sa.String(), nullable=True),
        sa.Column("xk_xkbh", sa.String(), nullable=True),
        sa.Column("xk_nr", sa.String(), nullable=False),
        sa.Column("xk_jdrq", sa.Date(), nullable=False),
        sa.Column("xk_yxqz", sa.Date(), nullable=False),
        sa.Column("xk_yxqzi", sa.Date(), nullable=True),
        sa.Column("xk_xkjg", sa.String(), nullable=False),
        sa.Column("xk_xkjgdm", sa.String(), nullable=True),
        sa.Column("xk_zt", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permit")),
    )
    op.create_index(op.f("ix_permit_batch_id"), "permit", ["batch_id"], unique=False)
    op.create_index(op.f("ix_permit_enterprise_code"), "permit", ["enterprise_code"], unique=False)
    op.create_index("ix_permit_version", "permit", ["natural_key", "known_at", "id"], unique=False)


def create_plan() -> None:
    """Table plan."""
    op.create_table(
        "plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("window_from", sa.Date(), nullable=False),
        sa.Column("window_to", sa.Date(), nullable=False),
        sa.Column("initiating_department", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("honest_set_size", sa.Integer(), nullable=True),
        sa.Column("honest_disturbed", sa.Integer(), nullable=True),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("allocation", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("number", "version", name=op.f("uq_plan_number_version")),
    )


def create_premises() -> None:
    """Table premises."""
    op.create_table(
        "premises",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("premises_no", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("domdistrict", sa.String(), nullable=False),
        sa.Column("localadm", sa.String(), nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_premises")),
    )
    op.create_index(op.f("ix_premises_batch_id"), "premises", ["batch_id"], unique=False)
    op.create_index(op.f("ix_premises_enterprise_code"), "premises", ["enterprise_code"], unique=False)
    op.create_index("ix_premises_version", "premises", ["natural_key", "known_at", "id"], unique=False)


def create_quiet_day_rule() -> None:
    """Table quiet_day_rule."""
    op.create_table(
        "quiet_day_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("scope_value", sa.String(), nullable=False),
        sa.Column("month_days", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("date_from", sa.Date(), nullable=True),
        sa.Column("date_to", sa.Date(), nullable=True),
        sa.Column("exempt", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiet_day_rule")),
    )
    op.create_index(op.f("ix_quiet_day_rule_batch_id"), "quiet_day_rule", ["batch_id"], unique=False)
    op.create_index(
        "ix_quiet_day_rule_version", "quiet_day_rule", ["natural_key", "known_at", "id"], unique=False
    )


def create_serious_violation() -> None:
    """Table serious_violation."""
    op.create_table(
        "serious_violation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("serillrea", sa.String(), nullable=False),
        sa.Column("abntime", sa.Date(), nullable=False),
        sa.Column("decorg", sa.String(), nullable=False),
        sa.Column("decno", sa.String(), nullable=True),
        sa.Column("remexcpres", sa.String(), nullable=True),
        sa.Column("remdate", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_serious_violation")),
    )
    op.create_index(op.f("ix_serious_violation_batch_id"), "serious_violation", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_serious_violation_enterprise_code"), "serious_violation", ["enterprise_code"], unique=False
    )
    op.create_index(
        "ix_serious_violation_version", "serious_violation", ["natural_key", "known_at", "id"], unique=False
    )


def create_waiver_case() -> None:
    """Table waiver_case."""
    op.create_table(
        "waiver_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("item_code", sa.String(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("goods_value", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("illegal_gain", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("duration_days", sa.Integer(), nullable=True),
        sa.Column("corrected_on", sa.Date(), nullable=True),
        sa.Column("order_deadline", sa.Date(), nullable=True),
        sa.Column("harm", sa.Boolean(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("entered_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_case")),
    )
    op.create_index(op.f("ix_waiver_case_enterprise_code"), "waiver_case", ["enterprise_code"], unique=False)


def create_warning() -> None:
    """Table warning."""
    op.create_table(
        "warning",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("way_out", sa.String(), nullable=False),
        sa.Column("source_table", sa.String(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warning")),
        sa.UniqueConstraint(
            "as_of",
            "enterprise_code",
            "kind",
            "source_table",
            "source_id",
            name="uq_warning_source",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_warning_enterprise_code"), "warning", ["enterprise_code"], unique=False)


def create_draw() -> None:
    """Table draw."""
    op.create_table(
        "draw",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("key_hex", sa.String(), nullable=True),
        sa.Column("class_secret", sa.Boolean(), nullable=False),
        sa.Column("pool_hash", sa.String(), nullable=False),
        sa.Column("counts_hash", sa.String(), nullable=True),
        sa.Column("key_hash", sa.String(), nullable=True),
        sa.Column("commitment", sa.String(), nullable=False),
        sa.Column("committed_file", sa.LargeBinary(), nullable=True),
        sa.Column("ceremony", sa.String(), nullable=False),
        sa.Column("committed_at", sa.DateTime(), nullable=False),
        sa.Column("seed_text", sa.String(), nullable=True),
        sa.Column("seed_source", sa.String(), nullable=True),
        sa.Column("seeded_at", sa.DateTime(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(), nullable=True),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("result_hash", sa.String(), nullable=True),
        sa.Column("redraw_reason", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("second_approver", sa.String(), nullable=True),
        sa.Column("bundle", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_draw_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw")),
        sa.UniqueConstraint("plan_id", "kind", "version", name=op.f("uq_draw_plan_id_kind_version")),
    )
    op.create_index(op.f("ix_draw_plan_id"), "draw", ["plan_id"], unique=False)


def create_feature_row() -> None:
    """Table feature_row."""
    op.create_table(
        "feature_row",
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("feature_values", postgresql.ARRAY(postgresql.DOUBLE_PRECISION()), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["feature_snapshot.id"], name=op.f("fk_feature_row_snapshot_id")
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "enterprise_code", name=op.f("pk_feature_row")),
    )


def create_grade() -> None:
    """Table grade."""
    op.create_table(
        "grade",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("model_run_id", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("probability_low", sa.Double(), nullable=False),
        sa.Column("probability_high", sa.Double(), nullable=False),
        sa.Column("model_class", sa.String(), nullable=False),
        sa.Column("credit_risk_class", sa.String(), nullable=False),
        sa.Column("previous_class", sa.String(), nullable=True),
        sa.Column("deciding_layer", sa.String(), nullable=False),
        sa.Column("rule_code", sa.String(), nullable=True),
        sa.Column("no_history", sa.Boolean(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["model_run_id"], ["model_run.id"], name=op.f("fk_grade_model_run_id")),
        sa.ForeignKeyConstraint(["snapshot_id"], ["feature_snapshot.id"], name=op.f("fk_grade_snapshot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade")),
    )
    op.create_index(op.f("ix_grade_as_of"), "grade", ["as_of"], unique=False)
    op.create_index("ix_grade_enterprise_as_of", "grade", ["enterprise_code", "as_of"], unique=False)


def create_row_fault() -> None:
    """Table row_fault."""
    op.create_table(
        "row_fault",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_row_fault_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_row_fault")),
    )
    op.create_index(op.f("ix_row_fault_batch_id"), "row_fault", ["batch_id"], unique=False)


def create_session() -> None:
    """Table session."""
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("csrf_token", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_account_id"), "session", ["account_id"], unique=False)


def create_task() -> None:
    """Table task."""
    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("short", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.Column("directed", sa.Boolean(), nullable=False),
        sa.Column("item_codes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("library", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("qualification", sa.String(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("window_from", sa.Date(), nullable=False),
        sa.Column("window_to", sa.Date(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("class_rates", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rate_floor", sa.Double(), nullable=True),
        sa.Column("rate_cap", sa.Double(), nullable=True),
        sa.Column("object_total", sa.Integer(), nullable=False),
        sa.Column("target_total", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_task_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.create_index(op.f("ix_task_plan_id"), "task", ["plan_id"], unique=False)


def create_waiver_proposal() -> None:
    """Table waiver_proposal."""
    op.create_table(
        "waiver_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("item_code", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("missing", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("documents", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["waiver_case.id"], name=op.f("fk_waiver_proposal_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_proposal")),
    )
    op.create_index(op.f("ix_waiver_proposal_case_id"), "waiver_proposal", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_waiver_proposal_enterprise_code"), "waiver_proposal", ["enterprise_code"], unique=False
    )


def create_drawn_object() -> None:
    """Table drawn_object."""
    op.create_table(
        "drawn_object",
        sa.Column("draw_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("inclusion", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_drawn_object_draw_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_drawn_object_task_id")),
        sa.PrimaryKeyConstraint("draw_id", "task_id", "object_id", name=op.f("pk_drawn_object")),
    )


def create_grade_reason() -> None:
    """Table grade_reason."""
    op.create_table(
        "grade_reason",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grade_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("contribution", sa.Double(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["grade_id"], ["grade.id"], name=op.f("fk_grade_reason_grade_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_reason")),
    )
    op.create_index(op.f("ix_grade_reason_grade_id"), "grade_reason", ["grade_id"], unique=False)


def create_pool_exclusion() -> None:
    """Table pool_exclusion."""
    op.create_table(
        "pool_exclusion",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_pool_exclusion_plan_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_pool_exclusion_task_id")),
        sa.PrimaryKeyConstraint("plan_id", "task_id", "object_id", name=op.f("pk_pool_exclusion")),
    )


def create_pool_object() -> None:
    """Table pool_object."""
    op.create_table(
        "pool_object",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("premises_no", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("honest", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_pool_object_plan_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_pool_object_task_id")),
        sa.PrimaryKeyConstraint("plan_id", "task_id", "object_id", name=op.f("pk_pool_object")),
    )


def create_roster_version() -> None:
    """Table roster_version."""
    op.create_table(
        "roster_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("draw_id", sa.BigInteger(), nullable=False),
        sa.Column("team_draw_id", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("roster", sa.String(), nullable=False),
        sa.Column("statistics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("violations", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unplaced", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_roster_version_draw_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_roster_version_plan_id")),
        sa.ForeignKeyConstraint(["team_draw_id"], ["draw.id"], name=op.f("fk_roster_version_team_draw_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_version")),
        sa.UniqueConstraint("plan_id", "version", name=op.f("uq_roster_version_plan_id_version")),
    )
    op.create_index(op.f("ix_roster_version_plan_id"), "roster_version", ["plan_id"], unique=False)


def create_stratum_count() -> None:
    """Table stratum_count."""
    op.create_table(
        "stratum_count",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_stratum_count_plan_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_stratum_count_task_id")),
        sa.PrimaryKeyConstraint("plan_id", "task_id", "stratum", name=op.f("pk_stratum_count")),
    )


def create_waiver_decision() -> None:
    """Table waiver_decision."""
    op.create_table(
        "waiver_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("proposal_id", sa.BigInteger(), nullable=False),
        sa.Column("waived", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["waiver_proposal.id"], name=op.f("fk_waiver_decision_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_decision")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_waiver_decision_proposal_id")),
    )


def create_visit() -> None:
    """Table visit."""
    op.create_table(
        "visit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("roster_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_no", sa.String(), nullable=False),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("premises_no", sa.Integer(), nullable=False),
        sa.Column("visit_date", sa.Date(), nullable=False),
        sa.Column("half", sa.String(), nullable=False),
        sa.Column("lead_department", sa.String(), nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("localadm", sa.String(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["roster_id"], ["roster_version.id"], name=op.f("fk_visit_roster_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("roster_id", "visit_no", name=op.f("uq_visit_roster_id_visit_no")),
    )
    op.create_index(op.f("ix_visit_enterprise_code"), "visit", ["enterprise_code"], unique=False)
    op.create_index(op.f("ix_visit_roster_id"), "visit", ["roster_id"], unique=False)
    op.create_index(op.f("ix_visit_visit_date"), "visit", ["visit_date"], unique=False)


def create_notice() -> None:
    """Table notice."""
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("door_code", sa.String(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("supersedes", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["supersedes"], ["notice.id"], name=op.f("fk_notice_supersedes")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_notice_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("door_code", name=op.f("uq_notice_door_code")),
        sa.UniqueConstraint("number", name=op.f("uq_notice_number")),
        sa.UniqueConstraint("visit_id", "kind", name=op.f("uq_notice_visit_id_kind")),
    )
    op.create_index(op.f("ix_notice_enterprise_code"), "notice", ["enterprise_code"], unique=False)
    op.create_index(op.f("ix_notice_visit_id"), "notice", ["visit_id"], unique=False)


def create_result_submission() -> None:
    """Table result_submission."""
    op.create_table(
        "result_submission",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("receipt_no", sa.String(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_no", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("item_results", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(), nullable=False),
        sa.Column("reviewed_by", sa.String(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_result_submission_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_submission")),
        sa.UniqueConstraint("device_id", name=op.f("uq_result_submission_device_id")),
        sa.UniqueConstraint("receipt_no", name=op.f("uq_result_submission_receipt_no")),
    )
    op.create_index(op.f("ix_result_submission_visit_id"), "result_submission", ["visit_id"], unique=False)


def create_visit_member() -> None:
    """Table visit_member."""
    op.create_table(
        "visit_member",
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_no", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("seat_group", sa.String(), nullable=False),
        sa.Column("qualification", sa.String(), nullable=True),
        sa.Column("lead", sa.Boolean(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("replaced", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_member_visit_id")),
        sa.PrimaryKeyConstraint("visit_id", "staff_no", name=op.f("pk_visit_member")),
    )
    op.create_index(op.f("ix_visit_member_staff_no"), "visit_member", ["staff_no"], unique=False)


def create_visit_task() -> None:
    """Table visit_task."""
    op.create_table(
        "visit_task",
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("item_codes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_visit_task_task_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_task_visit_id")),
        sa.PrimaryKeyConstraint("visit_id", "task_id", name=op.f("pk_visit_task")),
    )


TABLES = (
    create_abnormal_listing,
    create_account,
    create_annual_report,
    create_batch,
    create_check_item,
    create_complaint,
    create_department,
    create_enterprise,
    create_enterprise_alias,
    create_feature_snapshot,
    create_filing,
    create_inspection_result,
    create_inspector,
    create_inspector_certificate,
    create_inspector_conflict,
    create_inspector_leave,
    create_job,
    create_job_run,
    create_journal,
    create_library_entry,
    create_model_run,
    create_number_sequence,
    create_office,
    create_penalty,
    create_permit,
    create_plan,
    create_premises,
    create_quiet_day_rule,
    create_serious_violation,
    create_waiver_case,
    create_warning,
    create_draw,
    create_feature_row,
    create_grade,
    create_row_fault,
    create_session,
    create_task,
    create_waiver_proposal,
    create_drawn_object,
    create_grade_reason,
    create_pool_exclusion,
    create_pool_object,
    create_roster_version,
    create_stratum_count,
    create_waiver_decision,
    create_visit,
    create_notice,
    create_result_submission,
    create_visit_member,
    create_visit_task,
)
