"""Thresholds passed by the quality of data, rows that repeat another, and the office of a faulty row."""

import sqlalchemy as sa
from alembic import op

from registry.migrations.grants import grant_one_writer

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("row_fault", sa.Column("sender", sa.String(), nullable=True))
    create_quality_alert()
    create_row_repeat()
    grant_one_writer(op.get_bind())


def downgrade() -> None:
    """Nothing that a person relied on is deleted: schemas go forward only."""
    raise NotImplementedError("forward only")


def create_quality_alert() -> None:
    """Table quality_alert."""
    op.create_table(
        "quality_alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_alert")),
        sa.UniqueConstraint(
            "month",
            "dataset",
            "office",
            "measure",
            name=op.f("uq_quality_alert_month_dataset_office_measure"),
        ),
    )


def create_row_repeat() -> None:
    """Table row_repeat."""
    op.create_table(
        "row_repeat",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("first_batch_id", sa.BigInteger(), nullable=False),
        sa.Column("first_row_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_row_repeat_batch_id_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_row_repeat")),
    )
    op.create_index(op.f("ix_row_repeat_batch_id"), "row_repeat", ["batch_id"], unique=False)
