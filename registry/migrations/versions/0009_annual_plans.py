"""Annual plans, leads, exemptions from quiet days, the honest set by name, and deadlines of duties."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from registry.migrations.grants import grant_one_writer

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    create_annual_plans()
    create_exemptions()
    create_leads()
    freeze_the_honest_set()
    widen_plans()
    grant_one_writer(op.get_bind())


def downgrade() -> None:
    """Nothing that a person relied on is deleted: schemas go forward only."""
    raise NotImplementedError("forward only")


def widen_plans() -> None:
    """What a batch takes over from the annual plan, and by when a duty must be done."""
    op.add_column("plan", sa.Column("annual_plan_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_plan_annual_plan_id"), "plan", "annual_plan", ["annual_plan_id"], ["id"])
    op.add_column("task", sa.Column("conditions", postgresql.JSONB(), nullable=True))
    op.add_column("task", sa.Column("partners", postgresql.ARRAY(sa.String()), nullable=True))
    op.add_column("pool_exclusion", sa.Column("deadline", sa.Date(), nullable=True))


def create_annual_plans() -> None:
    """A year's plan and its tasks."""
    op.create_table(
        "annual_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("initiating_department", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("change_reason", sa.String(), nullable=True),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", sa.DateTime(), nullable=True),
        sa.Column("published_by", sa.String(), nullable=True),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("filed_by", sa.String(), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("filing_no", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annual_plan")),
        sa.UniqueConstraint("number", "version", name=op.f("uq_annual_plan_number_version")),
    )
    op.create_table(
        "annual_task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("annual_plan_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("partners", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("directed", sa.Boolean(), nullable=False),
        sa.Column("conditions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("library", sa.String(), nullable=False),
        sa.Column("item_codes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("class_rates", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("window_from", sa.Date(), nullable=False),
        sa.Column("window_to", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["annual_plan_id"], ["annual_plan.id"], name=op.f("fk_annual_task_annual_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annual_task")),
        sa.UniqueConstraint("annual_plan_id", "seq", name=op.f("uq_annual_task_annual_plan_id_seq")),
    )
    op.create_index(op.f("ix_annual_task_annual_plan_id"), "annual_task", ["annual_plan_id"], unique=False)


def create_exemptions() -> None:
    """Exemptions from quiet days as approved records."""
    op.create_table(
        "quiet_day_exemption",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("decision_note", sa.String(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.Column("revoke_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiet_day_exemption")),
        sa.UniqueConstraint("number", name=op.f("uq_quiet_day_exemption_number")),
    )


def create_leads() -> None:
    """Checks outside the draw, with their approval."""
    op.create_table(
        "lead",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_no", sa.String(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("item_codes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(), nullable=True),
        sa.Column("decision_note", sa.String(), nullable=True),
        sa.Column("visited_on", sa.Date(), nullable=True),
        sa.Column("result_no", sa.String(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("close_note", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
        sa.UniqueConstraint("number", name=op.f("uq_lead_number")),
    )
    op.create_index(op.f("ix_lead_enterprise_code"), "lead", ["enterprise_code"], unique=False)


def freeze_the_honest_set() -> None:
    """The honest set of a plan by name."""
    op.create_table(
        "honest_member",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("disturbed_before", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_honest_member_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "enterprise_code", name=op.f("pk_honest_member")),
    )
