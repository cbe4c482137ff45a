"""What inspectors declare of themselves: relatives, as keyed hashes, and former employers (利害关系申报)."""

import sqlalchemy as sa
from alembic import op

from registry.migrations.grants import grant_one_writer

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    create_inspector_relative()
    create_inspector_employment()
    grant_one_writer(op.get_bind())


def downgrade() -> None:
    """Nothing that a person relied on is deleted: schemas go forward only."""
    raise NotImplementedError("forward only")


def create_inspector_relative() -> None:
    """Table inspector_relative."""
    op.create_table(
        "inspector_relative",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("staff_no", sa.String(), nullable=False),
        sa.Column("kinship", sa.String(), nullable=False),
        sa.Column("person_key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspector_relative")),
    )
    op.create_index(op.f("ix_inspector_relative_batch_id"), "inspector_relative", ["batch_id"], unique=False)
    op.create_index(
        op.f("ix_inspector_relative_person_key"), "inspector_relative", ["person_key"], unique=False
    )
    op.create_index(op.f("ix_inspector_relative_staff_no"), "inspector_relative", ["staff_no"], unique=False)
    op.create_index(
        "ix_inspector_relative_version", "inspector_relative", ["natural_key", "known_at", "id"], unique=False
    )


def create_inspector_employment() -> None:
    """Table inspector_employment."""
    op.create_table(
        "inspector_employment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("known_at", sa.DateTime(), nullable=False),
        sa.Column("retracted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("enterprise_code", sa.String(), nullable=False),
        sa.Column("staff_no", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("date_from", sa.Date(), nullable=True),
        sa.Column("date_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspector_employment")),
    )
    op.create_index(
        op.f("ix_inspector_employment_batch_id"), "inspector_employment", ["batch_id"], unique=False
    )
    op.create_index(
        op.f("ix_inspector_employment_enterprise_code"),
        "inspector_employment",
        ["enterprise_code"],
        unique=False,
    )
    op.create_index(
        op.f("ix_inspector_employment_staff_no"), "inspector_employment", ["staff_no"], unique=False
    )
    op.create_index(
        "ix_inspector_employment_version",
        "inspector_employment",
        ["natural_key", "known_at", "id"],
        unique=False,
    )
