"""Monitoring of gradings and their release; what was graded before there was a gate counts as released."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from registry.migrations.grants import grant_one_writer

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

EARLIER = """
INSERT INTO snapshot_release (snapshot_id, how, reason, released_at)
SELECT s.id, 'earlier', '启用放行之前的分类结果', s.made_at FROM feature_snapshot s
WHERE EXISTS (SELECT 1 FROM grade g WHERE g.snapshot_id = s.id)
"""


def upgrade() -> None:
    """Apply."""
    create_monitor_report()
    create_release_proposal()
    create_snapshot_release()
    op.execute(EARLIER)
    grant_one_writer(op.get_bind())


def downgrade() -> None:
    """Nothing that a person relied on is deleted: schemas go forward only."""
    raise NotImplementedError("forward only")


def create_monitor_report() -> None:
    """Table monitor_report."""
    op.create_table(
        "monitor_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("model_run_id", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("blocks", sa.Boolean(), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitor_report")),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["feature_snapshot.id"], name=op.f("fk_monitor_report_snapshot_id")
        ),
        sa.ForeignKeyConstraint(
            ["model_run_id"], ["model_run.id"], name=op.f("fk_monitor_report_model_run_id")
        ),
    )
    op.create_index(op.f("ix_monitor_report_snapshot_id"), "monitor_report", ["snapshot_id"], unique=False)
    op.create_index(op.f("ix_monitor_report_as_of"), "monitor_report", ["as_of"], unique=False)


def create_release_proposal() -> None:
    """Table release_proposal."""
    op.create_table(
        "release_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_proposal")),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["feature_snapshot.id"], name=op.f("fk_release_proposal_snapshot_id")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["monitor_report.id"], name=op.f("fk_release_proposal_report_id")
        ),
    )
    op.create_index(
        op.f("ix_release_proposal_snapshot_id"), "release_proposal", ["snapshot_id"], unique=False
    )


def create_snapshot_release() -> None:
    """Table snapshot_release."""
    op.create_table(
        "snapshot_release",
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("released_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", name=op.f("pk_snapshot_release")),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["feature_snapshot.id"], name=op.f("fk_snapshot_release_snapshot_id")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["monitor_report.id"], name=op.f("fk_snapshot_release_report_id")
        ),
    )
